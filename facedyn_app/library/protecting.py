"""Protection of a library: put on, taken off, its passphrase and keys renewed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.open_library import WAIT_SECONDS
from facedyn_app.library.protection.drivers import usual_database
from facedyn_app.library.protection.held import WrongPassphraseError, hold, keys_of, lock_library
from facedyn_app.library.protection.key_file import (
    DATABASES,
    KEYRING,
    PASSPHRASE,
    RECOVERY,
    Cost,
    KeyFile,
    check_new_passphrase,
    new_key_file,
    new_recovery_key,
    read_key_file,
)
from facedyn_app.library.protection.keys import KEY_BYTES, LibraryKeys
from facedyn_app.library.protection.new_keys import keys_alone
from facedyn_app.library.protection.system_keyring import put_into_keyring, take_out_of_keyring
from facedyn_app.library.rewriting import give_keys
from facedyn_app.progress import OnProgress, ignore


@dataclass(frozen=True, slots=True)
class Protection:
    """How a library is protected.

    Attributes:
        protected: Whether it is.
        database: How its database is kept; empty where it is not protected.
        opens: What opens it: "passphrase", "recovery", "keyring".
        generation: Of its keys; 0 where it is not protected.
    """

    protected: bool
    database: str = ""
    opens: tuple[str, ...] = ()
    generation: int = 0


def protection_of(folder: Path) -> Protection:
    """How a library is protected; no passphrase is needed.

    Raises:
        InputError: What says so is damaged.
    """
    key_file = read_key_file(folder)
    if key_file is None:
        return Protection(False)
    return Protection(True, key_file.database, tuple(key_file.slots), key_file.generation)


def already_protected(folder: Path) -> InputError:
    """What to raise where a library is to be protected that is so already."""
    return InputError(
        f"The library '{folder}' is protected already.",
        "Its passphrase is changed by 'facedyn library passphrase'.",
    )


def not_protected(folder: Path) -> InputError:
    """What to raise where something is asked of a library's keys that has none."""
    return InputError(
        f"The library '{folder}' is not protected.", "'facedyn library protect' does that."
    )


def protect_library(
    folder: Path,
    passphrase: str | None,
    *,
    keyring: bool = False,
    database: str | None = None,
    cost: Cost | None = None,
    on_progress: OnProgress = ignore,
) -> str:
    """Encrypt all of a library.

    Args:
        folder: The library, which nobody else has open.
        passphrase: What opens it from now on; None for the keyring alone.
        keyring: Whether the system's keyring opens it as well.
        database: How the database is kept; None for SQLCipher where that is there.
        cost: Of a guess at the passphrase; None for the usual one.
        on_progress: Told of every file; may raise Cancelled, and then nothing has changed.

    Returns:
        The recovery key, which is kept nowhere.

    Raises:
        InputError: It is protected already, in use, or the passphrase is too short.
        OutputError: It cannot be written, or there is no keyring.
    """
    if passphrase is None and not keyring:
        raise InputError("A library is protected by a passphrase or by the keyring.")
    if database is not None and database not in DATABASES:
        raise InputError(f"No database is kept as '{database}'.", f"There are {DATABASES}.")
    with keys_alone(folder, WAIT_SECONDS):
        if read_key_file(folder) is not None:
            raise already_protected(folder)
        key_file = new_key_file(database or usual_database(), cost or Cost())
        new, keys, recovery = _slots(key_file, passphrase, keyring=keyring)
        give_keys(folder, None, (new, keys), "protect", on_progress)
    hold(new, keys)
    return recovery


def unprotect_library(folder: Path, on_progress: OnProgress = ignore) -> None:
    """Decrypt all of a library.

    Raises:
        InputError: It is not protected, locked, or in use.
        OutputError: It cannot be written; then it is as it was.
    """
    with keys_alone(folder, WAIT_SECONDS):
        key_file = _key_file(folder)
        give_keys(folder, keys_of(folder, key_file), None, "unprotect", on_progress)
    if KEYRING in key_file.slots:
        take_out_of_keyring(key_file)


