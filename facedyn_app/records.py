"""The records that the stages hand to each other.

Axes, everywhere in the program:
    T frames, L landmarks, A landmarker blendshape scores, V vertices, S shape coefficients,
    E expression coefficients, C chunks (seconds) of shape, W windows, D embedding numbers.

Frames of reference:
    Head frame: metres, x to the subject's left, y up, z out of the face.
    Camera frame: OpenCV's, metres, x right, y down, z away from the camera.
    A pose turns head into camera points: `x_camera = FACING @ R(rotation) @ x_head + translation`
    with FACING = diag(1, -1, -1), so that rotation 0 is a face that looks into the camera.
    Image: pixels, x right, y down, origin at the centre of the top left pixel's corner (0, 0).

Words, as the code uses them (what is computed and why: handbook/method.md):
    landmark: one of the landmarker's 478 points on a face in the image.
    blendshape score: the landmarker's own estimate, 0..1, of one of ARKit's 52 facial actions.
    occlusion score: how much mouth and eyes look as usual in the recording; 1 usual, 0 covered.
    valid frame: one whose fit is trusted; any other is NaN and has its reason (INVALID_REASONS).
    head: a head model of FLAME's kind: mean mesh, shape and expression directions, joints, weights.
    landmark embedding: where landmarks sit on a head's mesh: triangle and barycentric weights.
    shape: coefficients that say whose head it is, standard deviations; they should stand still.
    expression: coefficients that say what a face does; activations (1 where an action ends) or
        standard deviations.
    channel: one expression coefficient, or one number of the jaw's or the gaze's turn, by its name.
    channel set: the channels of another program's measurement, which stand in place of a head.
    motion: expression, jaw, rotation and translation of a head, frame by frame.
    session: one recording of one person, measured: motion, shape, quality, and what made them.
    event: a typed stretch or moment of a recording that the user has marked (`events`).
    chunk: a second of a session whose shape is estimated by itself.
    drift: how far apart the mean shapes of a speaker's sessions lie.
    noise: how far the shapes of the chunks scatter within a session.
    DNR: the drift-to-noise ratio; corrected, it has taken off what means wander by themselves.
    window: a stretch of motion at an even rate, of fixed length, without a gap.
    descriptor: a statistic of a window's motion, nothing in it learnt.
    coherency: complex correlation of two channels in a band: how closely they go, with what lag.
    embedding: where a window lies in the recognizer's space (its network's, or the back-end's).
    back-end: what makes descriptors and network comparable: whitening within speakers.
    gallery: the enrolled speakers, each by the embeddings of their sessions.
    probe: the recording that is asked about.
    match: an enrolled speaker as an answer for a probe, with score and probability.
    trial: a probe and a speaker whose answer is known; it calibrates or tests.
    calibration: from scores to probabilities, learnt from held-out trials.
    false-accept rate: share of strangers who reach a score, and so are taken for someone enrolled.
    cohort: speakers by which scores were normed; of old recognizers' files only.
    simulated: drawn by `simulate` or rendered, not measured on a person; always said so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from facedyn_app.events import Events

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.integer[Any]]

N_LANDMARKS = 478
N_BLENDSHAPES = 52
LARGEST: Mapping[str, float] = {
    "expression": 1e3,
    "shape": 1e3,
    "shape_chunks": 1e3,
    "jaw": 2.0 * np.pi,
    "rotation": 2.0 * np.pi,
    "gaze": 2.0 * np.pi,
    "translation": 1e3,
    "error_px": 1e6,
    "face_px": 1e6,
}
"""No face's activations, standard deviations, angles (rad) and places (m) are larger than this."""
INVALID_REASONS = (
    "",
    "no face",
    "face too small",
    "turned away",
    "landmark jump",
    "poor fit",
    "blurred",
    "occluded",
    "tracking failed",
    "low confidence",
    "missing value",
    "missing frame",
    "repeated time",
    "damaged picture",
    "excluded by annotation",
)
"""Why a frame is not valid, by its number in `invalid_reason`; files hold the numbers, so that new
reasons come last. From "tracking failed" to "repeated time" they are of other programs'
measurements; "excluded by annotation" is the user's wish and stands in no fit
(`dynamics.exclusion`)."""

