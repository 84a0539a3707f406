"""Identification of recordings against a library, with the drift of the likeliest speakers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from facedyn_app.errors import FacedynError, MismatchError, TooLittleError
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.workflows.library import snapshot_of
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings
from facedyn_app.workflows.drift import drift_of
from facedyn_app.workflows.identify import Enrolled, identify, read_enrolled

MOST_DRIFT_REPORTS: Final = 5


def answer(
    recording: Recording, folder: Path, settings: Settings, on_progress: OnProgress
) -> Recording:
    """Find who a recording is, and how stable the shapes of the likeliest are."""
    with Library.open(folder, create=False) as library:
        recognizer = active_recognizer(library)
        enrolled = read_enrolled(library, recognizer, settings, on_progress)
        simulated = snapshot_of(library).simulated_speakers
        return _answered(recording, enrolled, simulated, on_progress)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to several recordings at once.

    Attributes:
        recordings: Those that could be compared, with their answers.
        left_out: Titles of the others, each with a sentence on why.
    """

    recordings: tuple[Recording, ...]
    left_out: tuple[tuple[str, str], ...]


def answer_several(
    recordings: Sequence[Recording], folder: Path, settings: Settings, on_progress: OnProgress
) -> Answers:
    """Find who several recordings are; the speakers are prepared once for all."""
    found, left_out = [], []
    with Library.open(folder, create=False) as library:
        recognizer = active_recognizer(library)
        enrolled = read_enrolled(library, recognizer, settings, on_progress)
        simulated = snapshot_of(library).simulated_speakers
        for number, recording in enumerate(recordings):
            on_progress(Progress("comparing", number, len(recordings)))
            try:
                found.append(_answered(recording, enrolled, simulated, ignore))
            except FacedynError as error:
                left_out.append((recording.title, error.sentence))
    return Answers(tuple(found), tuple(left_out))


def _answered(
    recording: Recording, enrolled: Enrolled, simulated: frozenset[str], on_progress: OnProgress
) -> Recording:
    """A recording with who it is, and how stable the shapes of the likeliest are."""
    found = identify(recording.session, enrolled)
    names = [match.name for match in found.matches[:MOST_DRIFT_REPORTS]]
    drift = []
    for number, name in enumerate(names):
        on_progress(Progress("measuring the drift", number, len(names)))
        drift += _drift(enrolled.library, name, recording, joins=found.known and number == 0)
    return replace(
        recording,
        identification=found,
        quality=found.quality,
        drift=tuple(drift),
        simulated_speakers=simulated,
    )


def _drift(library: Library, name: str, recording: Recording, *, joins: bool) -> list[DriftReport]:
    """The speaker's drift, the recording among their sessions when it is taken for theirs."""
    kept = {entry.source_sha256 for entry in library.sessions(name)}
    new = joins and recording.session.info.source_sha256 not in kept
    # A speaker whose sessions are all too short, or of different heads, has no drift to show.
    with suppress(TooLittleError, MismatchError):
        return [drift_of(library, name, (recording.title, recording.session) if new else None)]
    return []
