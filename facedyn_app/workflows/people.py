"""Changes to who is in the open library; each returns the library's new list."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.library.library import Library
from facedyn_app.library.people import Undo, merge_speakers, rename_speaker, undo_change
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.forget import Forgotten, forget_for_good, what_goes
from facedyn_app.workflows.library import list_library, snapshot_of
from facedyn_app.workflows.records import LibrarySnapshot


def rename(
    folder: Path, old: str, new: str, near: bool, _on_progress: OnProgress
) -> tuple[LibrarySnapshot, Undo]:
    """Give a speaker another name; `near` says that it may be nearly somebody's."""
    with Library.open(folder, create=False) as library:
        undo = rename_speaker(library, old, new, near=near)
        return snapshot_of(library), undo


def merge(
    folder: Path, source: str, into: str, _on_progress: OnProgress
) -> tuple[LibrarySnapshot, Undo]:
    """Make two speakers one."""
    with Library.open(folder, create=False) as library:
        undo = merge_speakers(library, source, into)
        return snapshot_of(library), undo


def undo_last(folder: Path, undo: Undo, _on_progress: OnProgress) -> LibrarySnapshot:
    """Take a change back."""
    with Library.open(folder, create=False) as library:
        undo_change(library, undo)
        return snapshot_of(library)


def what_goes_with(folder: Path, speaker: str, _on_progress: OnProgress) -> list[str]:
    """What goes when a speaker is forgotten, a line each."""
    return what_goes(folder, speaker, None).lines()


def forget(
    folder: Path, speaker: str, on_progress: OnProgress
) -> tuple[LibrarySnapshot, Forgotten]:
    """Forget a speaker, and search for what is left."""
    forgotten = forget_for_good(folder, speaker, None, on_progress)
    return list_library(folder, on_progress), forgotten
