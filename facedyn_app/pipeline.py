r"""THE DATA FLOW ON ONE PAGE.

file --video--> Frame* --landmarks--> Landmarks --fitting + headmodel--> HeadFit
     --dynamics--> motion windows --recognizer--> Embedding --scoring--> Match*
              \--shape per chunk--> DriftReport

Other programs' measurements come in beside it: file --tracks--> Session (`recordings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from facedyn_app.analysis import Analysis, fit_face, follow_video
from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.dynamics.drift_components import DriftComponents, measure_components
from facedyn_app.dynamics.match_confidence import judge_match
from facedyn_app.dynamics.recording_conditions import measure_conditions
from facedyn_app.dynamics.session_qc import DO_NOT_USE, assess_quality
from facedyn_app.errors import FacedynError, InputError, MismatchError, TooLittleError
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.placing.prepare import prepare_head
from facedyn_app.landmarks import (
    ANY_FACE,
    Landmarker,
)
from facedyn_app.library.entries import SessionEntry, in_order
from facedyn_app.library.galleries import enrolled_gallery
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.calibration import TrialsOf
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery
from facedyn_app.recordings import remember_head
from facedyn_app.records import (
    ByteArray,
    Conditions,
    DriftReport,
    FloatArray,
    Identification,
    Match,
    Quality,
    SameSpeaker,
    Session,
    ShapeCertainty,
    Verification,
)
from facedyn_app.settings import LandmarkSettings, Settings

READING = "reading the head"
UNCALIBRATED = {
    TrialsOf.NONE: "The recognizer is not calibrated",
    TrialsOf.SIMULATED: "The recognizer is calibrated on simulated speakers, not on people",
}
"""Why there are no probabilities, by whose trials the recognizer was calibrated on."""

EVEN = 0.5
"""Probability at which the same and another speaker are equally likely."""
JUDGED = 5
"""Matches, the best ones, whose trust is judged; it takes reading the speaker's sessions."""


def ready_head(path_or_id: str | Path, on_progress: OnProgress = ignore) -> HeadModel:
    """A head that can be fitted: read, its landmarks placed, remembered where it is the user's.

    Args:
        path_or_id: Id of a built-in or a remembered head, or a file or folder of the user's.
        on_progress: Called several times a second while landmarks are placed; may raise Cancelled.

    Raises:
        InputError: There is no such head, or the file is none that can be used.
        TooLittleError: The landmarker does not find the head's face.
    """
    on_progress(Progress(READING, 0))
    head = load_head(path_or_id)
    with ExitStack() as opened:

        @cache
        def landmarker() -> Landmarker:  # opening it takes a second; mostly the cache has the table
            return opened.enter_context(Landmarker(LandmarkSettings(max_faces=1)))

        def detect(image: ByteArray) -> FloatArray | None:
            return landmarker().detect_image(image)

        head = prepare_head(head, detect, head_cache(), on_progress)
    remember_head(head, path_or_id)
    return head


def analyse_video(
    path: Path,
    head: HeadModel,
    settings: Settings,
    *,
    device: str = "auto",
    face: int = ANY_FACE,
    live: bool = False,
    on_progress: OnProgress = ignore,
) -> Analysis:
    """From a video to a session: follow a face, fit the head to it.

    Args:
        path: The video.
        head: The head, its landmarks placed.
        settings: Of all stages; kept with the session.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        live: Whether reports carry a `PartialFit` of the newest frames, for a window.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The file is no video that can be read, or the face or device is not there.
        MismatchError: The settings ask for more directions than the head has.
        TooLittleError: Too few frames have a face.
    """
    video = follow_video(
        path, head, settings, device=device, face=face, live=live, on_progress=on_progress
    )
    return fit_face(video, head, settings, device=device, face=face, on_progress=on_progress)


def enrol(
    name: str, session: Session | SessionEntry, library: Library, consent: str | None
) -> SessionEntry:
    """Keep a session as one of a speaker's, by his consent.

    Raises:
        ConsentError: The speaker is new and no consent is given.
        InputError: The recording is enrolled for him already.
        OutputError: The library cannot be written.
    """
    return library.enrol(name, session, consent)


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
    enrolled.library.logbook.record("identify", f"{_asked(session)} against {n_enrolled} speakers")
    threshold = recognizer.threshold(trust.false_accept_rate, n_enrolled)
    caution = _caution(recognizer, session)
    for rank, match in enumerate(matches[:JUDGED]):
        accepted = None if caution else match.probability >= threshold
        matches[rank] = _judged(match, session, enrolled, accepted=accepted)
    return Identification(
        matches=tuple(matches),
        known=matches[0].probability >= threshold,
        threshold=threshold,
        window_seconds=probe.window_seconds,
        quality=assess_quality(session, trust),
        calibrated_on=recognizer.calibration.made_on,
        caution=caution,
    )


