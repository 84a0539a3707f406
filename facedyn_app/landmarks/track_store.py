"""Storage of a face's landmarks in a temporary file: a few numbers a frame are in memory."""

from __future__ import annotations

import os
import weakref
from array import array
from dataclasses import dataclass, field, replace
from math import ceil
from tempfile import TemporaryFile, gettempdir
from threading import Lock
from typing import Any

import numpy as np

from facedyn_app.errors import OutputError
from facedyn_app.landmarks.faces import Face
from facedyn_app.landmarks.occlusion import MOST_FRAMES, N_PLACES, UsualAppearance
from facedyn_app.records import (
    N_BLENDSHAPES,
    N_LANDMARKS,
    BoolArray,
    ByteArray,
    FloatArray,
    IntArray,
    Landmarks,
)
from facedyn_app.stream_cipher import KEY_BYTES, StreamCipher

N_POINT_NUMBERS = 2 * N_LANDMARKS
N_SCORE_NUMBERS = N_POINT_NUMBERS + N_BLENDSHAPES
N_TURN_NUMBERS = N_SCORE_NUMBERS + 3
ROW_WIDTH = N_TURN_NUMBERS + N_PLACES * 3 // 4  # four shades in the place of a number
_BLOCK_FRAMES = 2048
NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class StoredTrack:
    """The landmarks of one face over T frames, its points in a file (`records.FaceTrack`).

    Attributes:
        seconds: (T,) frame times, s.
        width: Image width, px.
        height: Image height, px.
        face_px: (T,) as in `Landmarks`.
        certainty: (T,) as in `Landmarks`.
        sharpness: (T,) as in `Landmarks`.
        brightness: (T,) float32 `Face.brightness`; NaN without a face.
        left_eye_contrast: (T,) float32 of `Face.eye_contrasts`; NaN without a face.
        right_eye_contrast: (T,) likewise.
        light_ratio: (T,) float32 `Face.light_ratio`; NaN without a face.
        likeness: (T,) as in `Landmarks`.
        repeated: (T,) bool: whether the picture is that of the frame before once more.
        damaged: (T,) bool: whether the picture could not be decoded.
        zoom: (T,) how large its camera's picture is drawn, of the first picture's.
        row: (T,) number of each frame's row in the file; -1 without a face.
        file: Points, scores, turns and shades.
        own_cameras: Whether `only` gives points as each frame's own camera saw them.
    """

    seconds: FloatArray
    width: int
    height: int
    face_px: FloatArray
    certainty: FloatArray
    sharpness: FloatArray
    brightness: FloatArray
    left_eye_contrast: FloatArray
    right_eye_contrast: FloatArray
    light_ratio: FloatArray
    likeness: FloatArray
    repeated: BoolArray
    damaged: BoolArray
    zoom: FloatArray
    row: IntArray
    file: RowFile

    own_cameras: bool = False

    @property
    def found(self) -> BoolArray:
        """(T,) bool: whether a face was found in the frame."""
        return np.not_equal(self.row, NOWHERE)

    def in_own_cameras(self) -> StoredTrack:
        """The same with each frame's points as its own camera saw them, all of one focal length.

        A camera's focal length is taken as a share of its picture's longer side, so that a picture
        drawn at a zoom z has z times the focal length: its points are moved by 1 / z from the
        middle of the picture.
        """
        return replace(self, face_px=self.face_px / self.zoom, own_cameras=True)

    def only(self, frames: IntArray) -> Landmarks:
        """Some of the frames, read into memory."""
        values = np.full((len(frames), ROW_WIDTH), np.nan, dtype=np.float32)
        there = self.found[frames]
        values[there] = self.file.read(self.row[frames[there]])
        points: FloatArray = values[:, :N_POINT_NUMBERS].reshape(-1, N_LANDMARKS, 2)
        if self.own_cameras:
            middle = 0.5 * np.array([self.width, self.height], np.float32)
            points = middle + (points - middle) / self.zoom[frames, None, None]
        return Landmarks(
            seconds=self.seconds[frames],
            points=points.astype(np.float32, copy=False),
            scores=values[:, N_POINT_NUMBERS:N_SCORE_NUMBERS],
            width=self.width,
            height=self.height,
            certainty=self.certainty[frames],
            sharpness=self.sharpness[frames],
            turn=values[:, N_SCORE_NUMBERS:N_TURN_NUMBERS],
            likeness=self.likeness[frames],
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
        brightness: See `Face`.
        left_eye_contrast: See `Face.eye_contrasts`.
        right_eye_contrast: Likewise.
        light_ratio: See `Face`.
        presence: Sum of the heights, by which faces are ranked.
    """

    frames: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))
    heights: array[float] = field(default_factory=lambda: array("f"))
    certainty: array[float] = field(default_factory=lambda: array("f"))
    sharpness: array[float] = field(default_factory=lambda: array("f"))
    brightness: array[float] = field(default_factory=lambda: array("f"))
    left_eye_contrast: array[float] = field(default_factory=lambda: array("f"))
    right_eye_contrast: array[float] = field(default_factory=lambda: array("f"))
    light_ratio: array[float] = field(default_factory=lambda: array("f"))
    presence: float = 0.0

    def add(self, frame: int, face: Face, file: RowFile) -> None:
        """Note a face seen in the next frame, its points into the file."""
        self.frames.append(frame)
        shades = face.shades.ravel().view(np.float32)
        row = [face.points.ravel(), face.scores, face.turn, shades]
        self.rows.append(file.add(np.concatenate(row, dtype=np.float32)))
        self.heights.append(face.height)
        self.certainty.append(face.certainty)
        self.sharpness.append(face.sharpness)
        self.brightness.append(face.brightness)
        left, right = face.eye_contrasts
        self.left_eye_contrast.append(left)
        self.right_eye_contrast.append(right)
        self.light_ratio.append(face.light_ratio)
        self.presence += face.height

    def likeness(self, file: RowFile) -> FloatArray:
        """(n,) how much the face looks as usual in each frame noted, as in `Landmarks`."""
        rows = np.array(self.rows, dtype=np.int64)
        usual = UsualAppearance(_shades(file, rows[:: max(1, ceil(len(rows) / MOST_FRAMES))]))
        starts = range(0, len(rows), _BLOCK_FRAMES)
        blocks = (_shades(file, rows[i : i + _BLOCK_FRAMES]) for i in starts)
        return np.concatenate([usual.likeness(block) for block in blocks])


def _shades(file: RowFile, rows: IntArray) -> ByteArray:
    """(N, K, 3) uint8 the shades in some rows."""
    kept = np.ascontiguousarray(file.read(rows)[:, N_TURN_NUMBERS:])
    return kept.view(np.uint8).reshape(-1, N_PLACES, 3)


class RowFile:
    """Rows of float32, added at the end and read by number, from any thread.

    The file has no name where the system allows that, and goes with this object or with the
    process, in whatever way that ends; it is encrypted under a key that is in memory alone.

    Args:
        width: Numbers in a row.

    Raises:
        OutputError: The system's folder for temporary files cannot be written.
    """

    def __init__(self, width: int) -> None:
        self._width, self._n_rows, self._lock = width, 0, Lock()
        self._cipher = StreamCipher(os.urandom(KEY_BYTES))
        try:
            # without a buffer, closing has nothing left to write that could fail
            self._file = TemporaryFile(buffering=0, prefix="facedyn-")  # noqa: SIM115  # see above
        except OSError as error:
            raise _unwritable(error) from error
        weakref.finalize(self, self._file.close)

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process the rows go, which puts them into a file of its own."""
        return _file_of, (self._width, self.read(np.arange(self._n_rows)))

    def add(self, row: FloatArray) -> int:
        """Write a row (width,) and give its number, from 0.

        Raises:
            OutputError: There is no room left.
        """
        return self.extend(row[None])

    def extend(self, rows: FloatArray) -> int:
        """Write rows (N, width) and give the first one's number, from 0.

        Raises:
            OutputError: There is no room left.
        """
        with self._lock:
            first = 4 * self._width * self._n_rows
            left = memoryview(self._cipher(rows.astype(np.float32).tobytes(), first))
            try:
                self._file.seek(first)
                while left:
                    left = left[self._file.write(left) :]
            except OSError as error:
                raise _unwritable(error) from error
            self._n_rows += len(rows)
            return self._n_rows - len(rows)

    def read(self, rows: IntArray) -> FloatArray:
        """The rows (N, width) of some numbers (N,)."""
        values = np.empty((len(rows), self._width), dtype=np.float32)
        with self._lock:
            for row, value in zip(rows.tolist(), values, strict=True):
                self._file.seek(4 * self._width * row)
                read = self._cipher(self._file.read(4 * self._width), 4 * self._width * row)
                value[:] = np.frombuffer(read, dtype=np.float32)
        return values


def _file_of(width: int, rows: FloatArray) -> RowFile:
    """A file of its own with the rows (N, width) of another process'."""
    file = RowFile(width)
    file.extend(rows)
    return file


def _unwritable(error: OSError) -> OutputError:
    reason = error.strerror or os.strerror(error.errno or 0)
    return OutputError(
        f"The folder for temporary files, '{gettempdir()}', cannot be written: {reason}.",
        "Make room there (8 MB for a minute of each face), or name another folder in TMPDIR.",
    )
