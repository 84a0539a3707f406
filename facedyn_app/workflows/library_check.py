"""Check of a library, and the sweep of files that are nobody's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facedyn_app.errors import OutputError
from facedyn_app.library.integrity import LibraryCheck, check_library, sweep_unreferenced
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress


def check(folder: Path, *, sweep: bool, on_progress: OnProgress) -> LibraryCheck:
    """Read every session of a library, and look for what belongs to none of them.

    Args:
        folder: The library.
        sweep: Whether session files that no row knows are deleted.
        on_progress: Told of every session; may raise `Cancelled`.

    Raises:
        InputError: There is no such library, or its database is damaged.
        OutputError: A file cannot be deleted.
    """
    with Library.open(folder, create=False) as library:
        found = check_library(library, on_progress)
        if not sweep or not found.unreferenced:
            return found
        try:
            swept = sweep_unreferenced(library)
        except OSError as error:
            raise OutputError(
                f"A file in '{folder}' cannot be deleted: {error.strerror or error}.",
                "Make the folder writable and try again.",
            ) from error
        return replace(found, unreferenced=(), swept=(*found.swept, *swept))
