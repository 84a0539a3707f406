"""Identification: who is it? The enrolled speakers ranked for a recording, or for several."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, InputError, MismatchError, TooLittleError
from facedyn_app.library.gallery import library_embedding
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.path_checks import check_output_file, naming
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import NAMELESS, DriftReport, Identification, Session
from facedyn_app.reports.tables import write_scores
from facedyn_app.settings import Settings
from facedyn_app.workflows.comparison import (
    Enrolled,
    caution_for,
    comparing,
    judged_match,
    read_enrolled,
    source_name,
    without_known,
)
from facedyn_app.workflows.drift import drift_of
from facedyn_app.workflows.library import snapshot_of
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.recordings import names_apart, numbered
from facedyn_app.workflows.records import Recording

JUDGED: Final = 5
"""Matches, the best ones, whose trust is judged; it takes reading the speaker's sessions."""
MOST_DRIFT_REPORTS: Final = 5

log = logging.getLogger(__name__)


def identify(session: Session, enrolled: Enrolled) -> Identification:
    """Who is it? Rank the enrolled speakers for a session.

    Sessions of the library that are of this very recording are named and left out.

    Raises:
        TooLittleError: The session is too short.
        MismatchError: The session is of another head than the recognizer.
    """
    recognizer, trust = enrolled.recognizer, enrolled.settings.trust
    probe = library_embedding(enrolled.library, recognizer, session)
    enrolled, recordings = without_known(session, enrolled)
    matches = recognizer.rank(probe, enrolled.gallery)
    n_enrolled = len(matches)
    enrolled.library.audit.record(
        "identify", f"{source_name(session)} against {n_enrolled} speakers"
    )
    threshold = recognizer.threshold(trust.false_accept_rate, n_enrolled)
    caution = caution_for(recognizer, session)
    judged = [
        judged_match(
            match, session, enrolled, accepted=None if caution else match.probability >= threshold
        )
        for match in matches[:JUDGED]
    ]
    return Identification(
        matches=matches.with_judged(judged),
        known=bool(matches) and matches[0].probability >= threshold,
        threshold=threshold,
        window_seconds=probe.window_seconds,
        quality=assess_quality(session, trust),
        calibrated_on=recognizer.calibration.made_on,
        caution=caution,
        recordings=recordings,
        left_out=enrolled.left_out,
    )


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedRecordings:
    """Who recordings are.

    Attributes:
        recordings: Those that could be compared, with their answers.
        left_out: Each of the others by its name, and why.
    """

    recordings: tuple[Recording, ...]
    left_out: tuple[tuple[str, FacedynError], ...]

    @property
    def answers(self) -> tuple[tuple[Recording, Identification], ...]:
        """Each recording with its answer."""
        return tuple(
            (one, one.identification) for one in self.recordings if one.identification is not None
        )


def identify_recordings(
    paths: Sequence[Path],
    folder: Path,
    recognizer: Path | None,
    options: FitOptions,
    table: Path | None,
    on_progress: OnProgress,
) -> IdentifiedRecordings:
    """Who is it? Rank the enrolled speakers for each recording.

    A single recording that cannot be read is an error; among several it is named and left out.

    Args:
        paths: Videos, session files, other programs' measurements.
        folder: The library.
        recognizer: A recognizer; None for the active one of the library.
        options: How a video is analysed; by the recognizer's head where they name none.
        table: A CSV table for every recording against every speaker; None writes none.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The only recording, the library or the recognizer cannot be read.
        MismatchError: The head or the only session is another than the recognizer's.
        OutputError: The table cannot be written.
        ConsentError: Nobody who is enrolled may be recognised.
        TooLittleError: Nobody is enrolled, or the only recording is too short.
    """
    if table is not None:
        check_output_file(table, paths, endings=(".csv",))
    several, names = len(paths) > 1, names_apart(paths)
    with comparing(folder, recognizer, options, on_progress) as comparison:

        def identify_one(number: int) -> Recording:
            path, n_paths = paths[number], len(paths)
            within = numbered(on_progress, path, number + 1, n_paths) if several else on_progress
            session = comparison.session(path, within)
            with naming(path):
                answer = identify(session, comparison.enrolled())
            nameless = f"{NAMELESS} {number + 1}"
            return Recording(
                key=str(path) if options.file_names else nameless,
                title=names[number] if options.file_names else nameless,
                session=session,
                quality=answer.quality,
                identification=answer,
            )

        found = _identify_each([str(path) for path in paths], identify_one, several=several)
    if table is not None and found.recordings:
        write_scores([(one.key, answer) for one, answer in found.answers], table)
    return found


