"""Records of the acts: a video followed and fitted, what is open, what a library holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facedyn_app.records import (
    Consent,
    DriftReport,
    FaceTrack,
    HeadFit,
    Identification,
    Purpose,
    Quality,
    Session,
    VideoInfo,
)
from facedyn_app.settings import VideoSettings

if TYPE_CHECKING:  # slow to import, and sessions do without
    from facedyn_app.landmarks import SeenFace, StoredTrack, TrackCollector

NOT_AGAIN: Final = "It is shown as it was kept; Session > Fit face again fits it anew."


@dataclass(frozen=True, slots=True, eq=False)
class FollowedVideo:
    """The faces of one video, followed; each can be fitted without its pixels.

    Attributes:
        info: The video.
        sha256: Of its file.
        tracks: The landmarks of all faces, in a file that goes with this object.
        seconds_spent: What following them took, s.
    """

    info: VideoInfo
    sha256: str
    tracks: TrackCollector
    seconds_spent: float


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What became of one face of a video.

    Attributes:
        video: The video and all its faces.
        face: Number of this face, from 1.
        session: The fitted motion.
        landmarks: The landmarks of every frame, in a file.
        fit: The fit itself.
        timing: Seconds spent in each stage, by name.
    """

    video: FollowedVideo
    face: int
    session: Session
    landmarks: StoredTrack
    fit: HeadFit
    timing: Mapping[str, float]

    @property
    def info(self) -> VideoInfo:
        """What the video says of itself."""
        return self.video.info


@dataclass(frozen=True, slots=True)
class KeptIn:
    """Where a session is kept, and what the user marks in it is written at once.

    Attributes:
        path: The library's folder; or the session's file.
        key: The session's key in the library; None of a file.
    """

    path: Path
    key: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recording that is open, and all that is known of it.

    Attributes:
        key: Tells recordings apart.
        title: Its name for the user.
        session: The fitted motion.
        quality: How far it can be trusted.
        video: The video file; None when only the session is at hand.
        reading: How the video is read, where that was chosen for it; None as the settings say.
        day: Of its visit, where the folder that it was found in tells.
        info: What the video file says of itself, if there is one.
        landmarks: The landmarks of every frame, if it was analysed here.
        followed: The video with the landmarks of all its faces, if it was analysed here.
        face: Number of the face among them.
        faces: Those that are seen long enough to be fitted, the main one first.
        timing: Figures of the analysis, label and value: time per stage, frames a second.
        identification: The answer to "who is it?", if asked.
        drift: The drift of the speakers concerned, this recording included where it counts.
        true_speaker: Who it is, where that is known from elsewhere (demo).
        kept_in: Where its session is kept; None while it is only open.
        simulated_speakers: Names in `identification` and `drift` that are simulated, not people.
        kept: Which session of a library is shown in place of a new fit of the video, in words;
            empty where it was fitted or only the session is at hand.
    """

    key: str
    title: str
    session: Session
    quality: Quality
    video: Path | None = None
    reading: VideoSettings | None = None
    day: date | None = None
    info: VideoInfo | None = None
    landmarks: FaceTrack | None = None
    followed: FollowedVideo | None = None
    face: int = 0
    faces: tuple[SeenFace, ...] = ()
    timing: tuple[tuple[str, str], ...] = ()
    identification: Identification | None = None
    drift: tuple[DriftReport, ...] = ()
    true_speaker: str | None = None
    simulated_speakers: frozenset[str] = frozenset()
    kept_in: KeptIn | None = None
    kept: str = ""

    @property
    def label(self) -> str:
        """The title, with the word "simulated" where it belongs."""
        return f"{self.title} (simulated)" if self.session.simulated else self.title

    @property
    def kept_words(self) -> str:
        """That it was not fitted anew, in sentences; empty where it was."""
        return f"{self.title} is {self.kept}. {NOT_AGAIN}" if self.kept else ""


def recording_key(followed: FollowedVideo, face: int) -> str:
    """The key of the recording of one face of a video; the main face has the video's own."""
    path = str(followed.info.path)
    return path if face == followed.tracks.number_of() else f"{path}#face{face}"


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session of a library, as the list shows it.

    Attributes:
        key: Tells it from the library's other sessions.
        name: Its name.
        simulated: Whether it is simulated.
        seconds: Its duration, s.
        day: When it was recorded; None where that is not known.
        date_text: The same for people; in brackets when it was added where only that is known.
        sha256: Of its video's file; None where that is not known.
    """

    key: int
    name: str
    simulated: bool
    seconds: float
    day: date | None
    date_text: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ListedSpeaker:
    """An enrolled speaker, as the list shows them.

    Attributes:
        name: Their name.
        consent: The consent that is recorded; may be empty.
        sessions: Their sessions by date.
        agreed: The consent by purpose; None where that was not asked.
    """

    name: str
    consent: str
    sessions: tuple[ListedSession, ...]
    agreed: Consent | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing that the speaker has consented to holds any more."""
        return self.agreed is not None and self.agreed.has_ended()

    @property
    def may_be_recognised(self) -> bool:
        """Whether the speaker has consented to being compared with."""
        return self.agreed is None or Purpose.RECOGNITION in self.agreed.in_force()

    @property
    def consent_words(self) -> str:
        """The consent as it was recorded, and by purpose where it was given so."""
        if self.agreed is None or self.agreed.as_text:
            return self.consent
        return f"{self.consent} ({self.agreed.words()})"

    @property
    def simulated(self) -> bool:
        """Whether all that is known of the speaker is simulated."""
        return bool(self.sessions) and all(session.simulated for session in self.sessions)


