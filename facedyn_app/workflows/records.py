"""Records of what is open: a recording with all that is known of it, and what a library holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from facedyn_app.records import (
    DriftReport,
    FaceTrack,
    Identification,
    Quality,
    Session,
    VideoInfo,
)
from facedyn_app.settings import VideoSettings

if TYPE_CHECKING:  # both are slow to import, and sessions need neither
    from facedyn_app.landmarks import SeenFace
    from facedyn_app.workflows.analyse import FollowedVideo


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
        simulated_speakers: Names in `identification` and `drift` that are simulated, not people.
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

    @property
    def label(self) -> str:
        """The title, with the word "simulated" where it belongs."""
        return f"{self.title} (simulated)" if self.session.simulated else self.title


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
    """

    key: int
    name: str
    simulated: bool
    seconds: float
    day: date | None
    date_text: str


@dataclass(frozen=True, slots=True)
class ListedSpeaker:
    """An enrolled speaker, as the list shows them.

    Attributes:
        name: Their name.
        consent: The consent that is recorded; may be empty.
        sessions: Their sessions by date.
    """

    name: str
    consent: str
    sessions: tuple[ListedSession, ...]

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
    """

    folder: Path
    speakers: tuple[ListedSpeaker, ...]

    @property
    def simulated_speakers(self) -> frozenset[str]:
        """Names of the speakers who are simulated."""
        return frozenset(speaker.name for speaker in self.speakers if speaker.simulated)
