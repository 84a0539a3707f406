"""One face followed from frame to frame."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from facedyn_app.landmarks.detector import as_mediapipe, open_landmarker, result_faces
from facedyn_app.landmarks.faces import Box, Face
from facedyn_app.records import ByteArray, Frame
from facedyn_app.settings import LandmarkSettings

_HIDDEN_GREY = 127


class Follower:
    """Follows one face with a landmarker of its own; to be closed.

    A landmarker for one face tracks and smooths; one for several faces does neither as long as
    it sees fewer than it may. So every face has its own, and each is shown the picture with the
    other faces hidden: a face is measured in the same way whether it is alone or not.

    Args:
        settings: Confidences.

    Attributes:
        number: Identity of the face followed; 0 before one was found.
        box: Where the face was seen last, px; None before one was found.
        seen: When it was seen last, s; minus infinity before.
        n_seen: In how many frames it was seen under its number.
    """

    def __init__(self, settings: LandmarkSettings) -> None:
        self._landmarker = open_landmarker(settings, 1, video=True)
        self._last_ms = 0
        self.number = 0
        self.box: Box | None = None
        self.seen = -inf
        self.n_seen = 0

    def close(self) -> None:
        """Free the model."""
        self._landmarker.close()

    def find(self, frame: Frame, hidden: Iterable[Box]) -> Face | None:
        """The face in the next frame, not yet numbered, or None.

        Args:
            frame: The next frame; frames come in order of time.
            hidden: Boxes of other faces.
        """
        image = _without(frame.image, hidden)
        # MediaPipe wants growing whole milliseconds; the true times stay in the frames.
        self._last_ms = max(self._last_ms + 1, 1 + round(1000 * frame.seconds))
        result = self._landmarker.detect_for_video(as_mediapipe(image), self._last_ms)
        height, width = frame.image.shape[:2]
        found = result_faces(result, width, height)
        return Face(self.number, *found[0]) if found else None

    def take(self, face: Face, seconds: float) -> None:
        """Remember the face as the one followed, seen at a time."""
        self.n_seen = self.n_seen + 1 if face.number == self.number else 1
        self.number, self.box, self.seen = face.number, face.box, seconds

    def forget(self) -> None:
        """Be ready to follow another face."""
        self.number, self.box, self.seen, self.n_seen = 0, None, -inf, 0


def _without(image: ByteArray, boxes: Iterable[Box]) -> ByteArray:
    """The picture with boxes painted grey; itself where there are none."""
    boxes = list(boxes)
    if not boxes:
        return image
    image = image.copy()
    for left, top, right, bottom in boxes:
        grow_x, grow_y = 0.1 * (right - left), 0.1 * (bottom - top)
        rows = slice(max(0, int(top - grow_y)), max(0, int(bottom + grow_y)))
        columns = slice(max(0, int(left - grow_x)), max(0, int(right + grow_x)))
        image[rows, columns] = _HIDDEN_GREY
    return image
