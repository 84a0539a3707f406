"""Recognizers of a library: listed, made active, brought in from elsewhere."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.errors import FacedynError
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    BUILT_IN,
    RecognizerEntry,
    activate_recognizer,
    add_recognizer,
    built_in_entry,
    list_recognizers,
)
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.workflows.library import existing_library

Entries = tuple[RecognizerEntry, ...]


def recognizers_of(folder: Path) -> Entries:
    """The recognizers of a library, the built-in one first.

    Raises:
        InputError: The library cannot be read.
    """
    with Library.open(folder, create=False) as library:
        return list_recognizers(library)


def usable_recognizers(
    folder: Path, _on_progress: OnProgress = ignore
) -> tuple[Entries, FacedynError | None]:
    """As `recognizers_of`; where the library cannot be read the built-in one alone, and why."""
    try:
        library = existing_library(folder)
    except FacedynError as error:
        return (built_in_entry(),), error
    if library is None:
        return (built_in_entry(),), None
    with library:
        return list_recognizers(library), None


def use_recognizer(folder: Path, name: str | None, _on_progress: OnProgress = ignore) -> Entries:
    """Let a recognizer of a library answer from now on; None for the built-in one.

    Returns:
        The library's recognizers, as they are now.

    Raises:
        InputError: It is missing or damaged, or the library cannot be read.
        MismatchError: It reads another head than the library's sessions.
    """
    with Library.open(folder, create=False) as library:
        activate_recognizer(library, name or BUILT_IN)
        return list_recognizers(library)


def bring_in_recognizer(
    folder: Path, source: Path, create: bool = False, _on_progress: OnProgress = ignore
) -> tuple[str, Entries]:
    """Add a recognizer that was made elsewhere to a library.

    Args:
        folder: The library.
        source: The recognizer's folder, which stays as it is.
        create: Whether a library is made where there is none.

    Returns:
        Its name in the library, and the library's recognizers.

    Raises:
        InputError: It or the library cannot be read, or one of its name is there already.
        MismatchError: It reads another head than the library's sessions.
        OutputError: The library cannot be written.
    """
    with Library.open(folder, create=create) as library:
        return add_recognizer(library, source), list_recognizers(library)
