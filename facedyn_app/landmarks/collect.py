"""The landmarks of one face over a whole video, from the faces of its frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.landmarks.crops import crop, squares_of
from facedyn_app.landmarks.faces import Face, FrameFaces
from facedyn_app.records import N_ACTIONS, N_LANDMARKS, ByteArray, Landmarks, VideoInfo

ANY_FACE = 0
THUMBNAIL_PX = 96
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
    """Gathers the faces of a video's frames, without their pictures.

    Args:
        info: The video.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        self._seconds: list[float] = []
        self._tracks: dict[int, list[tuple[int, Face]]] = {}
        self._thumbnails: dict[int, tuple[float, ByteArray]] = {}

    def add(self, found: FrameFaces) -> None:
        """Take in the faces of the next frame."""
        row = len(self._seconds)
        self._seconds.append(found.frame.seconds)
        for face in found.faces:
            self._tracks.setdefault(face.number, []).append((row, face))
            best, _ = self._thumbnails.get(face.number, (0.0, None))
            if face.height * face.certainty > _CLEARLY_BETTER * best:
                shown = crop(found.frame.image, squares_of(face.points[None])[0], THUMBNAIL_PX)
                self._thumbnails[face.number] = (face.height * face.certainty, shown)

    @property
    def n_frames(self) -> int:
        """Frames taken in so far."""
        return len(self._seconds)

    @property
    def n_seen(self) -> dict[int, int]:
        """In how many frames each face was seen, by number, the main face first."""
        return {number: len(self._tracks[number]) for number in self._by_presence()}

    def faces(self) -> tuple[SeenFace, ...]:
        """The faces seen so far, the main face first, for a person to choose from."""
        return tuple(self._seen(number) for number in self._by_presence())

    def _seen(self, number: int) -> SeenFace:
        rows = self._tracks[number]
        first, last = self._seconds[rows[0][0]], self._seconds[rows[-1][0]]
        seconds = len(rows) * (self._seconds[-1] - self._seconds[0]) / max(1, self.n_frames - 1)
        return SeenFace(number, first, last, len(rows), seconds, self._thumbnails[number][1])

    def _by_presence(self) -> list[int]:
        """Numbers of the faces, the one that was seen longest and largest first."""

        def presence(number: int) -> float:
            return sum(face.height for _, face in self._tracks[number])

        return sorted(self._tracks, key=lambda number: (-presence(number), number))

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
        if number != ANY_FACE and number not in self._tracks:
            raise InputError(
                f"The video '{self._info.path}' has no face number {number}.",
                f"Choose from {', '.join(str(n) for n in sorted(order))}, or 0 for the main face.",
            )
        return number or order[0]

    def landmarks(self, number: int = ANY_FACE) -> Landmarks:
        """The landmarks of one face; NaN in the frames where it was not seen.

        Args:
            number: The face, from 1, or 0 for the one that was seen longest and largest.

        Raises:
            InputError: No face was found, or none has this number.
        """
        return self._gather(self.number_of(number), 0)

    def newest(self, n_frames: int, number: int = ANY_FACE) -> Landmarks:
        """The landmarks of one face in the frames added last; all NaN while it is not seen.

        Args:
            n_frames: How many frames.
            number: The face, from 1, or 0 for the one seen longest and largest so far.
        """
        order = self._by_presence()
        main = order[0] if order else ANY_FACE
        return self._gather(number or main, max(0, self.n_frames - n_frames))

    def _gather(self, number: int, first: int) -> Landmarks:
        n = self.n_frames - first
        points = np.full((n, N_LANDMARKS, 2), np.nan, dtype=np.float32)
        scores = np.full((n, N_ACTIONS), np.nan, dtype=np.float32)
        sure = np.full((n, 2), np.nan, dtype=np.float32)
        for row, face in reversed(self._tracks.get(number, [])):
            if row < first:
                break
            points[row - first], scores[row - first] = face.points, face.scores
            sure[row - first] = face.certainty, face.sharpness
        seconds, info = np.array(self._seconds[first:]), self._info
        return Landmarks(seconds, points, scores, info.width, info.height, *sure.T)


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
    return collector.landmarks(number)
