"""One recording that is open in the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.landmarks import SeenFace
from facedyn_app.records import (
    DriftReport,
    FaceTrack,
    Identification,
    Quality,
    Session,
    VideoInfo,
)
from facedyn_app.settings import Settings
from facedyn_app.workflows.analyse import Analysis, FollowedVideo

STAGES: Final = {"landmarks": "Following", "fit": "Fitting", "total": "In all"}


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recording that the window can show, and all that is known of it.

    Attributes:
        key: Tells recordings apart.
        title: Its name for the user.
        session: The fitted motion.
        quality: How far it can be trusted.
        video: The video file; None when only the session is at hand.
        info: What the video file says of itself, if there is one.
        landmarks: The landmarks of every frame, if it was analysed here.
        followed: The video with the landmarks of all its faces, if it was analysed here.
        face: Number of the face among them.
        faces: Those that are seen long enough to be fitted, the main one first.
        timing: Figures of the analysis, label and value: time per stage, frames a second.
        identification: The answer to "who is it?", if asked.
        drift: The drift of the speakers concerned, this recording included where it counts.
        true_speaker: Who it is, where that is known from elsewhere (demo).
        simulated_speakers: Names in `identification` and `drift` that are made, not people.
    """

    key: str
    title: str
    session: Session
    quality: Quality
    video: Path | None = None
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


def recording_of(analysis: Analysis, settings: Settings) -> Recording:
    """What the window shows of a face that has just been fitted."""
    path, number = analysis.info.path, analysis.face
    least = settings.trust.min_seen_seconds
    faces = [
        face
        for face in analysis.video.tracks.faces()
        if face.seconds >= least or face.number == number
    ]
    n_frames = len(analysis.session.seconds)
    timing = [
        (STAGES.get(stage, stage), f"{spent:.1f} s") for stage, spent in analysis.timing.items()
    ]
    if analysis.timing.get("fit"):
        timing.append(("Fit speed", f"{n_frames / analysis.timing['fit']:.0f} frames/s"))
    return Recording(
        key=recording_key(analysis.video, number),
        title=f"{path.name}, face {number}" if len(faces) > 1 else path.name,
        session=analysis.session,
        quality=assess_quality(analysis.session, settings.trust),
        video=path,
        info=analysis.info,
        landmarks=analysis.landmarks,
        followed=analysis.video,
        face=number,
        faces=tuple(faces),
        timing=tuple(timing),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that the user has marked, frames from `first` to `last`, both in it."""

    first: int | None = None
    last: int | None = None
