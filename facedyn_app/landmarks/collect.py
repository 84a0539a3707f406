"""The landmarks of one face over a whole video, from the faces of its frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.landmarks.faces import Face, FrameFaces
from facedyn_app.records import N_ACTIONS, N_LANDMARKS, Landmarks, VideoInfo

ANY_FACE = 0


class TrackCollector:
    """Gathers the faces of a video's frames, without their pictures.

    Args:
        info: The video.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        self._seconds: list[float] = []
        self._tracks: dict[int, list[tuple[int, Face]]] = {}

    def add(self, found: FrameFaces) -> None:
        """Take in the faces of the next frame."""
        row = len(self._seconds)
        self._seconds.append(found.frame.seconds)
        for face in found.faces:
            self._tracks.setdefault(face.number, []).append((row, face))

    @property
    def n_frames(self) -> int:
        """Frames taken in so far."""
        return len(self._seconds)

    @property
    def n_seen(self) -> dict[int, int]:
        """In how many frames each face was seen, by number, the main face first."""
        return {number: len(self._tracks[number]) for number in self._by_presence()}

    def _by_presence(self) -> list[int]:
        """Numbers of the faces, the one that was seen longest and largest first."""

        def presence(number: int) -> float:
            return sum(face.height for _, face in self._tracks[number])

        return sorted(self._tracks, key=lambda number: (-presence(number), number))

    def landmarks(self, number: int = ANY_FACE) -> Landmarks:
        """The landmarks of one face; NaN in the frames where it was not seen.

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
        return self._gather(number or order[0], 0)

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
        for row, face in reversed(self._tracks.get(number, [])):
            if row < first:
                break
            points[row - first], scores[row - first] = face.points, face.scores
        seconds = np.array(self._seconds[first:])
        return Landmarks(seconds, points, scores, self._info.width, self._info.height)


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