RECORDED_YEARS = range(1900, 2201)
"""The years in which a session can have been recorded; they have days in every time zone."""

MEASURED = ("certainty", "sharpness", "turn", "likeness")
"""What is measured of a face beside its landmarks."""

FRAME_ARRAYS = ("seconds", "points", "scores", *MEASURED)
"""The arrays of `Landmarks`, a row a frame."""


def _check_length(record: object, names: tuple[str, ...], n: int) -> None:
    for name in names:
        length = len(getattr(record, name))
        if length != n:
            raise ValueError(f"{type(record).__name__}.{name} has {length} rows instead of {n}")


@dataclass(frozen=True, slots=True, eq=False)
class ShapeCertainty:
    """How sure the estimated shape of a recording is (fitting.shape_evidence).

    Attributes:
        posterior: (S, S) float32 posterior covariance of the shape, expression and pose
            marginalised.
        scatter: (S, S) float32 covariance by which the estimates from recordings of one person
            scatter: the posterior's own, less what is that person's in all of them.
    """

    posterior: FloatArray
    scatter: FloatArray

    @classmethod
    def of(cls, posterior: FloatArray, own: FloatArray | float = 0.0) -> ShapeCertainty:
        """What a posterior covariance P says: estimates scatter by `P - P P`, less `own`.

        Args:
            posterior: (S, S).
            own: (S, S) of that scatter what is the person's in all recordings; 0 where that is
                not known.
        """
        precise = posterior.astype(np.float64)
        scatter = precise - precise @ precise - own
        # `own` is estimated beside the posterior: nothing scatters below 0
        size, directions = np.linalg.eigh(0.5 * (scatter + scatter.T))
        scatter = (directions * np.maximum(size, 0.0)) @ directions.T
        return cls(posterior.astype(np.float32), scatter.astype(np.float32))

    def check(self, shape_chunks: FloatArray) -> None:
        """Check that it is of the chunks' coefficients."""
        size = (shape_chunks.shape[1],) * 2
        if self.posterior.shape != size or self.scatter.shape != size:
            raise ValueError("ShapeCertainty needs a row and a column per shape coefficient")


