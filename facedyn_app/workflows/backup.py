"""Backup of a library into one file, and a library made of it again."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.errors import OutputError
from facedyn_app.library.archive import check_replaceable
from facedyn_app.library.backup import (
    KIND,
    WHAT,
    BackupFacts,
    Restored,
    restore_backup,
    write_backup,
)
from facedyn_app.library.library import Library
from facedyn_app.path_checks import check_output_file
from facedyn_app.progress import OnProgress


def backup(folder: Path, out: Path, on_progress: OnProgress) -> BackupFacts:
    """Write a library into one file, while others go on working with it.

    Args:
        folder: The library.
        out: The file, outside of the library, or an older backup; it appears whole or not at all.
        on_progress: Told of what is written; may raise Cancelled.

    Raises:
        InputError: There is no such library, or a session's file is missing.
        OutputError: The file cannot be written, or is there and no backup.
    """
    with Library.open(folder, create=False) as library:
        if folder.resolve() in out.resolve().parents:
            raise OutputError(
                f"'{out}' is in the library itself.", "Choose a place outside of its folder."
            )
        check_output_file(out)
        check_replaceable(out, KIND, WHAT)
        return write_backup(library, out, on_progress)


def restore(path: Path, folder: Path, on_progress: OnProgress) -> Restored:
    """Make a library of a backup.

    Args:
        path: The backup.
        folder: A new folder, or an empty one; the library appears whole or not at all.
        on_progress: Told of what is read; may raise Cancelled.

    Raises:
        InputError: The file is no backup, is damaged, or of a newer version of the program.
        OutputError: The folder holds something, or cannot be written.
    """
    return restore_backup(path, folder, on_progress)
