"""The landmarks of one face, however long the video: a few numbers a frame are in memory."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from facedyn_app.landmarks.faces import Face
from facedyn_app.landmarks.row_file import RowFile
from facedyn_app.records import N_ACTIONS, N_LANDMARKS, BoolArray, FloatArray, IntArray, Landmarks

N_POINT_NUMBERS = 2 * N_LANDMARKS
N_SCORE_NUMBERS = N_POINT_NUMBERS + N_ACTIONS
ROW_WIDTH = N_SCORE_NUMBERS + 3
NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class KeptTrack:
    """The landmarks of one face over T frames, its points in a file (`records.FaceTrack`).

    Attributes:
        seconds: (T,) frame times, s.
        width: Image width, px.
        height: Image height, px.
        face_px: (T,) as in `Landmarks`.
        certainty: (T,) as in `Landmarks`.
        sharpness: (T,) as in `Landmarks`.
        row: (T,) number of each frame's row in the file; -1 without a face.
        file: Points, scores and turns.
    """

    seconds: FloatArray
    width: int
    height: int
    face_px: FloatArray
    certainty: FloatArray
    sharpness: FloatArray
    row: IntArray
    file: RowFile

    @property
    def found(self) -> BoolArray:
        """(T,) bool: whether a face was found in the frame."""
        return np.not_equal(self.row, NOWHERE)

    def only(self, frames: IntArray) -> Landmarks:
        """Some of the frames, read into memory."""
        values = np.full((len(frames), ROW_WIDTH), np.nan, dtype=np.float32)
        there = self.found[frames]
        values[there] = self.file.read(self.row[frames[there]])
        return Landmarks(
            seconds=self.seconds[frames],
            points=values[:, :N_POINT_NUMBERS].reshape(-1, N_LANDMARKS, 2),
            scores=values[:, N_POINT_NUMBERS:N_SCORE_NUMBERS],
            width=self.width,
            height=self.height,
            certainty=self.certainty[frames],
            sharpness=self.sharpness[frames],
            turn=values[:, N_SCORE_NUMBERS:],
        )

    def whole(self) -> Landmarks:
        """All frames, read into memory: half a gigabyte for an hour."""
        return self.only(np.arange(len(self.seconds)))


@dataclass(slots=True, eq=False)
class FaceNotes:
    """What is noted of one face in the frames where it is seen, while a video is followed.

    Attributes:
        frames: Numbers of the frames.
        rows: Their rows in the file.
        heights: Height of the face, px.
        certainty: See `Face`.
        sharpness: See `Face`.
        presence: Sum of the heights, by which faces are ranked.
    """

    frames: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    heights: array[float] = field(default_factory=lambda: array("f"))
    certainty: array[float] = field(default_factory=lambda: array("f"))
    sharpness: array[float] = field(default_factory=lambda: array("f"))
    presence: float = 0.0

    def add(self, frame: int, face: Face, file: RowFile) -> None:
        """Note a face seen in the next frame, its points into the file."""
        self.frames.append(frame)
        self.rows.append(file.add(np.concatenate([face.points.ravel(), face.scores, face.turn])))
        self.heights.append(face.height)
        self.certainty.append(face.certainty)
        self.sharpness.append(face.sharpness)
        self.presence += face.height
