"""Drift of the head shape from session to session: the drift-to-noise ratio of speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from facedyn_app.dynamics.drift import DriftComponents, measure_components, measure_drift
from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.dynamics.recording_conditions import measure_conditions
from facedyn_app.errors import FacedynError, MismatchError, TooLittleError
from facedyn_app.library.audit import Speaker
from facedyn_app.library.library import Library
from facedyn_app.library.operations import checked_name
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    Conditions,
    DriftReport,
    FloatArray,
    NoDrift,
    Session,
    ShapeCertainty,
)


def drift_of(
    library: Library, speaker: str, extra: tuple[str, Session] | None = None
) -> DriftReport:
    """How far a speaker's shape moves from session to session.

    Args:
        library: Where their sessions are.
        speaker: His name.
        extra: Name and session of a recording that is not in the library but may be theirs.

    Raises:
        InputError: There is no such speaker.
        MismatchError: Sessions of different heads.
        TooLittleError: No session is long enough.
    """
    read = DriftReading.of(library, sessions_by_date(library, speaker))
    if extra is not None:
        read.add(*extra)
    return read.drift(speaker)


def drift_in_detail(library: Library, speaker: str) -> tuple[DriftReport, DriftComponents]:
    """What `drift_of` says of a speaker, and what lies behind it.

    Raises:
        InputError: There is no such speaker.
        MismatchError: Sessions of different heads.
        TooLittleError: No session is long enough.
    """
    read = DriftReading.of(library, sessions_by_date(library, speaker))
    return read.drift(speaker), measure_components(read.shapes, read.certainties)


def sessions_by_date(library: Library, speaker: str) -> list[SessionEntry]:
    """A speaker's sessions in the order of recording, or of adding where that is not known.

    Raises:
        InputError: There is no such speaker.
        MismatchError: Sessions of different heads.
    """
    entries = shown_by_date(library, speaker)
    mixed = different_heads(speaker, entries)
    if mixed is not None:
        raise mixed
    return entries


def shown_by_date(library: Library, speaker: str) -> list[SessionEntry]:
    """As `sessions_by_date`, of whatever heads."""
    return [library.shown(entry) for entry in in_order(library.sessions(speaker))]


def different_heads(speaker: str, entries: Sequence[SessionEntry]) -> MismatchError | None:
    """Why shapes of a speaker's sessions cannot be compared; None where they are of one head."""
    heads = sorted({entry.head_id for entry in entries})
    if len(heads) < 2:
        return None
    named = [
        f"'{head}' (" + ", ".join(e.name for e in entries if e.head_id == head) + ")"
        for head in heads
    ]
    return MismatchError(
        f"The sessions of '{speaker}' were fitted with different heads, whose shapes cannot "
        f"be compared: {' and '.join(named)}.",
        "Fit the videos again with one head, and enrol them under another name.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class DriftReading:
    """What a drift needs of sessions, each of which is read once and not kept."""

    shapes: list[tuple[str, FloatArray]] = field(default_factory=list)
    certainties: list[ShapeCertainty | None] = field(default_factory=list)
    conditions: list[Conditions] = field(default_factory=list)

    @classmethod
    def of(cls, library: Library, entries: list[SessionEntry]) -> DriftReading:
        """What a drift needs of sessions of a library."""
        read = cls()
        for entry in entries:
            read.add(entry.name, library.load(entry))
        return read

    def add(self, name: str, session: Session) -> None:
        """Take in the next session of the speaker."""
        self.shapes.append((name, without_excluded(session).shape_chunks))
        self.certainties.append(session.shape_certainty)
        self.conditions.append(measure_conditions(name, session))

    def drift(self, speaker: str) -> DriftReport:
        """How far the shape moves; raises what `drift_of` does."""
        report = measure_drift(
            speaker, self.shapes, np.random.default_rng(0), certainties=self.certainties
        )
        return replace(report, conditions=tuple(self.conditions))


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerDrift:
    """The drift of one speaker, of whatever there is.

    Attributes:
        report: The drift, or why there is none.
        moves: What lies behind it; None where there is none.
        simulated: Whether a session of the speaker is simulated.
    """

    report: DriftReport | NoDrift
    moves: DriftComponents | None
    simulated: bool


def speaker_drift(speaker: str, folder: Path, _on_progress: OnProgress = ignore) -> DriftReport:
    """The drift of an enrolled speaker; raises what `drift_of` does."""
    with Library.open(folder, create=False) as library:
        return drift_of(library, speaker)


def measure_speakers(
    folder: Path, speaker: str | None, on_progress: OnProgress
) -> tuple[SpeakerDrift, ...]:
    """The drift of one speaker, or of all; of all, those too whose drift cannot be measured.

    Raises:
        InputError: There is no such library or speaker.
        MismatchError: The speaker asked for has sessions of different heads.
        TooLittleError: There is nobody, or the speaker asked for has no session long enough.
    """
    with Library.open(folder, create=False) as library:
        found: list[tuple[DriftReport | NoDrift, DriftComponents | None]]
        if speaker is not None:
            found = [drift_in_detail(library, checked_name(speaker))]
        else:
            found = _all_drifts(library, on_progress)
        made = {entry.speaker for entry in library.sessions() if entry.simulated}
        of = "all speakers" if speaker is None else Speaker(name=checked_name(speaker))
        library.audit.record("measure", "drift of ", of)
    return tuple(SpeakerDrift(one, moves, one.speaker in made) for one, moves in found)


def _all_drifts(
    library: Library, on_progress: OnProgress
) -> list[tuple[DriftReport | NoDrift, DriftComponents | None]]:
    names = [entry.name for entry in library.speakers()]
    if not names:
        raise TooLittleError(
            f"There is nobody in the library '{library.folder}'.", "Enrol a speaker first."
        )
    found: list[tuple[DriftReport | NoDrift, DriftComponents | None]] = []
    for number, name in enumerate(names):
        on_progress(Progress("measuring shape drift", number, len(names)))
        try:
            found.append(drift_in_detail(library, name))
        except FacedynError as error:
            found.append((NoDrift(name, error.sentence), None))
    return found