@dataclass(frozen=True, slots=True)
class LibrarySnapshot:
    """What a library holds.

    Attributes:
        folder: The library.
        speakers: The enrolled speakers.
        protected: Whether it is encrypted.
        locked: Whether its passphrase is needed before anything of it is read.
    """

    folder: Path
    speakers: tuple[ListedSpeaker, ...]
    protected: bool = False
    locked: bool = False

    @property
    def simulated_speakers(self) -> frozenset[str]:
        """Names of the speakers who are simulated."""
        return frozenset(speaker.name for speaker in self.speakers if speaker.simulated)

    @property
    def sessions(self) -> tuple[ListedSession, ...]:
        """The sessions of all speakers."""
        return tuple(session for speaker in self.speakers for session in speaker.sessions)

    def gone_since(self, before: LibrarySnapshot) -> Gone:
        """What the library does not hold any more that it held before."""
        if before.folder != self.folder:
            return Gone()
        kept = {session.key for session in self.sessions}
        lost = [session for session in before.sessions if session.key not in kept]
        sha256s = {session.sha256 for session in lost if session.sha256 is not None}
        names = {speaker.name for speaker in before.speakers}
        return Gone(
            frozenset(session.key for session in lost),
            frozenset(sha256s - {session.sha256 for session in self.sessions}),
            frozenset(names - {speaker.name for speaker in self.speakers}),
        )


@dataclass(frozen=True, slots=True)
class Gone:
    """What a library has held and does not hold any more.

    Attributes:
        sessions: Keys of sessions that were deleted.
        sha256s: Of their videos, where no other session is of the same.
        names: Names that nobody has now: of people forgotten, renamed or merged.
    """

    sessions: frozenset[int] = frozenset()
    sha256s: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.sessions or self.names)

    def is_session_of(self, recording: Recording, folder: Path) -> bool:
        """Whether an open recording is one of the sessions, from the library or from its video."""
        keys = {session_key(folder, number) for number in self.sessions}
        return recording.key in keys or recording.session.info.source_sha256 in self.sha256s

    def is_named_in(self, recording: Recording) -> bool:
        """Whether what is known of an open recording names somebody who is not there any more."""
        answer = recording.identification
        told = {report.speaker for report in recording.drift}
        if answer is not None:
            told |= {match.name for match in answer.matches}
            told |= {one.speaker for one in answer.recordings}
        return bool(told & self.names)


def session_key(folder: Path, number: int) -> str:
    """The key of an open recording that is a session of a library."""
    return f"{folder}#{number}"