def verify(name: str, session: Session, enrolled: Enrolled) -> Verification:
    """Is it this speaker? One recording compared with one who is enrolled.

    It is the same where no more strangers than `false_accept_rate` reach the score and the same
    speaker is more likely than another, not the same where the probability, both taken as equally
    likely beforehand, is not above that rate. It cannot be told in between, where the recording or
    the match is not to be used, and where probabilities are not calibrated for such a recording.

    Raises:
        InputError: Nobody of that name is enrolled.
        TooLittleError: The session, or every one of that name, is too short.
        MismatchError: The session is of another head than the recognizer.
    """
    recognizer, trust = enrolled.recognizer, enrolled.settings.trust
    matches = recognizer.rank(recognizer.embed(session), enrolled.gallery)
    found = next((match for match in matches if match.name == name), None)
    if found is None:
        raise not_enrolled(name, enrolled.library)
    enrolled.library.logbook.record("verify", f"{_asked(session)} against '{name}'")
    limit = trust.false_accept_rate
    rate = recognizer.calibration.false_accept_rate(found.probability)
    caution = _caution(recognizer, session)
    match = _judged(found, session, enrolled, accepted=None if caution else rate <= limit)
    quality = assess_quality(session, trust)
    answer, reason = same_or_not(match, quality, caution, rate, limit)
    return Verification(
        answer=answer,
        reason=reason,
        match=match,
        false_accept_rate=None if caution else rate,
        quality=quality,
        calibrated_on=recognizer.calibration.made_on,
    )


def _judged(match: Match, session: Session, enrolled: Enrolled, *, accepted: bool | None) -> Match:
    """A match with how far it can be believed."""
    own = [enrolled.library.load(entry) for entry in enrolled.entries[match.name]]
    trust = judge_match(session, own, enrolled.settings.trust, accepted=accepted)
    return replace(match, trust=trust)


def not_enrolled(name: str, library: Library) -> InputError:
    """What to raise where a speaker has no recording that the recognizer can read."""
    return InputError(
        f"'{name}' is not enrolled in '{library.folder}' with a recording that can be compared.",
        "'facedyn sessions list' names who is.",
    )


def same_or_not(
    match: Match, quality: Quality, caution: str, rate: float, limit: float
) -> tuple[SameSpeaker, str]:
    """Whether a match is the speaker (see `verify`), and a sentence on why.

    Args:
        match: The speaker's match.
        quality: Of the recording.
        caution: Why the probabilities are not calibrated for it; empty where they are.
        rate: Share of strangers who reach the score.
        limit: Share of errors that may be made.
    """
    trust = match.trust
    if quality.verdict == DO_NOT_USE or (trust is not None and trust.verdict == DO_NOT_USE):
        return SameSpeaker.OPEN, "The measurement is not to be used."
    if caution:
        return SameSpeaker.OPEN, caution
    if rate <= limit and match.probability > EVEN:
        return SameSpeaker.SAME, f"At most {limit:.1%} of strangers reach this score."
    if match.probability <= limit:
        return SameSpeaker.OTHER, f"The probability is not above {limit:.1%}."
    return SameSpeaker.OPEN, "The score lies between that of speakers and that of strangers."


def _asked(session: Session) -> str:
    return str((session.meta.get("source") or {}).get("name", "a session without a source"))


def _caution(recognizer: Recognizer, session: Session) -> str:
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


def drift_of(
    library: Library, speaker: str, extra: tuple[str, Session] | None = None
) -> DriftReport:
    """How far a speaker's shape moves from session to session.

    Args:
        library: Where his sessions are.
        speaker: His name.
        extra: Name and session of a recording that is not in the library but may be his.

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


def drift_or_reason(library: Library, speaker: str) -> tuple[DriftReport, DriftComponents | None]:
    """As `drift_in_detail`; where there can be none, a report whose note says why."""
    try:
        return drift_in_detail(library, speaker)
    except FacedynError as error:
        return no_drift(speaker, error), None


def no_drift(speaker: str, why: FacedynError) -> DriftReport:
    """A report that says why there is none."""
    return DriftReport(speaker, (), float("nan"), *5 * (None,), why.sentence)


def sessions_by_date(library: Library, speaker: str) -> list[SessionEntry]:
    """A speaker's sessions in the order of recording, or of adding where that is not known.

    Raises:
        InputError: There is no such speaker.
        MismatchError: Sessions of different heads.
    """
    entries = in_order(library.sessions(speaker))
    heads = sorted({entry.head_id for entry in entries})
    if len(heads) > 1:
        named = [
            f"'{head}' (" + ", ".join(e.name for e in entries if e.head_id == head) + ")"
            for head in heads
        ]
        raise MismatchError(
            f"The sessions of '{speaker}' were fitted with different heads, whose shapes cannot "
            f"be compared: {' and '.join(named)}.",
            "Fit the videos again with one head, and enrol them under another name.",
        )
    return entries


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
        self.shapes.append((name, session.shape_chunks))
        self.certainties.append(session.shape_certainty)
        self.conditions.append(measure_conditions(name, session))

    def drift(self, speaker: str) -> DriftReport:
        """How far the shape moves; raises what `drift_of` does."""
        report = measure_drift(
            speaker, self.shapes, np.random.default_rng(0), certainties=self.certainties
        )
        return replace(report, conditions=tuple(self.conditions))
