"""Recordings: what a video says of itself, its pictures, and a face's landmarks in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from facedyn_app.records.arrays import BoolArray, ByteArray, FloatArray, IntArray, check_length

N_LANDMARKS = 478
N_BLENDSHAPES = 52

MEASURED = ("certainty", "sharpness", "turn", "likeness")
"""What is measured of a face beside its landmarks."""

FRAME_ARRAYS = ("seconds", "points", "scores", *MEASURED)
"""The arrays of `Landmarks`, a row a frame."""


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
        check_length(self, ("points", "scores"), n)
        for name in MEASURED:
            given = getattr(self, name)
            if n and not len(given):
                value = 1.0 if name == "certainty" else np.nan
                filled = np.full((n, *given.shape[1:]), value, dtype=np.float32)
                object.__setattr__(self, name, filled)
        check_length(self, MEASURED, n)

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
