"""Sessions: a recording of a person as it was measured, with what measured it and its quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from facedyn_app.events import Events
from facedyn_app.records.arrays import BoolArray, ByteArray, FloatArray, check_length
from facedyn_app.records.motion import Motion, ShapeCertainty

RECORDED_YEARS = range(1900, 2201)
"""The years in which a session can have been recorded; they have days in every time zone."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file that a session was measured from.

    Attributes:
        name: Its name, without the folder.
        sha256: Of its content; None where it is not known.
    """

    name: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What a session is of and what measured it; None where it does not say.

    Attributes:
        head_id: The head, or the channel set of another program's measurement.
        head_sha256: Of the head's file.
        source: The recording's file.
        face: Number of the face in the recording, from 1.
        fps: Frames per second of the recording.
        fps_assumed: Whether that is assumed, since a measurement has no times.
        width: Width of the picture, px.
        height: Height of the picture, px.
        focal_px: Focal length, px.
        focal_log_sd: Standard deviation of its logarithm; None where it was assumed.
        converged: Whether the solver's last step was small.
        settings: The settings of landmarks and fit, by section and name.
        program: The program that measured it, with its version.
        other_program: That program, where it is not this one.
        simulated: Whether it is of a simulated speaker.
        recorded_at: When it was recorded, in one of the years RECORDED_YEARS; without a zone it is
            in the zone here.
        mirrored: Whether the pictures measured are mirror images of those that a player shows.
        stream: Which of several films in its file it is of, from 0.
        notes: What was assumed, chosen or left out in reading the recording, sentences.
        speaker: Number of a simulated speaker.
        session: Number of that speaker's session.
        population: Number of the simulated speakers' population.
        further: What else its file says, by key; JSON values.
    """

    head_id: str
    head_sha256: str | None = None
    source: SourceFile | None = None
    face: int | None = None
    fps: float | None = None
    fps_assumed: bool | None = None
    width: float | None = None
    height: float | None = None
    focal_px: float | None = None
    focal_log_sd: float | None = None
    converged: bool | None = None
    settings: Mapping[str, Any] | None = None
    program: str | None = None
    other_program: str | None = None
    simulated: bool | None = None
    recorded_at: datetime | None = None
    mirrored: bool | None = None
    stream: int | None = None
    notes: tuple[str, ...] = ()
    speaker: int | None = None
    session: int | None = None
    population: int | None = None
    further: Mapping[str, object] = field(default_factory=dict)

    @property
    def source_name(self) -> str | None:
        """The name of the recording's file."""
        return None if self.source is None else self.source.name

    @property
    def source_sha256(self) -> str | None:
        """The sha256 of the recording's file."""
        return None if self.source is None else self.source.sha256


