"""The recognizers of a library: those trained on it or brought in, and the active one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import tighten
from facedyn_app.recognizer.files import (
    FILES,
    default_recognizer,
    load_recognizer,
    save_recognizer,
)
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.unfinished import final_name

BUILT_IN: Final = ""
"""Name of the recognizer that comes with the program."""

_KEY: Final = "recognizer"


@dataclass(frozen=True, slots=True)
class RecognizerEntry:
    """A recognizer as a list shows it.

    Attributes:
        name: Name of its folder; `BUILT_IN` for the one that comes along.
        active: Whether it answers who somebody is.
        fault: Why it cannot be used; empty where it can.
        head_id: The head whose motion it reads.
        simulated: Whether it has learnt from simulated speakers.
        n_speakers: Speakers that it has learnt from; 0 where it does not say.
        left_out: Channels that its training left out, and in which share of its sessions each was
            dead; empty where it does not say.
        top1: Share of test windows recognised, 0..1; None where none was tested.
        top1_interval: Its 90 % interval; None where there is none.
        n_tested: Sessions tested.
        chance: Share that guessing would recognise; None where none was tested.
    """

    name: str
    active: bool
    fault: str = ""
    head_id: str = ""
    simulated: bool = False
    n_speakers: int = 0
    left_out: Mapping[str, float] = field(default_factory=dict)
    top1: float | None = None
    top1_interval: tuple[float, float] | None = None
    n_tested: int = 0
    chance: float | None = None


def built_in_entry() -> RecognizerEntry:
    """The recognizer that comes along, which is active where there is no library yet."""
    return _entry(BUILT_IN, True, default_recognizer)


def list_recognizers(library: Library) -> tuple[RecognizerEntry, ...]:
    """The built-in recognizer and those of the library, by name; one of no use says why."""
    active = active_name(library)

    def usable(name: str) -> Recognizer:
        recognizer = open_recognizer(library, name)
        check_head_of_library(library, recognizer)
        return recognizer

    names = (BUILT_IN, *_own_names(library))
    return tuple(_entry(name, name == active, partial(usable, name)) for name in names)


def _own_names(library: Library) -> list[str]:
    """The recognizers in its folder; InputError where something else is in that one's place."""
    return [
        path.name
        for path in library.recognizer_folders()
        if final_name(path.name) is None and any((path / name).is_file() for name in FILES)
    ]


def active_name(library: Library) -> str:
    """The name of the active recognizer."""
    return library.setting(_KEY) or BUILT_IN


def active_recognizer(library: Library) -> Recognizer:
    """The recognizer that answers who somebody is.

    Raises:
        InputError: It is missing or damaged.
    """
    return open_recognizer(library, active_name(library))


def open_recognizer(library: Library, name: str) -> Recognizer:
    """Read one of the library's recognizers.

    Raises:
        InputError: It is missing or damaged.
    """
    if name == BUILT_IN:
        return default_recognizer()
    if Path(name).name != name:  # of a tampered database: no way out of the folder
        raise InputError(f"There is no recognizer {name[:40]!r} in '{library.folder}'.")
    return load_recognizer(library.recognizers_folder / name, library.files)


def activate_recognizer(library: Library, name: str) -> None:
    """Let a recognizer answer from now on.

    Raises:
        InputError: It is missing or damaged.
        MismatchError: It reads another head than the library's sessions.
    """
    check_head_of_library(library, open_recognizer(library, name))
    library.set_setting(_KEY, name)
    library.audit.record("activate", f"recognizer '{name or 'that comes with facedyn'}'")


def add_recognizer(library: Library, folder: Path) -> str:
    """Bring in a recognizer that was made elsewhere; its folder stays as it is.

    Returns:
        Its name in the library.

    Raises:
        InputError: It cannot be read, or one of its name is there already.
        MismatchError: It reads another head than the library's sessions.
        OutputError: The library cannot be written.
    """
    recognizer = load_recognizer(folder, library.files)
    check_head_of_library(library, recognizer)
    name = folder.resolve().name
    place = library.recognizers_folder / name
    if place.exists():
        raise InputError(
            f"The library has a recognizer '{name}' already.", "Give its folder another name."
        )
    save_recognizer(recognizer, place, library.files)
    tighten(place)
    library.audit.record("add recognizer", f"'{name}'")
    return name


def check_head_of_library(library: Library, recognizer: Recognizer) -> None:
    """Make sure that a recognizer can read a library; one without sessions takes any.

    Raises:
        MismatchError: There is no session of its head; names both.
    """
    heads = sorted({entry.head_id for entry in library.sessions()})
    if heads and recognizer.head_id not in heads:
        there = " and ".join(f"'{head}'" for head in heads)
        raise MismatchError(
            f"The recognizer reads the head '{recognizer.head_id}', "
            f"the sessions of the library are of {there}.",
            "Choose a recognizer that was trained on the library's head.",
        )


def _entry(name: str, active: bool, usable: Callable[[], Recognizer]) -> RecognizerEntry:
    try:
        recognizer = usable()
    except (InputError, MismatchError) as error:
        return RecognizerEntry(name, active, error.sentence)
    tested = _tested(recognizer.metrics)
    n_speakers, n_probes = recognizer.training.get("n_speakers"), tested.get("n_probes")
    return RecognizerEntry(
        name,
        active,
        head_id=recognizer.head_id,
        simulated=recognizer.from_simulation,
        n_speakers=n_speakers if isinstance(n_speakers, int) else 0,
        left_out=_left_out(recognizer.training.get("left_out")),
        top1=_share(tested.get("top1_window")),
        top1_interval=_interval(tested),
        n_tested=n_probes if isinstance(n_probes, int) else 0,
        chance=_share(tested.get("chance_uniform")),
    )


def _left_out(stated: object) -> dict[str, float]:
    shares = {
        name: _share(one) for name, one in (stated if isinstance(stated, dict) else {}).items()
    }
    return {name: share for name, share in shares.items() if share is not None}


def _tested(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The measurement on test sessions, or else the last one that there is."""
    known = [one for one in metrics.values() if isinstance(one, dict)]
    tested = metrics.get("test_sessions")
    return tested if isinstance(tested, dict) else (known or [{}])[-1]


def _interval(tested: Mapping[str, Any]) -> tuple[float, float] | None:
    intervals = tested.get("intervals")
    ends = intervals.get("top1_window") if isinstance(intervals, dict) else None
    if not isinstance(ends, list) or len(ends) != 2:
        return None
    low, high = (_share(end) for end in ends)
    return None if low is None or high is None else (low, high)


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None