def rekey_library(folder: Path, passphrase: str | None, on_progress: OnProgress = ignore) -> str:
    """Bring a library new keys and another matrix for its embeddings; the passphrase stays.

    Args:
        folder: The library, which nobody else has open.
        passphrase: Its passphrase; None where the keyring alone opens it.
        on_progress: Told of every file; may raise Cancelled, and then nothing has changed.

    Returns:
        A new recovery key; the old one opens nothing any more.

    Raises:
        InputError: It is not protected, or in use.
        WrongPassphraseError: This is not its passphrase.
        OutputError: It cannot be written; then the old keys hold.
    """
    with keys_alone(folder, WAIT_SECONDS):
        key_file = _key_file(folder)
        keys = keys_of(folder, key_file)
        if PASSPHRASE in key_file.slots:
            check_passphrase(folder, key_file, passphrase)
        bare = replace(key_file, generation=key_file.generation + 1, slots={})
        typed = passphrase if PASSPHRASE in key_file.slots else None
        new, new_keys, recovery = _slots(bare, typed, keyring=KEYRING in key_file.slots)
        give_keys(folder, keys, (new, new_keys), "rekey", on_progress)
    lock_library(folder)
    hold(new, new_keys)
    if KEYRING in key_file.slots:
        take_out_of_keyring(key_file)
    return recovery


def check_passphrase(folder: Path, key_file: KeyFile, passphrase: str | None) -> None:
    """Make sure that a text is the passphrase, where somebody opened the library another way."""
    if key_file.opened_by(passphrase or "") is None:
        raise WrongPassphraseError(
            f"This does not open the library '{folder}'.", "Give its passphrase."
        )


def change_passphrase(folder: Path, passphrase: str) -> None:
    """Give an open library another passphrase; its files stay as they are.

    Raises:
        InputError: It is not protected, locked, or the passphrase is too short.
        OutputError: It cannot be written; then the old one holds.
    """
    check_new_passphrase(passphrase)
    _renew(folder, PASSPHRASE, passphrase, "passphrase", "changed")


def renew_recovery_key(folder: Path) -> str:
    """Give an open library another recovery key; the old one opens it no longer.

    Raises:
        InputError: It is not protected, or locked.
        OutputError: It cannot be written; then the old one holds.
    """
    recovery = new_recovery_key()
    _renew(folder, RECOVERY, recovery, "recovery key", "made anew")
    return recovery


def set_keyring(folder: Path, *, wanted: bool) -> None:
    """Let the system's keyring open a library, or no longer.

    Raises:
        InputError: It is not protected, locked, or nothing else than the keyring opens it.
        OutputError: There is no keyring, or the library cannot be written.
    """
    with Library.open(folder, create=False) as library:
        key_file = _key_file(folder)
        if library.keys is None:
            return
        if wanted:
            key = put_into_keyring(key_file)
            key_file.with_keyring(key, library.keys.data).write(folder)
        elif PASSPHRASE not in key_file.slots:
            raise InputError("Nothing but the keyring opens this library.", "Set a passphrase.")
        else:
            key_file.without_keyring().write(folder)
            take_out_of_keyring(key_file)
        library.audit.record("keyring", "opens the library" if wanted else "opens it no longer")


def _renew(folder: Path, slot: str, text: str, action: str, what: str) -> None:
    with Library.open(folder, create=False) as library:
        key_file = _key_file(folder)
        if library.keys is not None:
            key_file.with_typed(slot, text, library.keys.data).write(folder)
        library.audit.record(action, what)


def _key_file(folder: Path) -> KeyFile:
    key_file = read_key_file(folder)
    if key_file is None:
        raise not_protected(folder)
    return key_file


def _slots(
    key_file: KeyFile, passphrase: str | None, *, keyring: bool
) -> tuple[KeyFile, LibraryKeys, str]:
    """A key file with what opens it, the keys, and the recovery key."""
    data, recovery = secrets.token_bytes(KEY_BYTES), new_recovery_key()
    made = key_file.with_typed(RECOVERY, recovery, data)
    if passphrase is not None:
        check_new_passphrase(passphrase)
        made = made.with_typed(PASSPHRASE, passphrase, data)
    if keyring:
        made = made.with_keyring(put_into_keyring(key_file), data)
    return made, LibraryKeys.of(data, key_file.database), recovery