NAMELESS = "recording"
"""What a recording is called whose file's name is not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One recording of one person, as the library keeps it (its file: handbook/tracks.md).

    Attributes:
        motion: How the face moves.
        shape: (S,) float32 shape of the session, standard deviations; S = 0 where there is none.
        shape_chunks: (C, S) float32 shape estimated for each second by itself; C = 0 where one
            shape was estimated for the whole recording.
        shape_chunk_seconds: (C,) the middle of each chunk, s.
        error_px: (T,) float32 mean landmark distance, weighted as in HeadFit, px; NaN in all
            frames where it was not measured.
        face_px: (T,) float32 face height in the image, px; NaN likewise.
        info: What it is of and what measured it.
        invalid_reason: (T,) uint8 number in INVALID_REASONS, 0 in valid frames; None in sessions
            that do not say.
        confidence: (T,) float32 the landmarker's certainty that there is a face, 0..1, 0 without
            one; None in sessions that do not say.
        sharpness: (T,) float32 fine detail of the face over its contrast; depends on the camera
            and on how large the face is. NaN without a face; None in sessions that do not say.
        brightness: (T,) float32 of the face, 0 black to 1 white; NaN without a face; None in
            sessions that do not say.
        left_eye_contrast: (T,) float32 how much the places within the left eye differ, as
            logarithms of brightness: little where it is closed or covered (`landmarks.occlusion`).
            NaN without a face; None in sessions that do not say.
        right_eye_contrast: (T,) likewise.
        light_ratio: (T,) float32 brightness of the face's left side over that of its right one, 1
            in even light. NaN without a face; None in sessions that do not say.
        repeated: (T,) bool: whether the picture is that of the frame before once more; None in
            sessions that do not say.
        shape_certainty: How sure the shape is; None in sessions that do not say.
        events: What the user has marked in the recording, by their begins.
    """

    motion: Motion
    shape: FloatArray
    shape_chunks: FloatArray
    shape_chunk_seconds: FloatArray
    error_px: FloatArray
    face_px: FloatArray
    info: SessionInfo
    invalid_reason: ByteArray | None = None
    confidence: FloatArray | None = None
    sharpness: FloatArray | None = None
    brightness: FloatArray | None = None
    left_eye_contrast: FloatArray | None = None
    right_eye_contrast: FloatArray | None = None
    light_ratio: FloatArray | None = None
    repeated: BoolArray | None = None
    shape_certainty: ShapeCertainty | None = None
    events: Events = ()

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame or per chunk."""
        check_length(self, ("error_px", "face_px"), len(self.motion.seconds))
        check_length(self, ("shape_chunks",), len(self.shape_chunk_seconds))
        if self.shape_certainty is not None:
            self.shape_certainty.check(self.shape_chunks)

    @property
    def head_id(self) -> str:
        """The head model, or channel set, whose coefficients these are."""
        return self.info.head_id

    @property
    def simulated(self) -> bool:
        """Whether the session is of a simulated speaker, not of a person."""
        return bool(self.info.simulated)

    @property
    def mirrored(self) -> bool:
        """Whether the pictures measured are mirror images of those that a player shows."""
        return bool(self.info.mirrored)

    def is_mirror_image_of(self, other: Session) -> bool:
        """Whether it is the same face of a video fitted the same way, left and right exchanged."""
        same = self.info.source_sha256 == other.info.source_sha256 is not None
        exchanged = self.mirrored != other.mirrored and self.info.face == other.info.face
        # sides that are fitted in two ways would differ by that alone
        alike = self.optical_flow == other.optical_flow
        return same and exchanged and alike and self.mirrored_mean == other.mirrored_mean

    @property
    def mirrored_mean(self) -> bool:
        """Whether the landmarks are known to be the mean with those of the mirrored pictures."""
        return self._made_with("mirrored_mean")

    @property
    def optical_flow(self) -> bool:
        """Whether the skin is known to have been followed by optical flow."""
        return self._made_with("optical_flow")

    def _made_with(self, option: str) -> bool:
        """Whether an option of the landmarks is among what the session was made with."""
        landmarks = (self.info.settings or {}).get("landmarks")
        return isinstance(landmarks, dict) and landmarks.get(option) is True

    @property
    def stream(self) -> int:
        """Which of several films in its file it is of, from 0; -1 for the only one."""
        return -1 if self.info.stream is None else self.info.stream


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """How far a session's measurement can be trusted, beside every result made from it.

    Attributes:
        n_frames: Frames in the recording that are not excluded.
        n_valid: Frames with a trusted fit.
        seconds_valid: Duration of the trusted frames, s.
        error_percent_face: Mean landmark error of the valid frames, percent of face height.
        face_px: Median face height, px.
        verdict: "good", "caution" or "do not use".
        reasons: Sentences behind the verdict; empty when good.
        n_excluded: Frames that the user has excluded; none of them counts above.
    """

    n_frames: int
    n_valid: int
    seconds_valid: float
    error_percent_face: float
    face_px: float
    verdict: str
    reasons: tuple[str, ...]
    n_excluded: int = 0


def without_file_name(session: Session) -> Session:
    """A session that does not say the name of its recording's file; its hash stays."""
    source = session.info.source
    if source is None or source.name == NAMELESS:
        return session
    return replace(session, info=replace(session.info, source=replace(source, name=NAMELESS)))