def identify_opened(
    recording: Recording, folder: Path, settings: Settings, on_progress: OnProgress
) -> Recording:
    """Who is an open recording, and how stable are the shapes of the likeliest?

    Args:
        recording: The recording.
        folder: The library, whose active recognizer is asked.
        settings: For threshold and trust.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The library or its recognizer cannot be read.
        MismatchError: The session is of another head than the recognizer.
        ConsentError: Nobody who is enrolled may be recognised.
        TooLittleError: Nobody is enrolled, or the session is too short.
    """
    with Library.open(folder, create=False) as library:
        enrolled = read_enrolled(library, active_recognizer(library), settings, on_progress)
        simulated = snapshot_of(library).simulated_speakers
        return _identified(recording, enrolled, simulated, on_progress)


def identify_ticked(
    recordings: Sequence[Recording], folder: Path, settings: Settings, on_progress: OnProgress
) -> IdentifiedRecordings:
    """As `identify_opened`, of several: those that cannot be compared are named and left out."""
    with Library.open(folder, create=False) as library:
        enrolled = read_enrolled(library, active_recognizer(library), settings, on_progress)
        simulated = snapshot_of(library).simulated_speakers

        def identify_one(number: int) -> Recording:
            on_progress(Progress("comparing", number, len(recordings)))
            return _identified(recordings[number], enrolled, simulated, ignore)

        titles = [recording.title for recording in recordings]
        return _identify_each(titles, identify_one, several=True)


def _identify_each(
    names: Sequence[str], identify_one: Callable[[int], Recording], *, several: bool
) -> IdentifiedRecordings:
    """Identify recordings by their number; of several, one that cannot be is named and left out."""
    found, left_out = [], []
    for number, name in enumerate(names):
        try:
            found.append(identify_one(number))
        except FacedynError as error:
            if not several:
                raise
            log.warning("Left out: %s %s", error.sentence, error.hint)
            left_out.append((name, error))
    return IdentifiedRecordings(tuple(found), tuple(left_out))


def _identified(
    recording: Recording, enrolled: Enrolled, simulated: frozenset[str], on_progress: OnProgress
) -> Recording:
    """A recording with who it is, and how stable the shapes of the likeliest are."""
    found = identify(recording.session, enrolled)
    names = [match.name for match in found.matches[:MOST_DRIFT_REPORTS]]
    drift = []
    for number, name in enumerate(names):
        on_progress(Progress("measuring the drift", number, len(names)))
        joins = found.known and number == 0 and not found.recordings
        drift += _drift(enrolled.library, name, recording, joins=joins)
    return replace(
        recording,
        identification=found,
        quality=found.quality,
        drift=tuple(drift),
        simulated_speakers=simulated,
    )


def _drift(library: Library, name: str, recording: Recording, *, joins: bool) -> list[DriftReport]:
    """The speaker's drift, the recording among their sessions when it is taken for theirs."""
    # A speaker whose sessions are all too short, of different heads, or gone since they were
    # compared with, has no drift to show.
    with suppress(TooLittleError, MismatchError, InputError):
        kept = {entry.source_sha256 for entry in library.sessions(name)}
        new = joins and recording.session.info.source_sha256 not in kept
        return [drift_of(library, name, (recording.title, recording.session) if new else None)]
    return []