@dataclass(frozen=True, slots=True, eq=False)
class VideoInfo:
    """What a video file says of itself, its rotation applied.

    Attributes:
        path: The file.
        width: Width as shown, px.
        height: Height as shown, px.
        fps: Mean frames per second as the container states it.
        n_frames: Frames according to the container, an estimate; None when not stated.
        seconds: Duration, s; None when not stated.
        simulated: Whether the file says that it is rendered, not filmed (`write_video`).
        recorded_at: When it was recorded, UTC, as the container states it; an export or a cut may
            have put its own time there. None where nothing plausible is stated.
        mirrored: Whether the pictures that are measured are mirror images of those that a player
            shows: the file asks for a mirror, or it was recorded mirrored.
        stream: Which of several films in the file this is, from 0; None where there is one.
        films: What there is to say of each film in the file; empty where it has one.
        fps_assumed: Whether the rate, and with it every time, is a guess.
        n_missing: Frames of a series of stills whose numbers are missing.
        notes: Sentences on what was assumed or chosen.
    """

    path: Path
    width: int
    height: int
    fps: float
    n_frames: int | None
    seconds: float | None
    simulated: bool = False
    recorded_at: datetime | None = None
    mirrored: bool = False
    stream: int | None = None
    films: tuple[str, ...] = ()
    fps_assumed: bool = False
    n_missing: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video.

    Attributes:
        index: Number of the frame from 0.
        seconds: Presentation time from the video's first frame, s.
        image: (height, width, 3) uint8 RGB, upright.
        damaged: Whether it could not be decoded; the image is the last good one then.
        zoom: How large its camera's picture is drawn, of the first picture's: below 1 where a
            picture of another shape was fitted into the first one's.
    """

    index: int
    seconds: float
    image: ByteArray
    damaged: bool = False
    zoom: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The landmarks of one face over T frames.

    Attributes:
        seconds: (T,) frame times, s.
        points: (T, L, 2) float32 image positions, px; NaN in frames without a face.
        scores: (T, A) float32 the landmarker's blendshape scores, 0..1; NaN without a face.
        width: Image width, px.
        height: Image height, px.
        certainty: (T,) how surely there is a face at the points, 0..1; falls where it is turned
            away or mostly hidden; NaN without a face. 1 where it was not measured.
        sharpness: (T,) fine detail of the face over its contrast; depends on the camera, so that a
            frame is judged against the others: below half of their median it is blurred. NaN
            without a face or where it was not measured.
        turn: (T, 3) the face's turn against the line of sight to it as the landmarker's own depths
            show it, rotation vectors, rad; NaN without a face or where it was not measured.
        likeness: (T,) how much mouth and eyes look as they usually do in the recording, that which
            does least: 1 as usual, about 0 where it is covered (`landmarks.occlusion`). NaN without
            a face, where it was not measured, or where too few frames tell what is usual.
    """

    seconds: FloatArray
    points: FloatArray
    scores: FloatArray
    width: int
    height: int
    certainty: FloatArray = field(default_factory=lambda: np.zeros(0))
    sharpness: FloatArray = field(default_factory=lambda: np.zeros(0))
    turn: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    likeness: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame; fill those that were not measured."""
        n = len(self.seconds)
        _check_length(self, ("points", "scores"), n)
        for name in MEASURED:
            given = getattr(self, name)
            if n and not len(given):
                value = 1.0 if name == "certainty" else np.nan
                filled = np.full((n, *given.shape[1:]), value, dtype=np.float32)
                object.__setattr__(self, name, filled)
        _check_length(self, MEASURED, n)

    @property
    def found(self) -> BoolArray:
        """(T,) bool: whether a face was found in the frame."""
        return np.isfinite(self.points[:, 0, 0])

    @property
    def face_px(self) -> FloatArray:
        """(T,) height of the landmarks' bounding box, px; NaN in frames without a face."""
        y = self.points[:, :, 1]
        return np.asarray(y.max(axis=1) - y.min(axis=1))

    def only(self, frames: IntArray) -> Landmarks:
        """Some of the frames."""
        return replace(self, **{name: getattr(self, name)[frames] for name in FRAME_ARRAYS})


class FaceTrack(Protocol):
    """The landmarks of one face over T frames, in memory (`Landmarks`) or in a file."""

    @property
    def seconds(self) -> FloatArray:
        """(T,) frame times, s."""

    @property
    def found(self) -> BoolArray:
        """(T,) bool: whether a face was found in the frame."""

    @property
    def face_px(self) -> FloatArray:
        """(T,) height of the face, px; NaN in frames without one."""

    @property
    def sharpness(self) -> FloatArray:
        """(T,) as in `Landmarks`."""

    def only(self, frames: IntArray) -> Landmarks:
        """Some of the frames, in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How a face moves in T frames: a head's parameters without its shape.

    Attributes:
        seconds: (T,) frame times, s, ascending.
        valid: (T,) bool; the other arrays are NaN where this is false.
        names: The E names of the expression coefficients.
        expression: (T, E) float32 expression coefficients.
        jaw: (T, 3) float32 jaw rotation vectors, rad; 0 in channel sets without a jaw joint.
        rotation: (T, 3) float32 head rotation vectors against the facing pose, rad; NaN in all
            frames where it was not measured.
        translation: (T, 3) float32 head origin in the camera frame, m; NaN likewise.
        gaze: (T, 2, 2) float32 turn of the left and the right eye, to the subject's left and up,
            rad; None where the head has no eyes.
    """

    seconds: FloatArray
    valid: BoolArray
    names: tuple[str, ...]
    expression: FloatArray
    jaw: FloatArray
    rotation: FloatArray
    translation: FloatArray
    gaze: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame and expression a column per name."""
        names = ("valid", "expression", "jaw", "rotation", "translation")
        _check_length(self, names, len(self.seconds))
        if self.gaze is not None:
            _check_length(self, ("gaze",), len(self.seconds))
        if self.expression.shape[1:] != (len(self.names),):
            raise ValueError("Motion.expression needs a column for each of its names")


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """The head's parameters in every frame, and how good they are.

    Attributes:
        motion: How the face moves.
        shape: (S,) float32 shape of the session, standard deviations.
        shape_chunks: (C, S) float32 shape estimated for each second by itself.
        shape_chunk_seconds: (C,) the middle of each chunk, s.
        error_px: (T,) float32 mean distance of landmarks from the fitted head's, px, each counted
            by its weight in the head's table.
        face_px: (T,) float32 face height in the image, px.
        focal_px: Focal length, px.
        converged: Whether the solver's last step was small.
        n_iterations: Steps of the joint solve.
        invalid_reason: (T,) uint8 number in INVALID_REASONS, 0 in valid frames; None when unknown.
        focal_log_sd: Standard deviation of the logarithm of the focal length, where that was
            estimated; None where it was assumed, since the poses did not tell it.
        shape_certainty: How sure the shape is; None where it is not known.
    """

    motion: Motion
    shape: FloatArray
    shape_chunks: FloatArray
    shape_chunk_seconds: FloatArray
    error_px: FloatArray
    face_px: FloatArray
    focal_px: float
    converged: bool
    n_iterations: int
    invalid_reason: ByteArray | None = None
    focal_log_sd: float | None = None
    shape_certainty: ShapeCertainty | None = None

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame or per chunk."""
        _check_length(self, ("error_px", "face_px"), len(self.motion.seconds))
        _check_length(self, ("shape_chunks",), len(self.shape_chunk_seconds))
        if self.shape_certainty is not None:
            self.shape_certainty.check(self.shape_chunks)


