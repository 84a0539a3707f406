"""Recognizers of a library: listed, made active, brought in from elsewhere, and their accuracy."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.errors import FacedynError
from facedyn_app.gui.formatting import percent
from facedyn_app.gui.workflows.library import existing_library
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    RecognizerEntry,
    activate_recognizer,
    add_recognizer,
    built_in_entry,
    list_recognizers,
)
from facedyn_app.progress import OnProgress

Entries = tuple[RecognizerEntry, ...]


def read_recognizers(folder: Path, _on_progress: OnProgress) -> tuple[Entries, FacedynError | None]:
    """List the recognizers; only the built-in one, and why, where it must."""
    try:
        library = existing_library(folder)
    except FacedynError as error:
        return (built_in_entry(),), error
    if library is None:
        return (built_in_entry(),), None
    with library:
        return list_recognizers(library), None


def activate(name: str, folder: Path, _on_progress: OnProgress) -> Entries:
    """Let a recognizer answer from now on; return the library's new list."""
    with Library.open(folder) as library:
        activate_recognizer(library, name)
        return list_recognizers(library)


def bring_in(made_elsewhere: Path, folder: Path, _on_progress: OnProgress) -> Entries:
    """Add a recognizer that was made elsewhere; return the library's new list."""
    with Library.open(folder) as library:
        add_recognizer(library, made_elsewhere)
        return list_recognizers(library)


def recognizer_text(name: str) -> str:
    """What a recognizer is called."""
    return name or "Comes with facedyn"


def accuracy_text(entry: RecognizerEntry) -> str:
    """How good a recognizer is and how that was measured, or why it cannot be used."""
    if entry.fault:
        return entry.fault
    kind = "simulated speakers" if entry.simulated else "speakers"
    learnt = f"Learnt from {entry.n_speakers} {kind}; reads the head {entry.head_id}."
    if entry.top1 is None:
        return f"{learnt} Nothing is known of its accuracy: no session was kept for testing."
    share = percent(entry.top1)
    if entry.top1_interval is not None:
        low, high = entry.top1_interval
        share += f" (90 % interval {100 * low:.0f} to {100 * high:.0f} %)"
    chance = "" if entry.chance is None else f", by chance {100 * entry.chance:.1f} %"
    return f"{learnt} Right in {share} of windows of {entry.n_tested} test sessions{chance}."
