"""Privacy of a library's files: folders 0700 and files 0600 where the system knows such modes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_POSIX = os.name == "posix"


def make_private(folder: Path, parts: Iterable[str], database: str) -> None:
    """Make a library's folder and its parts, and close what others could read of them.

    A folder that was there before keeps its mode, since it may be shared for other reasons:
    what the library keeps in it can be read by its owner alone all the same.

    Raises:
        OSError: They cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parts:
        (folder / part).mkdir(mode=0o700, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(folder / database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for path in folder.iterdir():
        if path.name in (*parts, "embeddings"):
            tighten(path)
        elif path.name.startswith(database):
            _close(path)


def tighten(path: Path) -> None:
    """Close a folder with all that is in it, or a file, to everybody but its owner.

    What belongs to somebody else is left as it is.
    """
    if not _POSIX:
        return
    with suppress(OSError):
        _close(path)
        if path.is_dir() and not path.is_symlink():
            for inside in path.iterdir():
                tighten(inside)


def own_only(file: BinaryIO) -> None:
    """Close a file that was just opened to everybody but its owner."""
    if _POSIX:
        os.fchmod(file.fileno(), 0o600)


def shared_words(folder: Path) -> str:
    """Who else can see into a library's folder, in a sentence; empty where nobody can."""
    mode = folder.stat().st_mode & _OTHERS if _POSIX else 0
    if not mode & (stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH):
        return ""
    who = "everybody on this machine" if mode & stat.S_IRWXO else "your group"
    return (
        f"The folder '{folder}' is open to {who}; the library's own files in it can be read by "
        "you alone."
    )


def _close(path: Path) -> None:
    if not _POSIX or path.is_symlink():
        return
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:  # a journal, which another program is done with
        return
    if mode & _OTHERS:
        with suppress(OSError):  # somebody else's
            path.chmod(mode & ~_OTHERS)