@dataclass(frozen=True, slots=True, eq=False)
class PartialFit:
    """Motion of k frames, as it is known while a recording is still being analysed.

    Attributes:
        motion: How the face moves.
        points: (L, 2) landmarks of the last frame, px; NaN where it has no face.
        image: (height, width, 3) uint8 RGB, the last frame; None where it is not kept.
    """

    motion: Motion
    points: FloatArray
    image: ByteArray | None = None


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
    repeated: BoolArray | None = None
    shape_certainty: ShapeCertainty | None = None
    events: Events = ()

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame or per chunk."""
        _check_length(self, ("error_px", "face_px"), len(self.motion.seconds))
        _check_length(self, ("shape_chunks",), len(self.shape_chunk_seconds))
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


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Where a session's motion windows lie in the recognizer's space.

    Attributes:
        vectors: (W, D) float32 coordinates, of any length.
        window_seconds: (W, 2) start and end of each window, s.
    """

    vectors: FloatArray
    window_seconds: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a vector per window."""
        _check_length(self, ("vectors",), len(self.window_seconds))


OF_THE_PROBE = "The recording: "
"""Beginning of the reasons that are the probe's own, where they stand beside the match's."""


@dataclass(frozen=True, slots=True)
class MatchTrust:
    """How far a match can be believed.

    Attributes:
        verdict: "good", "caution" or "do not use".
        probe_reasons: Sentences on the probe's measurement, and so the same for every match.
        match_reasons: Sentences on the speaker's sessions and on how the probe goes with them.
        shape_distance: How far the probe's shape lies from the speaker's, over its noise; NaN
            where that is not known.
    """

    verdict: str
    probe_reasons: tuple[str, ...]
    match_reasons: tuple[str, ...]
    shape_distance: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """All sentences behind the verdict; empty when good."""
        return (*(OF_THE_PROBE + reason for reason in self.probe_reasons), *self.match_reasons)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One enrolled speaker as an answer to "who is it?".

    Attributes:
        name: The speaker.
        score: Cosine of the probe's windows together with the speaker's, -1..1.
        probability: Calibrated probability that the probe is this speaker, 0..1.
        window_scores: (W,) the score of each window of the probe.
        trust: How far it can be believed; None where that was not looked at.
    """

    name: str
    score: float
    probability: float
    window_scores: FloatArray
    trust: MatchTrust | None = None


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """A session of a library that is of the very recording in question.

    Attributes:
        key: Number of the session in the library.
        session: Its name.
        speaker: Whose it is.
        correlation: Of the motion, where the file is another one or is not known; None where it
            is the same.
    """

    key: int
    session: str
    speaker: str
    correlation: float | None = None

    @property
    def words(self) -> str:
        """A sentence on it."""
        of = f"session '{self.session}' of '{self.speaker}'"
        if self.correlation is None:
            return f"This recording is {of}."
        return (
            f"By its motion this recording is the same take as {of} "
            f"(correlation {self.correlation:.2f})."
        )


