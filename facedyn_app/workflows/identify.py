"""Identification: who is it? The enrolled speakers ranked for a recording."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from facedyn_app.dynamics.match_confidence import judge_match
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, MismatchError, TooLittleError
from facedyn_app.files import check_output_file
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.gallery import enrolled_gallery
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.recognizer.calibration import TrialsOf
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery
from facedyn_app.records import Identification, Match, Session
from facedyn_app.reports.tables import write_scores
from facedyn_app.settings import Settings
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.path_checks import naming
from facedyn_app.workflows.recordings import check_recording, is_video, numbered, read_recording

UNCALIBRATED = {
    TrialsOf.NONE: "The recognizer is not calibrated",
    TrialsOf.SIMULATED: "The recognizer is calibrated on simulated speakers, not on people",
}
"""Why there are no probabilities, by whose trials the recognizer was calibrated on."""

JUDGED = 5
"""Matches, the best ones, whose trust is judged; it takes reading the speaker's sessions."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everyone enrolled in a library, ready for one recording after the other.

    Attributes:
        library: The library.
        entries: The sessions of each speaker.
        recognizer: What compares.
        gallery: The speakers as it compares with them.
        settings: For threshold and trust.
    """

    library: Library
    entries: Mapping[str, Sequence[SessionEntry]]
    recognizer: Recognizer
    gallery: Gallery
    settings: Settings


def read_enrolled(
    library: Library, recognizer: Recognizer, settings: Settings, on_progress: OnProgress = ignore
) -> Enrolled:
    """Everyone enrolled with recordings that a recognizer reads.

    Raises:
        TooLittleError: Nobody is enrolled, or every recording is too short.
        MismatchError: Only sessions of other heads or channel sets are.
    """
    entries = check_gallery(library, recognizer.head_id)
    keep = settings.privacy.embeddings
    gallery = enrolled_gallery(library, recognizer, entries, on_progress, keep=keep)
    return Enrolled(library, entries, recognizer, gallery, settings)


def identify(session: Session, enrolled: Enrolled) -> Identification:
    """Who is it? Rank the enrolled speakers for a session.

    Raises:
        TooLittleError: The session is too short.
        MismatchError: The session is of another head than the recognizer.
    """
    recognizer, trust = enrolled.recognizer, enrolled.settings.trust
    probe = recognizer.embed(session)
    matches = recognizer.rank(probe, enrolled.gallery)
    n_enrolled = len(matches)
    enrolled.library.audit.record(
        "identify", f"{source_name(session)} against {n_enrolled} speakers"
    )
    threshold = recognizer.threshold(trust.false_accept_rate, n_enrolled)
    caution = caution_for(recognizer, session)
    for rank, match in enumerate(matches[:JUDGED]):
        accepted = None if caution else match.probability >= threshold
        matches[rank] = judged_match(match, session, enrolled, accepted=accepted)
    return Identification(
        matches=tuple(matches),
        known=matches[0].probability >= threshold,
        threshold=threshold,
        window_seconds=probe.window_seconds,
        quality=assess_quality(session, trust),
        calibrated_on=recognizer.calibration.made_on,
        caution=caution,
    )


def judged_match(
    match: Match, session: Session, enrolled: Enrolled, *, accepted: bool | None
) -> Match:
    """A match with how far it can be believed."""
    own = [enrolled.library.load(entry) for entry in enrolled.entries[match.name]]
    trust = judge_match(session, own, enrolled.settings.trust, accepted=accepted)
    return replace(match, trust=trust)


def source_name(session: Session) -> str:
    """The recording that a session says it is of, for the audit trail."""
    return str((session.meta.get("source") or {}).get("name", "a session without a source"))


def caution_for(recognizer: Recognizer, session: Session) -> str:
    """Why probabilities are not calibrated for such a session; empty where they are."""
    calibration = recognizer.calibration
    if calibration.holds_for(simulated=session.simulated):
        return ""
    return f"{UNCALIBRATED[calibration.trials]}: take the ranking as no more than a hint."


def check_gallery(library: Library, head_id: str) -> dict[str, list[SessionEntry]]:
    """The sessions enrolled for each speaker; there is somebody to compare with.

    Raises:
        TooLittleError: Nobody is enrolled.
        MismatchError: Only sessions of other heads or channel sets are.
    """
    enrolled = library.gallery(head_id)
    if enrolled:
        return enrolled
    others = sorted({entry.head_id for entry in library.sessions() if entry.enrolled})
    if others:
        named = " and ".join(f"'{other}'" for other in others)
        raise MismatchError(
            f"The recognizer reads '{head_id}', and the sessions enrolled in '{library.folder}' "
            f"are of {named}.",
            "Train a recognizer on them ('facedyn train'), or take one that reads them.",
        )
    raise TooLittleError(
        f"Nobody is enrolled in '{library.folder}' with head '{head_id}'.",
        "Enrol at least one speaker first.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What recordings are compared with, and how they are read.

    Attributes:
        library: The library.
        names: Its speakers.
        enrolled: Gives them as they are compared with; prepares them once.
        options: How recordings are read.
        settings: Of all stages.
        head: Gives the head for videos; reads it once.
    """

    library: Library
    names: Collection[str]
    enrolled: Callable[[], Enrolled]
    options: FitOptions
    settings: Settings
    head: Callable[[], HeadModel]

    def session(self, path: Path, on_progress: OnProgress) -> Session:
        """The session of a recording."""
        head = self.head() if is_video(path) else None
        return read_recording(path, head, self.options, self.settings, on_progress)


