"""Keys held in memory: of libraries that were opened by a passphrase since the program started.

They belong to the process, not to an open library: every act opens the library for itself, in
whatever thread it runs, and is not to ask again. They are known by the key file, not by a folder,
so that keys of an earlier generation open nothing, and a library that was moved stays open.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from facedyn_app.errors import InputError
from facedyn_app.library.protection.key_file import KEYRING, PASSPHRASE, KeyFile, read_key_file
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.protection.system_keyring import key_in_keyring
from facedyn_app.library.protection.turning import orthogonal_matrix
from facedyn_app.passphrase import asked_passphrase

GIVE_IT: Final = "Give its passphrase (to a command: '--passphrase-file FILE')."
LIBRARY, BACKUP = "library", "backup"
"""What keys open, as sentences call it."""


class LockedError(InputError):
    """A protected library whose passphrase has not been given.

    Attributes:
        folder: The library, or its backup; None where it is a file that is carried.
    """

    def __init__(self, sentence: str, hint: str = "", folder: Path | None = None) -> None:
        super().__init__(sentence, hint)
        self.folder = folder


class WrongPassphraseError(LockedError):
    """What was given does not open the library, or its backup."""


class _Held:
    """What is held; one for the process, since a passphrase is given to a program."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.keys: dict[tuple[str, int], LibraryKeys] = {}
        self.locked: set[str] = set()


_HELD: Final = _Held()


def keys_of(path: Path, key_file: KeyFile, what: str = LIBRARY) -> LibraryKeys:
    """The keys of a library or of its backup: held, from the keyring, or by what is given if asked.

    Args:
        path: The library's folder, or the backup.
        key_file: What opens it.
        what: Which of the two it is.

    Raises:
        WrongPassphraseError: It was the wrong one.
        LockedError: Nobody can be asked.
    """
    held = held_keys(key_file)
    if held is not None:
        return held
    if key_file.id in _HELD.locked and PASSPHRASE in key_file.slots:  # by somebody who was there
        raise locked(path, what)
    stored = key_in_keyring(key_file) if KEYRING in key_file.slots else None
    keys = key_file.opened_with(stored) if stored is not None else None
    if keys is None:
        given = asked_passphrase(path)
        if given is None:
            raise locked(path, what)
        keys = _opened(path, key_file, given, what)
    hold(key_file, keys)
    return keys


def unlock(folder: Path, given: str) -> LibraryKeys | None:
    """Open a library by a passphrase or recovery key; its keys, None where it is not protected.

    Raises:
        InputError: Its key file is damaged.
        WrongPassphraseError: It is the wrong one.
    """
    key_file = read_key_file(folder)
    if key_file is None:
        return None
    return hold_opened(folder, key_file, given)


def hold_opened(path: Path, key_file: KeyFile, given: str, what: str = LIBRARY) -> LibraryKeys:
    """As `unlock`, by a key file that was read already from the library or backup of a path."""
    keys = _opened(path, key_file, given, what)
    hold(key_file, keys)
    return keys


def _opened(path: Path, key_file: KeyFile, given: str, what: str) -> LibraryKeys:
    keys = key_file.opened_by(given)
    if keys is None:
        protected = "it" if what == LIBRARY else "its library"
        raise WrongPassphraseError(
            f"This does not open the {what} '{path}'.",
            f"Give its passphrase, or the recovery key that was shown when {protected} was "
            "protected.",
            path,
        )
    return keys


def locked(path: Path, what: str = LIBRARY) -> LockedError:
    """What says that a library or a backup is locked, and how it is opened."""
    return LockedError(f"The {what} '{path}' is locked.", GIVE_IT, path)


def held_keys(key_file: KeyFile) -> LibraryKeys | None:
    """The keys of a library, where they are held."""
    with _HELD.lock:
        return _HELD.keys.get((key_file.id, key_file.generation))


def hold(key_file: KeyFile, keys: LibraryKeys) -> None:
    """Hold the keys of a library until it is locked, or the program ends."""
    with _HELD.lock:
        _HELD.keys[key_file.id, key_file.generation] = keys
        _HELD.locked.discard(key_file.id)


def lock_library(folder: Path) -> bool:
    """Forget the keys of a library; whether any were held.

    Where it has a passphrase, neither the keyring nor whoever is asked opens it any more in this
    program, only `unlock`.

    Raises:
        InputError: Its key file is damaged.
    """
    key_file = read_key_file(folder)
    orthogonal_matrix.cache_clear()
    with _HELD.lock:
        mine = [one for one in _HELD.keys if key_file is not None and one[0] == key_file.id]
        for one in mine:
            del _HELD.keys[one]
            _HELD.locked.add(one[0])
        return bool(mine)


def lock_all() -> None:
    """Forget all keys, as a program that has just begun."""
    orthogonal_matrix.cache_clear()
    with _HELD.lock:
        _HELD.keys.clear()
        _HELD.locked.clear()