def left_out_words(known: Sequence[KnownRecording], ranked: Collection[str]) -> str:
    """What leaving the recording's own sessions out of a comparison means; empty without any.

    Args:
        known: These sessions.
        ranked: The speakers who are compared with.
    """
    if not known:
        return ""
    others = [name for name in dict.fromkeys(one.speaker for one in known) if name not in ranked]
    these = "It is" if len(known) == 1 else "They are"
    if not others:
        return f"{these} left out of the comparison: speakers are compared by their other sessions."
    names = " and ".join(f"'{name}'" for name in others)
    has = "has" if len(others) == 1 else "have"
    return (
        f"{these} left out of the comparison, and {names} {has} no other session to compare with."
    )


NOT_IN_GALLERY = "Not in the gallery"
SMALL_GALLERY = 5
"""Speakers below which a ranking says little."""
LEAST_SHOWN = 0.01
"""Smallest difference of probabilities that two decimals are sure to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The answer to "who is it?".

    Attributes:
        matches: The enrolled speakers, best first.
        known: Whether the best one's probability reaches the threshold.
        threshold: The probability below which the answer is "not in the gallery".
        window_seconds: (W, 2) start and end of the probe's windows, s.
        quality: Quality of the probe's session.
        calibrated_on: What the probabilities were calibrated on, in words.
        caution: Why the probabilities cannot be relied on here, a sentence; empty where they can.
        recordings: Sessions of the library that are of this very recording, which the matches
            leave out.
    """

    matches: tuple[Match, ...]
    known: bool
    threshold: float
    window_seconds: FloatArray
    quality: Quality
    calibrated_on: str
    caution: str = ""
    recordings: tuple[KnownRecording, ...] = ()

    @property
    def name(self) -> str:
        """The answer: who it is; nobody where no probability reaches the threshold."""
        return self.matches[0].name if self.known and self.matches else ""

    @property
    def calibrated(self) -> bool:
        """Whether the probabilities can be relied on for this recording."""
        return not self.caution

    def probability_words(self, probability: float) -> str:
        """A probability with two decimals, or more where the best one would equal the threshold."""
        best = self.matches[0].probability if self.matches else 0.0
        near = abs(best - self.threshold) < LEAST_SHOWN
        return f"{probability:.4f}" if near else f"{probability:.2f}"

    def words(self, label: str = "") -> str:
        """The answer as it is said everywhere.

        Args:
            label: What `shown_name` is called, if it is more than the name.
        """
        if not self.shown_name:
            return NOT_IN_GALLERY
        if self.recordings:
            return f"Enrolled already: {label or self.shown_name}"
        nearest = "" if self.calibrated else "Nearest: "
        return f"{nearest}{label or self.shown_name}"

    @property
    def shown_name(self) -> str:
        """Whom `words` names: whose recording it is, the answer, or the nearest.

        The nearest is named where no answer is calibrated.
        """
        if self.recordings:
            return self.recordings[0].speaker
        return self.name if self.calibrated or not self.matches else self.matches[0].name

    @property
    def recording_words(self) -> str:
        """Which sessions of the library this very recording is, in sentences; empty for none."""
        told = [one.words for one in self.recordings]
        names = [match.name for match in self.matches]
        return " ".join([*told, left_out_words(self.recordings, names)]).strip()

    @property
    def gallery_words(self) -> str:
        """What a ranking of so few people means, a sentence; empty for SMALL_GALLERY and more."""
        n_enrolled = len(self.matches)
        if n_enrolled >= SMALL_GALLERY or not n_enrolled:
            return ""
        if n_enrolled == 1:
            return "Only one speaker is enrolled: every recording ranks them first."
        return (
            f"Only {n_enrolled} speakers are enrolled: by chance alone the right one is first "
            f"in {1 / n_enrolled:.0%}."
        )