@contextmanager
def comparing(
    folder: Path, recognizer: Path | None, options: FitOptions, on_progress: OnProgress
) -> Iterator[Comparison]:
    """Open a library to compare recordings with its speakers.

    Args:
        folder: The library.
        recognizer: A recognizer; None for the active one of the library.
        options: How videos are analysed; by the recognizer's head where they name none.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The library or the recognizer cannot be read.
        MismatchError: Only sessions of other heads or channel sets are enrolled.
        TooLittleError: Nobody is enrolled.
    """
    with Library.open(folder, create=False) as library:
        chosen = active_recognizer(library) if recognizer is None else load_recognizer(recognizer)
        names, settings = check_gallery(library, chosen.head_id), options.settings()
        enrolled = cache(partial(read_enrolled, library, chosen, settings, on_progress))
        head = cache(partial(_head_for, chosen, options, on_progress))
        yield Comparison(library, names, enrolled, options, settings, head)


def _head_for(recognizer: Recognizer, options: FitOptions, on_progress: OnProgress) -> HeadModel:
    """The head for videos; one that the recognizer does not read is told before the fit."""
    head = read_ready_head(options.head or recognizer.head_id, on_progress)
    if head.head_id != recognizer.head_id:
        raise MismatchError(
            f"The recognizer was trained on head '{recognizer.head_id}', "
            f"it cannot read the motion of head '{head.head_id}'.",
            "Leave --head out, or choose a recognizer that was trained on this head.",
        )
    return head


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedRecordings:
    """Who recordings are.

    Attributes:
        answers: Each recording that could be compared, with its session and the answer.
        left_out: Why each of the others could not.
    """

    answers: tuple[tuple[Path, Session, Identification], ...]
    left_out: Mapping[Path, FacedynError]


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
        TooLittleError: Nobody is enrolled, or the only recording is too short.
    """
    if table is not None:
        check_output_file(table, paths)
    answers: list[tuple[Path, Session, Identification]] = []
    left_out: dict[Path, FacedynError] = {}
    several = len(paths) > 1
    with comparing(folder, recognizer, options, on_progress) as comparison:
        for number, path in enumerate(paths, start=1):
            within = numbered(on_progress, path, number, len(paths)) if several else on_progress
            try:
                check_recording(path)
                session = comparison.session(path, within)
                with naming(path):
                    answer = identify(session, comparison.enrolled())
            except FacedynError as error:
                if not several:
                    raise
                log.warning("Left out: %s %s", error.sentence, error.hint)
                left_out[path] = error
                continue
            answers.append((path, session, answer))
    if table is not None and answers:
        write_scores([(str(path), answer) for path, _, answer in answers], table)
    return IdentifiedRecordings(tuple(answers), left_out)
