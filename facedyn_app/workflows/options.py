"""Options of the acts: what a user can choose, with what is taken where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from facedyn_app.records import ConsentTerms
from facedyn_app.reports.kinds import MeshFormat, MeshKind
from facedyn_app.settings import BUNDLE, MAX_FACES, Settings, VideoSettings


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How recordings are read, and videos fitted.

    Attributes:
        head: Id or file of the head of videos, and of FLAME parameters; None for the one that the
            act needs.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        n_shape: Leading shape directions to use; 0 means all.
        n_expression: Leading expression directions to use; 0 means all.
        mirrored_mean: Whether faces are measured in the mirrored pictures as well, where the engine
            can.
        optical_flow: Whether the skin is followed, too, in a second pass over a video.
        engine: What follows faces, "bundle" or "mediapipe".
        max_faces: Faces looked for in a frame.
        fps: Frame rate of videos, and of other programs' measurements that have no times; None
            takes the file's own or assumes one.
        stream: Which of several films in a video file, from 0; None takes the main one.
        mirrored: Whether videos were recorded mirrored.
        file_names: Whether the names of recordings' files are kept.
    """

    head: str | None
    device: str = "auto"
    face: int = 0
    n_shape: int = 0
    n_expression: int = 0
    mirrored_mean: bool = True
    optical_flow: bool = False
    engine: str = BUNDLE
    max_faces: int = MAX_FACES
    fps: float | None = None
    stream: int | None = None
    mirrored: bool = False
    file_names: bool = True

    def settings(self) -> Settings:
        """The settings of all stages, with what is chosen here."""
        settings = Settings()
        fit = replace(settings.fit, n_shape=self.n_shape, n_expression=self.n_expression)
        landmarks = replace(
            settings.landmarks,
            engine=self.engine,
            max_faces=self.max_faces,
            mirrored_mean=self.mirrored_mean,
            optical_flow=self.optical_flow,
        )
        privacy = replace(settings.privacy, file_names=self.file_names)
        return replace(settings, video=self.video, landmarks=landmarks, fit=fit, privacy=privacy)

    @classmethod
    def of(cls, settings: Settings, head: str) -> FitOptions:
        """The choices that are in the settings of a window, with the head that is chosen there."""
        video, landmarks, fit = settings.video, settings.landmarks, settings.fit
        return cls(
            head,
            device=settings.machine.device,
            n_shape=fit.n_shape,
            n_expression=fit.n_expression,
            mirrored_mean=landmarks.mirrored_mean,
            optical_flow=landmarks.optical_flow,
            engine=landmarks.engine,
            max_faces=landmarks.max_faces,
            fps=video.fps or None,
            stream=None if video.stream < 0 else video.stream,
            mirrored=video.mirrored_pixels,
            file_names=settings.privacy.file_names,
        )

    @property
    def video(self) -> VideoSettings:
        """How video files are read."""
        stream = -1 if self.stream is None else self.stream
        return VideoSettings(self.fps or 0.0, stream, mirrored_pixels=self.mirrored)


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """What the user states before anything of a corpus is read.

    Attributes:
        consent: Who gave it, when, for what.
        permission: What allows the work where a corpus' licence forbids it; may be empty.
        near: Whether folders may be called nearly as other speakers are.
        again: Whether recordings may be enrolled that the library has already.
        terms: What the consent is for, and until when; None for what the text says.
    """

    consent: str
    permission: str = ""
    near: bool = False
    again: bool = False
    terms: ConsentTerms | None = None


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """Which meshes of a session are wanted.

    Attributes:
        kind: What they show.
        form: Their format.
        frame: One frame, from 1; None where `seconds` says which, or all are wanted.
        seconds: The frame shown at this time, s; None where `frame` says which, or all are wanted.
        head: Id or file of the head; None for the one that the session names.
    """

    kind: MeshKind
    form: MeshFormat
    frame: int | None = None
    seconds: float | None = None
    head: str | None = None

    @property
    def one_file(self) -> bool:
        """Whether it is one mesh, not a folder of them."""
        neutral = self.kind is MeshKind.NEUTRAL
        return neutral or self.frame is not None or self.seconds is not None


@dataclass(frozen=True, slots=True)
class Pose:
    """What a mesh of a head shows.

    Attributes:
        shape: Leading shape coefficients, standard deviations; the rest is 0.
        expression: Leading expression coefficients; the rest is 0.
        turns: Rotation vector of each named joint, rad; "root" turns the whole head.
    """

    shape: tuple[float, ...]
    expression: tuple[float, ...]
    turns: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class SimulatedCorpus:
    """What simulated speakers are wanted.

    Attributes:
        n_speakers: Speakers.
        n_sessions: Sessions of each.
        seconds: Length of each session, s.
        seed: Which simulated population.
    """

    n_speakers: int
    n_sessions: int
    seconds: float
    seed: int
