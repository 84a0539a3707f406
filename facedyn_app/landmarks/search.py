"""When and where a video is searched for faces that nobody follows yet."""

from __future__ import annotations

from math import inf

from facedyn_app.landmarks.face_finder import Detection, FaceFinder, tiles, whole_picture
from facedyn_app.records import Frame

# With a face in sight, the whole picture is searched for others so often, s.
_OTHERS_SECONDS = 0.2
# Without one, tiles are searched at once and then ever more rarely, up to so often, s.
_TILES_SECONDS, _TILES_MOST_SECONDS = 0.5, 8.0
# The detector sees faces of about an eighth of its square and more; tiles of this side find faces
# of some 40 px.
_LEAST_TILE_PX = 300.0


class Search:
    """Searches frames for faces, in tiles of the picture where the whole of it shows none.

    Args:
        finder: The detector.
    """

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._next_whole = self._next_tiles = -inf
        self._wait = _TILES_SECONDS

    def find(self, frame: Frame, n_in_sight: int) -> list[Detection]:
        """The faces in a frame if it is time to search it, the largest first.

        Args:
            frame: The frame; frames come in order of time.
            n_in_sight: Faces in the frame that are followed already.
        """
        if n_in_sight and frame.seconds < self._next_whole:
            return []
        self._next_whole = frame.seconds + _OTHERS_SECONDS
        found = self._finder.find(frame.image, whole_picture(frame.image))
        if not found and not n_in_sight and frame.seconds >= self._next_tiles:
            self._next_tiles = frame.seconds + self._wait
            self._wait = min(2 * self._wait, _TILES_MOST_SECONDS)
            found = self._in_tiles(frame)
        return sorted(found, key=lambda face: -face.square[2])

    def was_right(self) -> None:
        """Search tiles again at once when the face just found is lost."""
        self._next_tiles, self._wait = -inf, _TILES_SECONDS

    def _in_tiles(self, frame: Frame) -> list[Detection]:
        """The faces in the largest tiles that show any."""
        side = float(min(frame.image.shape[:2]))
        while side >= _LEAST_TILE_PX:
            found = self._finder.find(frame.image, tiles(frame.image, side))
            if found:
                return found
            side /= 2 if side > 2 * _LEAST_TILE_PX else 1.5
        return []