class SameSpeaker(StrEnum):
    """The answer to "is it this speaker?"."""

    SAME = "same"
    OTHER = "not the same"
    OPEN = "cannot be told"


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """One recording compared with one speaker.

    Attributes:
        answer: Whether it is the speaker.
        reason: Why it cannot be told, or what the answer rests on, a sentence.
        match: The speaker's match; None where no other session of theirs can be compared with.
        false_accept_rate: Share of strangers who reach this score with one speaker, 0.001..0.5;
            None where the probabilities are not calibrated for such a recording.
        quality: Quality of the recording's session.
        calibrated_on: What the probabilities were calibrated on, in words.
        recordings: Sessions of the library that are of this very recording; they are not compared
            with.
    """

    answer: SameSpeaker
    reason: str
    match: Match | None
    false_accept_rate: float | None
    quality: Quality
    calibrated_on: str
    recordings: tuple[KnownRecording, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SessionDrift:
    """The shape drift of one session of a speaker.

    Attributes:
        name: The session.
        n_chunks: Chunks of shape, one a second.
        n_effective: Independent chunks, from the autocorrelation time.
        noise: Root of the trace of the within-session covariance, standard deviations.
        distance: Distance of the session's mean shape from the mean of the speaker's other
            sessions, standard deviations; None with one session.
        dnr: `distance` over the speaker's noise; None with one session.
        dnr_interval: 90 % block-bootstrap interval of `dnr`; None with one session.
        split_half_drift: Distance of the two halves' means, standard deviations.
    """

    name: str
    n_chunks: int
    n_effective: float
    noise: float
    distance: float | None
    dnr: float | None
    dnr_interval: tuple[float, float] | None
    split_half_drift: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """What may move the shape that is estimated from a session; NaN where it is not known.

    Attributes:
        name: The session.
        face_px: Median face height, px.
        turned_deg: Median turn of the head away from the camera, degrees.
        pose_range_deg: Span of the middle 80 % of the head's turn, about the axis about which it
            turns most, degrees.
        focal_widths: Focal length over the picture's longer side.
        error_percent_face: Mean landmark error of the valid frames, percent of face height.
        valid_share: Valid frames, 0..1.
        blurred_share: Frames left out since they are blurred, 0..1.
        sharpness: Median fine detail of the face over its contrast.
        brightness: Median brightness of the face, 0 black to 1 white.
        light_change: Span of the middle 80 % of its brightness, over the median.
        excluded_share: Frames that the user has excluded, 0..1; none of them counts above.
    """

    name: str
    face_px: float
    turned_deg: float
    pose_range_deg: float
    focal_widths: float
    error_percent_face: float
    valid_share: float
    blurred_share: float
    sharpness: float
    brightness: float
    light_change: float
    excluded_share: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class DriftReport:
    """The drift-to-noise ratio of one speaker over their sessions.

    Attributes:
        speaker: The speaker.
        sessions: One entry a session with two chunks of shape or more, in the order given.
        noise: Root of the mean within-session variance, standard deviations.
        drift: Mean distance between session means; None with one session.
        dnr: `drift / noise`; None with one session.
        drift_corrected: As `drift`, the wandering of the means themselves taken off.
        dnr_corrected: `drift_corrected` over the noise of long sessions; None with one session.
        dnr_corrected_interval: Its 90 % interval; None with one session.
        note: What limits it, such as "needs two sessions"; may be empty.
        conditions: Under which each session was recorded, in the order given.
    """

    speaker: str
    sessions: tuple[SessionDrift, ...]
    noise: float
    drift: float | None
    dnr: float | None
    drift_corrected: float | None
    dnr_corrected: float | None
    dnr_corrected_interval: tuple[float, float] | None
    note: str
    conditions: tuple[Conditions, ...] = ()


@dataclass(frozen=True, slots=True)
class NoDrift:
    """A speaker whose drift cannot be measured.

    Attributes:
        speaker: The speaker.
        reason: Why not, a sentence.
    """

    speaker: str
    reason: str
