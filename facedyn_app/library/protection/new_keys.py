"""New keys for a library's files, all in one step: the old ones hold or the new, never neither.

All files are written anew, under the keys to come, into a hidden folder of the library; when they
are on the disk it gets the name `.new-keys`, and from that rename on the new keys hold. What is
left is renaming: each file into its place, the key file last. A killed program leaves either a
hidden folder that nobody holds, which is swept, or `.new-keys`, which whoever opens the library
next finishes, without any key.

While a library is open its files are shared under their present keys (`share_keys`); whoever brings
it new ones has them alone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import sync_folder
from facedyn_app.library.locks import lock_folder
from facedyn_app.library.protection.key_file import KEY_FILE
from facedyn_app.unfinished import delete, give_back, unfinished_folder

NEW_KEYS: Final = ".new-keys"
"""Name of the folder of files that are to take their places."""
_MARK, _PROTECTED = "state.json", "protected"
_LOCKED: Final = "sessions"
"""The folder whose lock stands for the keys of all files."""
_BESIDE: Final = ("library.sqlite-journal", "library.sqlite-lock")
"""Files beside the database that are of the one that is replaced."""


def share_keys(folder: Path, wait_seconds: float) -> int:
    """Have a library's files under their present keys until what is given is given back.

    New keys that a killed program has left on the way are brought in first.

    Raises:
        InputError: Another program brings it new keys.
        OutputError: New keys are on the way, and cannot be brought in.
    """
    while True:
        handle = _locked(folder, wait_seconds, shared=True)
        if not (folder / NEW_KEYS).exists():
            return handle
        give_back(handle)
        with keys_alone(folder, wait_seconds):
            pass


@contextmanager
def keys_alone(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Have a library's files alone, to bring them new keys; those on the way are brought in.

    Raises:
        InputError: Another program has the library open.
        OutputError: New keys are on the way, and cannot be brought in.
    """
    handle = _locked(folder, wait_seconds, shared=False)
    try:
        _finish(folder)
        yield
    finally:
        give_back(handle)


def _locked(folder: Path, wait_seconds: float, *, shared: bool) -> int:
    handle = lock_folder(folder / _LOCKED, wait_seconds, shared=shared)
    if handle is None:
        raise InputError(
            f"The library '{folder}' is in use by another program.",
            "Wait until that has finished, or close it, and try again.",
        )
    return handle


@contextmanager
def new_files(folder: Path, *, protected: bool) -> Iterator[Path]:
    """A folder for all files of a library under new keys, which take their places at the end.

    Args:
        folder: The library, whose files this program has alone.
        protected: Whether it is protected from then on: then the new key file is among them.

    Raises:
        OutputError: They cannot be written; then nothing has changed.
    """
    try:
        with unfinished_folder(folder / NEW_KEYS[1:]) as place:
            place.chmod(0o700)
            yield place
            (place / _MARK).write_text(json.dumps({_PROTECTED: protected}))
            if hasattr(os, "sync"):
                os.sync()  # all together, which is much sooner than one by one
            place.rename(folder / NEW_KEYS)
            sync_folder(folder)
        _finish(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _finish(folder: Path) -> None:
    """Give the files of `.new-keys` their places; what is done already is passed over."""
    new = folder / NEW_KEYS
    if not new.exists():
        return
    try:
        mark = new / _MARK
        if mark.is_file():
            _put_in_place(folder, new, protected=_says_protected(mark))
            mark.unlink()
        delete(new)
        sync_folder(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _put_in_place(folder: Path, new: Path, *, protected: bool) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder / "embeddings")
    for name in _BESIDE:
        (folder / name).unlink(missing_ok=True)
    for path in sorted(one for one in new.rglob("*") if one.is_file()):
        if path.name not in (_MARK, KEY_FILE):
            place = folder / path.relative_to(new)
            place.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
            path.replace(place)
    if hasattr(os, "sync"):
        os.sync()
    if not protected:
        (folder / KEY_FILE).unlink(missing_ok=True)
    elif (new / KEY_FILE).exists():
        (new / KEY_FILE).replace(folder / KEY_FILE)


def _says_protected(mark: Path) -> bool:
    try:
        return json.loads(mark.read_bytes())[_PROTECTED] is not False
    except (ValueError, LookupError, TypeError):  # it was on the disk before it was named
        return True


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The library '{folder}' cannot be written: {error.strerror or error}.",
        "Make sure that you may write there, and that there is room for all of it once more.",
    )
