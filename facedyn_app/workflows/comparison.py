"""Comparison of recordings with the speakers of a library, and how far a match is believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from facedyn_app.dynamics.match_confidence import judge_match
from facedyn_app.errors import ConsentError, MismatchError, TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.gallery import enrolled_gallery
from facedyn_app.library.library import Library
from facedyn_app.library.open_library import GoneError
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.takes import find_known
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery, TrialsOf
from facedyn_app.records import KnownRecording, LeftOut, Match, Purpose, Session
from facedyn_app.settings import Settings
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.recordings import check_before_reading, is_video, read_recording

UNCALIBRATED = {
    TrialsOf.NONE: "The recognizer is not calibrated",
    TrialsOf.SIMULATED: "The recognizer is calibrated on simulated speakers, not on people",
}
"""Why there are no probabilities, by whose trials the recognizer was calibrated on."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everyone enrolled in a library, ready for one recording after the other.

    Attributes:
        library: The library.
        entries: The sessions of each speaker.
        recognizer: What compares.
        gallery: The speakers as it compares with them.
        settings: For threshold and trust.
        left_out: How many are not among them for want of consent to recognition.
    """

    library: Library
    entries: Mapping[str, Sequence[SessionEntry]]
    recognizer: Recognizer
    gallery: Gallery
    settings: Settings
    left_out: LeftOut


def read_enrolled(
    library: Library, recognizer: Recognizer, settings: Settings, on_progress: OnProgress = ignore
) -> Enrolled:
    """Everyone enrolled with recordings that a recognizer reads.

    Raises:
        ConsentError: Nobody who is enrolled may be recognised.
        TooLittleError: Nobody is enrolled, or every recording is too short.
        MismatchError: Only sessions of other heads or channel sets are.
    """
    entries = check_gallery(library, recognizer.head_id)
    return _enrolled(library, recognizer, entries, settings, on_progress)


def _enrolled(
    library: Library,
    recognizer: Recognizer,
    entries: Mapping[str, Sequence[SessionEntry]],
    settings: Settings,
    on_progress: OnProgress,
) -> Enrolled:
    keep = settings.privacy.embeddings
    gallery = enrolled_gallery(library, recognizer, entries, on_progress, keep=keep)
    left_out = not_recognised(library, recognizer.head_id)
    return Enrolled(library, entries, recognizer, gallery, settings, left_out)


def not_recognised(library: Library, head_id: str) -> LeftOut:
    """How many of those enrolled with sessions of a head have not consented to recognition."""
    barred = library.without_consent(Purpose.RECOGNITION)
    sessions = library.sessions() if barred else ()
    here = {entry.speaker for entry in sessions if entry.enrolled and entry.head_id == head_id}
    return LeftOut.of(Purpose.RECOGNITION, (why for who, why in barred.items() if who in here))


def without_known(
    session: Session, enrolled: Enrolled
) -> tuple[Enrolled, tuple[KnownRecording, ...]]:
    """Everyone enrolled without the sessions that are of the recording in question.

    A recording compared with itself says nothing; the space of comparison is adapted anew without
    it. Those of whom nothing else is enrolled are not among the speakers then.

    Returns:
        With whom to compare, and the sessions that are of this very recording; whoever may not be
        recognised is not told by their recording either.
    """
    found = find_known(enrolled.library, session)
    barred = enrolled.library.without_consent(Purpose.RECOGNITION) if found else {}
    known = tuple(one for one in found if one.speaker not in barred)
    ids = {one.key for one in known}
    entries = {
        name: kept
        for name, own in enrolled.entries.items()
        if (kept := [entry for entry in own if entry.id not in ids])
    }
    if sum(map(len, entries.values())) == sum(map(len, enrolled.entries.values())):
        return enrolled, known
    nobody = Gallery((), enrolled.gallery.directions[:0], enrolled.gallery.space)
    gallery = nobody
    with suppress(TooLittleError):
        gallery = enrolled_gallery(enrolled.library, enrolled.recognizer, entries, keep=False)
    return replace(enrolled, entries=entries, gallery=gallery), known


def judged_match(
    match: Match, session: Session, enrolled: Enrolled, *, accepted: bool | None
) -> Match:
    """A match with how far it can be believed; as it is where the speaker's sessions are gone."""
    own = []
    for entry in enrolled.entries[match.name]:
        with suppress(GoneError):
            own.append(enrolled.library.load(entry))
    if not own:
        return match
    trust = judge_match(session, own, enrolled.settings.trust, accepted=accepted)
    return replace(match, trust=trust)


def source_name(session: Session) -> str:
    """The recording that a session says it is of, for the audit trail."""
    name = session.info.source_name
    return "a session without a source" if name is None else name


def caution_for(recognizer: Recognizer, session: Session) -> str:
    """Why probabilities are not calibrated for such a session; empty where they are."""
    calibration = recognizer.calibration
    if calibration.holds_for(simulated=session.simulated):
        return ""
    return f"{UNCALIBRATED[calibration.trials]}: take the ranking as no more than a hint."


def check_gallery(library: Library, head_id: str) -> dict[str, list[SessionEntry]]:
    """The sessions enrolled for each speaker who may be recognised; there is somebody.

    Raises:
        ConsentError: Nobody who is enrolled may be recognised.
        TooLittleError: Nobody is enrolled.
        MismatchError: Only sessions of other heads or channel sets are.
    """
    enrolled = library.gallery(head_id)
    if enrolled:
        return enrolled
    left_out = not_recognised(library, head_id)
    if left_out.n:
        raise ConsentError(
            f"Nobody in '{library.folder}' can be compared with. {left_out.words}",
            "'facedyn speakers list' shows what each of them has consented to.",
        )
    others = sorted({entry.head_id for entry in library.sessions() if entry.enrolled})
    if others:
        named = " and ".join(f"'{other}'" for other in others)
        raise MismatchError(
            f"The recognizer reads '{head_id}', and the sessions enrolled in '{library.folder}' "
            f"are of {named}.",
            f"Enrol their recordings with that head as well ('--head {head_id}'), train a "
            "recognizer on them ('facedyn train'), or take one that reads them.",
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
        """The session of a recording, which is checked before anything heavy is read.

        Raises:
            InputError: It is missing, or cannot be read.
            MismatchError: The head for videos is another than the recognizer's.
            TooLittleError: Too few frames have a face.
        """
        probed = check_before_reading(path, self.options)
        head = self.head() if is_video(path) else None
        return read_recording(path, head, self.options, self.settings, on_progress, probed=probed)


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
        ConsentError: Nobody who is enrolled may be recognised.
        MismatchError: Only sessions of other heads or channel sets are enrolled.
        TooLittleError: Nobody is enrolled.
    """
    with Library.open(folder, create=False) as library:
        chosen = (
            active_recognizer(library)
            if recognizer is None
            else load_recognizer(recognizer, library.files)
        )
        entries, settings = check_gallery(library, chosen.head_id), options.settings()
        enrolled = cache(partial(_enrolled, library, chosen, entries, settings, on_progress))
        head = cache(partial(_head_for, chosen, options, on_progress))
        yield Comparison(library, entries, enrolled, options, settings, head)


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
