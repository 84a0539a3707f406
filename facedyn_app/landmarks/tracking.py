"""Faces followed through a video, each under a number that stays its own."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from math import inf

from facedyn_app.landmarks.detector import detected_boxes, open_detector
from facedyn_app.landmarks.faces import Box, Face, FrameFaces, moved, overlap
from facedyn_app.landmarks.follower import Follower
from facedyn_app.landmarks.read_ahead import read_ahead
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.records import Frame, VideoInfo
from facedyn_app.settings import LandmarkSettings

# The whole picture is searched for further faces so often; one search costs a fifth of a frame.
_SEARCH_SECONDS = 0.5
# A face that jumps by this many of its heights from one frame to the next is another face.
_JUMP_HEIGHTS = 1.0
# After this long out of sight a face's place says nothing any more about who comes back.
_FORGET_SECONDS = 1.0
# A face that stayed away this long is no longer looked for beside others.
_GIVE_UP_SECONDS = 2.0
# A face seen in fewer frames than this may still be settling where it is.
_YOUNG_FRAMES = 5
_SAME_PLACE = 0.3
_LEAST_OVERLAP = 0.1


class FaceTracker:
    """Follows the faces of one video; a context manager.

    Identity is a matter of place: a face keeps its number while it stays near where it was; a
    jump (a cut to another camera, say) begins a new number, or that of the face last seen at the
    place jumped to. With `max_faces` 1 there is only number 1.

    Args:
        settings: Confidences and the most faces followed at a time.

    Raises:
        InputError: The model is missing or damaged.
    """

    def __init__(self, settings: LandmarkSettings | None = None) -> None:
        self._settings = settings or LandmarkSettings()
        self._stack = ExitStack()
        self._detector = self._stack.enter_context(open_detector(self._settings))
        self._followers = [self._new_follower()]
        self._idle: list[Follower] = []
        self._known: dict[int, Box] = {}
        self._next_search = -inf

    def __enter__(self) -> FaceTracker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the models."""
        self._stack.close()

    def _new_follower(self) -> Follower:
        follower = Follower(self._settings)
        self._stack.callback(follower.close)
        return follower

    def track(self, frame: Frame) -> FrameFaces:
        """Find the faces of the next frame.

        Args:
            frame: The next frame; frames come in order of time.
        """
        faces: list[Face] = []
        for follower in self._followers:
            self._follow(follower, frame, faces, ())
        wanted = len(faces) < self._settings.max_faces
        if wanted and frame.seconds >= self._next_search:
            self._next_search = frame.seconds + _SEARCH_SECONDS
            self._search(frame, faces)
        return FrameFaces(frame, tuple(sorted(faces, key=lambda face: face.number)))

    def _follow(
        self, follower: Follower, frame: Frame, faces: list[Face], hidden: Iterable[Box]
    ) -> None:
        """Add the follower's face to the frame's faces, if it is there."""
        others = self._others(follower, frame.seconds, faces)
        found = follower.find(frame, [*others, *hidden])
        if found is None or any(overlap(found.box, face.box) > _SAME_PLACE for face in faces):
            return
        face = replace(found, number=self._identity(follower, found.box, frame.seconds))
        follower.take(face, frame.seconds)
        self._known[face.number] = face.box
        faces.append(face)

    def _others(self, follower: Follower, seconds: float, faces: list[Face]) -> list[Box]:
        """Boxes of the other faces, as far as they leave the follower's own free."""
        here = {face.number: face.box for face in faces}
        boxes = []
        for other in self._followers:
            if other is follower or other.box is None or seconds - other.seen > _FORGET_SECONDS:
                continue
            box = here.get(other.number, other.box)
            if follower.box is None or overlap(box, follower.box) == 0.0:
                boxes.append(box)
        return boxes

    def _identity(self, follower: Follower, box: Box, seconds: float) -> int:
        """The number of the face that a follower has found at a place."""
        if self._settings.max_faces == 1:
            return 1
        if follower.box is not None and (
            moved(follower.box, box) <= _JUMP_HEIGHTS
            or seconds - follower.seen > _FORGET_SECONDS
            or follower.n_seen < _YOUNG_FRAMES
        ):
            return follower.number
        taken = {other.number for other in self._followers}
        free = {n: known for n, known in self._known.items() if n not in taken}
        nearest = max(free, key=lambda n: overlap(free[n], box), default=0)
        if nearest and overlap(free[nearest], box) > _SAME_PLACE:
            return nearest
        return max(self._known, default=0) + 1

    def _search(self, frame: Frame, faces: list[Face]) -> None:
        """Set followers on the faces of the frame that nobody follows, largest first."""
        self._put_away(frame.seconds)
        boxes = detected_boxes(self._detector, frame.image)
        boxes.sort(key=lambda box: box[1] - box[3])
        for box in boxes:
            if any(overlap(box, face.box) > _LEAST_OVERLAP for face in faces):
                continue
            follower = self._free_follower(frame.seconds)
            if follower is None:
                return
            hidden = [other for other in boxes if overlap(other, box) == 0.0]
            self._follow(follower, frame, faces, hidden)

    def _free_follower(self, seconds: float) -> Follower | None:
        """A follower whose face is not in the frame of that time, or a new one if there may be."""
        for follower in self._followers:
            if follower.seen < seconds:
                return follower
        if len(self._followers) >= self._settings.max_faces:
            return None
        follower = self._idle.pop() if self._idle else self._new_follower()
        self._followers.append(follower)
        return follower

    def _put_away(self, seconds: float) -> None:
        """Put away followers that have had no face for long, but for the one seen last."""
        last = max(self._followers, key=lambda follower: follower.seen)
        for follower in list(self._followers):
            if follower is not last and seconds - follower.seen > _GIVE_UP_SECONDS:
                self._followers.remove(follower)
                follower.forget()
                self._idle.append(follower)


def track_faces(
    frames: Iterable[Frame],
    info: VideoInfo,
    settings: LandmarkSettings | None = None,
    report: Report = ignore,
) -> Generator[FrameFaces, None, None]:
    """Find and follow the faces in a video's frames, in bounded memory.

    A thread decodes a few frames ahead. Whoever stops early closes the generator
    (`contextlib.closing`), which ends the thread and frees the models.

    Args:
        frames: The frames in order, such as `read_frames` gives them.
        info: What the video says of itself.
        settings: Confidences and the most faces followed at a time.
        report: Told of every frame; stage "landmarks".

    Yields:
        Every frame with its faces.

    Raises:
        InputError: The frames cannot be read, or the model is missing.
    """
    with FaceTracker(settings) as tracker, closing(read_ahead(frames)) as waiting:
        for frame in waiting:
            yield tracker.track(frame)
            report(Progress("landmarks", frame.index + 1, info.n_frames))
