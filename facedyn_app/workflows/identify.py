"""Identification: who is it? The enrolled speakers ranked for a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from facedyn_app.dynamics.match_confidence import judge_match
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.library.gallery import enrolled_gallery
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.recognizer.calibration import TrialsOf
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery
from facedyn_app.records import Identification, Match, Session
from facedyn_app.settings import Settings

UNCALIBRATED = {
    TrialsOf.NONE: "The recognizer is not calibrated",
    TrialsOf.SIMULATED: "The recognizer is calibrated on simulated speakers, not on people",
}
"""Why there are no probabilities, by whose trials the recognizer was calibrated on."""

JUDGED = 5
"""Matches, the best ones, whose trust is judged; it takes reading the speaker's sessions."""


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
