"""Collection of the landmarks of one face over a whole video, from the faces of its frames."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.landmarks.faces import FrameFaces, crop, squares_of
from facedyn_app.landmarks.track_store import NOWHERE, ROW_WIDTH, FaceNotes, RowFile, StoredTrack
from facedyn_app.records import BoolArray, ByteArray, FloatArray, Landmarks, VideoInfo

ANY_FACE = 0
THUMBNAIL_PX = 96
SAMPLED_PX = 8
"""Pictures that agree in every so-manieth pixel are the same one: noise alone would tell them."""
# A thumbnail is taken again of a face that is so much larger and surer.
_CLEARLY_BETTER = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """One of the faces of a video, as a person chooses between them.

    Attributes:
        number: Its identity within the video, from 1.
        first_seconds: When it was seen first, s.
        last_seconds: When it was seen last, s.
        n_frames: In how many frames it was seen.
        seconds: For how long in all, s.
        thumbnail: (96, 96, 3) uint8 RGB, the face upright where it was seen best.
    """

    number: int
    first_seconds: float
    last_seconds: float
    n_frames: int
    seconds: float
    thumbnail: ByteArray


class TrackCollector:
    """Gathers the faces of a video's frames, without their pictures, the points in a file.

    Args:
        info: The video.

    Raises:
        OutputError: The system's folder for temporary files cannot be written.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        self._file = RowFile(ROW_WIDTH)
        self._seconds = array("d")
        self._repeated = array("b")
        self._damaged = array("b")
        self._zoom = array("f")
        self._sampled: ByteArray = np.zeros(0, np.uint8)
        self._faces: dict[int, FaceNotes] = {}
        self._thumbnails: dict[int, tuple[float, ByteArray]] = {}

    def add(self, found: FrameFaces) -> None:
        """Take in the faces of the next frame.

        Raises:
            OutputError: There is no room left for temporary files.
        """
        damaged = found.frame.damaged
        for face in found.faces if not damaged else ():
            self._faces.setdefault(face.number, FaceNotes()).add(self.n_frames, face, self._file)
            best, _ = self._thumbnails.get(face.number, (0.0, None))
            if face.height * face.certainty > _CLEARLY_BETTER * best:
                shown = crop(found.frame.image, squares_of(face.points[None])[0], THUMBNAIL_PX)
                self._thumbnails[face.number] = (face.height * face.certainty, shown)
        self._seconds.append(found.frame.seconds)
        sampled = found.frame.image[::SAMPLED_PX, ::SAMPLED_PX].copy()
        self._repeated.append(not damaged and np.array_equal(sampled, self._sampled))
        self._damaged.append(damaged)
        self._zoom.append(found.frame.zoom)
        self._sampled = sampled

    @property
    def n_frames(self) -> int:
        """Frames taken in so far."""
        return len(self._seconds)

    @property
    def seconds(self) -> FloatArray:
        """(T,) times of the frames, s."""
        return np.array(self._seconds)

    @property
    def damaged(self) -> BoolArray:
        """(T,) whether each frame could not be decoded."""
        return np.array(self._damaged, dtype=bool)

    @property
    def zooms(self) -> set[float]:
        """How large the cameras' pictures are drawn (`Frame.zoom`)."""
        return set(self._zoom)

    @property
    def n_seen(self) -> dict[int, int]:
        """In how many frames each face was seen, by number, the main face first."""
        return {number: len(self._faces[number].frames) for number in self._by_presence()}

    def faces(self) -> tuple[SeenFace, ...]:
        """The faces seen so far, the main face first, for a person to choose from."""
        return tuple(self._seen(number) for number in self._by_presence())

    def _seen(self, number: int) -> SeenFace:
        frames = self._faces[number].frames
        first, last = self._seconds[frames[0]], self._seconds[frames[-1]]
        seconds = len(frames) * (self._seconds[-1] - self._seconds[0]) / max(1, self.n_frames - 1)
        return SeenFace(number, first, last, len(frames), seconds, self._thumbnails[number][1])

    def _by_presence(self) -> list[int]:
        """Numbers of the faces, the one that was seen longest and largest first."""
        return sorted(self._faces, key=lambda number: (-self._faces[number].presence, number))

    def number_of(self, number: int = ANY_FACE) -> int:
        """The number of a face that was asked for.

        Args:
            number: The face, from 1, or 0 for the one that was seen longest and largest.

        Raises:
            InputError: No face was found, or none has this number.
        """
        order = self._by_presence()
        if not order:
            raise InputError(
                f"No face was found in the video '{self._info.path}'.",
                "The face must be visible from the front and at least about 50 pixels high.",
            )
        if number != ANY_FACE and number not in self._faces:
            raise InputError(
                f"The video '{self._info.path}' has no face number {number}.",
                f"Choose from {', '.join(str(n) for n in sorted(order))}, or 0 for the main face.",
            )
        return number or order[0]

    def track(self, number: int = ANY_FACE) -> StoredTrack:
        """The landmarks of one face; NaN in the frames where it was not seen.

        Args:
            number: The face, from 1, or 0 for the one that was seen longest and largest.

        Raises:
            InputError: No face was found, or none has this number.
        """
        notes = self._faces[self.number_of(number)]
        return self._track(notes, 0, notes.likeness(self._file))

    def newest(self, n_frames: int, number: int = ANY_FACE) -> Landmarks:
        """The landmarks of one face in the frames added last; all NaN while it is not seen.

        Its likeness is not known before the end.

        Args:
            n_frames: How many frames.
            number: The face, from 1, or 0 for the one seen longest and largest so far.
        """
        order = self._by_presence()
        main = order[0] if order else ANY_FACE
        notes = self._faces.get(number or main, FaceNotes())
        first = max(0, self.n_frames - n_frames)
        return self._track(notes, first, np.full(len(notes.frames), np.nan)).whole()

    def _track(self, notes: FaceNotes, first: int, likeness: FloatArray) -> StoredTrack:
        """What is noted of a face in the frames from one on."""
        n = self.n_frames - first
        begin = bisect_left(notes.frames, first)
        frames = np.array(notes.frames[begin:], dtype=np.int64) - first
        row = np.full(n, NOWHERE)
        row[frames] = notes.rows[begin:]

        def spread(column: array[float] | FloatArray) -> FloatArray:
            values = np.full(n, np.nan, dtype=np.float32)
            values[frames] = column[begin:]
            return values

        return StoredTrack(
            seconds=np.array(self._seconds[first:]),
            width=self._info.width,
            height=self._info.height,
            face_px=spread(notes.heights),
            certainty=spread(notes.certainty),
            sharpness=spread(notes.sharpness),
            brightness=spread(notes.brightness),
            left_eye_contrast=spread(notes.left_eye_contrast),
            right_eye_contrast=spread(notes.right_eye_contrast),
            light_ratio=spread(notes.light_ratio),
            likeness=spread(likeness),
            repeated=np.array(self._repeated[first:], dtype=bool),
            damaged=np.array(self._damaged[first:], dtype=bool),
            zoom=np.array(self._zoom[first:]),
            row=row,
            file=self._file,
        )


def collect_face(found: Iterable[FrameFaces], info: VideoInfo, number: int = ANY_FACE) -> Landmarks:
    """The landmarks of one face from the faces of all frames of a video.

    Args:
        found: The frames with their faces, as `track_faces` gives them.
        info: The video.
        number: The face, from 1, or 0 for the one that was seen longest and largest.

    Raises:
        InputError: No face was found, or none has this number.
    """
    collector = TrackCollector(info)
    for frame_faces in found:
        collector.add(frame_faces)
    return collector.track(number).whole()
