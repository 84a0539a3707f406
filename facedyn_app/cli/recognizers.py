"""`facedyn recognizers`: those of a library, the active one, one from elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    BUILT_IN,
    RecognizerEntry,
    activate_recognizer,
    add_recognizer,
    list_recognizers,
)

BUILT_IN_NAME = "built-in"
"""What the recognizer that comes along is called on the command line."""


def list_all_recognizers(folder: Path) -> Outcome:
    """The recognizers of a library.

    Raises:
        InputError: The library cannot be read.
    """
    with Library.open(folder, create=False) as library:
        entries = list_recognizers(library)
    head = ("recognizer", "active", "head", "speakers", "windows %", "tested", "")
    text = table(head, [_cells(entry) for entry in entries], right=(3, 4, 5))
    return Outcome({"recognizers": [_facts(entry) for entry in entries]}, text)


def use_recognizer(folder: Path, name: str) -> Outcome:
    """Let a recognizer of a library answer from now on.

    Raises:
        InputError: It is missing or damaged, or the library cannot be read.
        MismatchError: It reads another head than the library's sessions.
    """
    with Library.open(folder, create=False) as library:
        activate_recognizer(library, BUILT_IN if name == BUILT_IN_NAME else name)
    return Outcome({"active": name}, f"active: {name}")


def bring_in_recognizer(folder: Path, source: Path) -> Outcome:
    """Add a recognizer that was made elsewhere to a library.

    Raises:
        InputError: It or the library cannot be read, or one of its name is there already.
        MismatchError: It reads another head than the library's sessions.
        OutputError: The library cannot be written.
    """
    with Library.open(folder, create=False) as library:
        name = add_recognizer(library, source)
    return Outcome({"added": name}, f"added: {name}; make it active with 'recognizers use'")


def _facts(entry: RecognizerEntry) -> dict[str, object]:
    return {**asdict(entry), "name": entry.name or BUILT_IN_NAME}


def _cells(entry: RecognizerEntry) -> list[str]:
    simulated = "simulated" if entry.simulated else ""
    return [
        entry.name or BUILT_IN_NAME,
        "yes" if entry.active else "",
        entry.head_id,
        str(entry.n_speakers),
        number(None if entry.top1 is None else 100 * entry.top1, 1),
        str(entry.n_tested),
        entry.fault or simulated,
    ]
