"""Verification: is it this speaker? One recording against one who is enrolled."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.dynamics.session_qc import DO_NOT_USE, assess_quality
from facedyn_app.errors import ConsentError, FacedynError, InputError
from facedyn_app.library.audit import Speaker
from facedyn_app.library.gallery import library_embedding
from facedyn_app.library.library import Library
from facedyn_app.library.operations import checked_name
from facedyn_app.path_checks import naming
from facedyn_app.progress import OnProgress
from facedyn_app.records import (
    Match,
    Purpose,
    Quality,
    SameSpeaker,
    Session,
    Verification,
    left_out_words,
)
from facedyn_app.workflows.comparison import (
    Enrolled,
    caution_for,
    comparing,
    judged_match,
    source_name,
    without_known,
)
from facedyn_app.workflows.options import FitOptions

EVEN = 0.5
"""Probability at which the same and another speaker are equally likely."""


def verify_recording(
    name: str,
    path: Path,
    folder: Path,
    recognizer: Path | None,
    options: FitOptions,
    on_progress: OnProgress,
) -> tuple[Session, Verification]:
    """Is it this speaker? One recording compared with one who is enrolled.

    Args:
        name: The speaker.
        path: A video, a session file or another program's measurement.
        folder: The library.
        recognizer: A recognizer; None for the active one of the library.
        options: How a video is analysed; by the recognizer's head where they name none.
        on_progress: Called several times a second; may raise Cancelled.

    Returns:
        The recording's session, and the answer.

    Raises:
        InputError: The recording, library or recognizer cannot be read; nobody has that name.
        ConsentError: The speaker has not consented to recognition, or not any more.
        MismatchError: The head or the session is another than the recognizer's.
        TooLittleError: Nobody is enrolled, or the recording is too short.
    """
    with comparing(folder, recognizer, options, on_progress) as comparison:
        if checked_name(name) not in comparison.names:
            raise not_enrolled(name, comparison.library)
        session = comparison.session(path, on_progress)
        with naming(path):
            return session, verify(checked_name(name), session, comparison.enrolled())


def verify(name: str, session: Session, enrolled: Enrolled) -> Verification:
    """Is it this speaker? One recording compared with one who is enrolled.

    It is the same where no more strangers than `false_accept_rate` reach the score and the same
    speaker is more likely than another, not the same where the probability, both taken as equally
    likely beforehand, is not above that rate. It cannot be told in between, where the recording or
    the match is not to be used, and where probabilities are not calibrated for such a recording.
    Sessions of the library that are of this very recording are named and not compared with; of a
    speaker without another one it cannot be told.

    Raises:
        InputError: Nobody of that name is enrolled.
        ConsentError: The speaker has not consented to recognition, or not any more.
        TooLittleError: The session, or every one of that name, is too short.
        MismatchError: The session is of another head than the recognizer.
    """
    recognizer, trust = enrolled.recognizer, enrolled.settings.trust
    if name not in enrolled.gallery.names:
        raise not_enrolled(name, enrolled.library)
    enrolled, recordings = without_known(session, enrolled)
    probe = library_embedding(enrolled.library, recognizer, session)
    matches = recognizer.rank(probe, enrolled.gallery)
    found = next((match for match in matches if match.name == name), None)
    enrolled.library.audit.record(
        "verify", f"{source_name(session)} against '", Speaker(name=name), "'"
    )
    quality, calibrated_on = assess_quality(session, trust), recognizer.calibration.made_on
    if found is None:
        reason = left_out_words(recordings, enrolled.gallery.names)
        return Verification(
            SameSpeaker.OPEN,
            reason,
            None,
            None,
            quality,
            calibrated_on,
            recordings,
            enrolled.left_out,
        )
    limit = trust.false_accept_rate
    rate = recognizer.calibration.false_accept_rate(found.probability)
    caution = caution_for(recognizer, session)
    match = judged_match(found, session, enrolled, accepted=None if caution else rate <= limit)
    answer, reason = same_or_not(match, quality, caution, rate, limit)
    return Verification(
        answer=answer,
        reason=reason,
        match=match,
        false_accept_rate=None if caution else rate,
        quality=quality,
        calibrated_on=calibrated_on,
        recordings=recordings,
        left_out=enrolled.left_out,
    )


def not_enrolled(name: str, library: Library) -> FacedynError:
    """What to raise where a speaker may not be recognised, or has no recording that can be read."""
    why = library.without_consent(Purpose.RECOGNITION).get(checked_name(name))
    if why is not None:
        return ConsentError(
            f"'{name}' is not compared with: consent to recognition {why}.",
            "'facedyn speakers list' shows what they have consented to.",
        )
    return InputError(
        f"'{name}' is not enrolled in '{library.folder}' with a recording that can be compared.",
        "'facedyn speakers list' names who is.",
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
        return SameSpeaker.SAME, f"At most {100 * limit:.1f} % of strangers reach this score."
    if match.probability <= limit:
        return SameSpeaker.OTHER, f"The probability is not above {100 * limit:.1f} %."
    return SameSpeaker.OPEN, "The score lies between that of speakers and that of strangers."
