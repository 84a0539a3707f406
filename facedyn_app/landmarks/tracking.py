"""Faces in single pictures and followed through a video, with the bundle's networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import torch

from facedyn_app.device import choose_device
from facedyn_app.landmarks.detection import FaceDetector, Search
from facedyn_app.landmarks.faces import Face, FrameFaces, box_in, overlap, squares_of
from facedyn_app.landmarks.measurement import Measurer, faces_of
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.landmarks.tracklets import (
    Track,
    Tracklet,
    associate,
    belongs_to_older,
    follow,
    refine,
    shapes_of,
)
from facedyn_app.records import ByteArray, FloatArray, Frame
from facedyn_app.settings import LandmarkSettings

# Two faces that overlap more than this (intersection over union) are one, found twice.
_SAME_PLACE = 0.45
_LEAST_OVERLAP = 0.1
_LEAST_BLOCK = 8


class FaceNetworks:
    """What finds faces and measures them; a context manager that ends its threads.

    Args:
        settings: Confidences, the most faces at a time, the mean with the mirrored picture.
        device: Where to compute; a GPU where there is one, if not given.

    Raises:
        InputError: The model is missing or damaged.
    """

    def __init__(
        self, settings: LandmarkSettings | None = None, device: torch.device | None = None
    ) -> None:
        self._settings = settings or LandmarkSettings()
        models = FaceModels(device or choose_device("auto"))
        self._measurer = Measurer(models, mirrored_mean=self._settings.mirrored_mean)
        self._finder = FaceDetector(models, self._settings.min_detection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._measurer.close()


class Landmarker(FaceNetworks):
    """Finds the landmarks of a face in single pictures; a context manager.

    The pictures have nothing to do with each other: the same picture gives the same points.

    Args:
        settings: Confidences, the mean with the mirrored picture.
        device: Where to compute; a GPU where there is one, if not given.

    Raises:
        InputError: The model is missing or damaged.
    """

    def detect_image(self, image: ByteArray) -> FloatArray | None:
        """The points (L, 2) of the most certain face in px, float32, or None without a face.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        face = self.detect_face(image)
        return None if face is None else face.points

    def detect_face(self, image: ByteArray) -> Face | None:
        """The most certain face with its points and scores, or None without a face.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        image = np.ascontiguousarray(image)
        detections = Search(self._finder).find(Frame(0, 0.0, image), 0)
        if not detections:
            return None
        best = max(detections, key=lambda detection: detection.certainty)
        square = refine(self._measurer, image, best.square, self._settings.min_tracking)
        if square is None:
            return None
        found = self._measurer.measure([image], square[None])
        return faces_of(1, found, self._measurer.scores(found.points), 1)[0]


class FaceTracker(FaceNetworks):
    """Follows the faces of one video; a context manager.

    A face keeps its number while it is followed from frame to frame, and gets it back when it
    comes again near where it was, or with the shape that it had. With `max_faces` 1 there is only
    number 1.

    Args:
        settings: Confidences, the most faces at a time, the mean with the mirrored picture.
        device: Where to compute; a GPU where there is one, if not given.

    Raises:
        InputError: The model is missing or damaged.
    """

    def __init__(
        self, settings: LandmarkSettings | None = None, device: torch.device | None = None
    ) -> None:
        super().__init__(settings, device)
        self._search = Search(self._finder)
        self._tracks: list[Track] = []
        self.n_at_once = max(_LEAST_BLOCK, self._measurer.n_at_once)

    def track(self, frames: Sequence[Frame]) -> list[FrameFaces]:
        """Find the faces of the next frames.

        Args:
            frames: A block of frames, `n_at_once` or fewer; frames come in order of time.
        """
        placed: list[dict[int, Face]] = [{} for _ in frames]
        in_sight = [track for track in self._tracks if track.square is not None]
        for track in sorted(in_sight, key=lambda track: -track.shape.n):
            tracklet = self._follow(frames, 0, track)
            self._place(track, tracklet, frames, placed)
        for index in range(len(frames)):
            if len(placed[index]) < self._settings.max_faces:
                self._begin(frames, index, placed)
        return [
            FrameFaces(frame, tuple(faces[number] for number in sorted(faces)))
            for frame, faces in zip(frames, placed, strict=True)
        ]

    def _follow(self, frames: Sequence[Frame], start: int, track: Track) -> Tracklet | None:
        """Follow a track from a frame of a block; None where its face is not there."""
        if track.square is None:
            return None
        images = [frame.image for frame in frames[start:]]
        found, n = follow(self._measurer, images, track.square, self._settings.min_tracking)
        if n == 0:
            return None
        points = found.points[:n]
        scores = self._measurer.scores(points)
        faces = faces_of(track.number, found, scores, n)
        return Tracklet(start, faces, shapes_of(points, found.depths[:n]), squares_of(points))

    def _place(
        self,
        track: Track,
        tracklet: Tracklet | None,
        frames: Sequence[Frame],
        placed: list[dict[int, Face]],
    ) -> None:
        """Put a track's faces among those of the frames, up to where another's face is met."""
        track.square = None
        if tracklet is None:
            return
        for offset, face in enumerate(tracklet.faces):
            index = tracklet.start + offset
            rivals = [n for n, f in placed[index].items() if overlap(f.box, face.box) > _SAME_PLACE]
            if rivals and not self._wins(track, rivals[0], tracklet, placed[index:]):
                return
            placed[index][track.number] = replace(face, number=track.number)
            track.box, track.seen = face.box, frames[index].seconds
            track.shape.add(tracklet.shapes[offset : offset + 1])
        if tracklet.end == len(frames):
            track.square = tracklet.squares[-1]

    def _wins(
        self, track: Track, number: int, tracklet: Tracklet, placed: list[dict[int, Face]]
    ) -> bool:
        """Whether a face that two tracks claim is the track's; then the other's loses it."""
        other = next(other for other in self._tracks if other.number == number)
        if belongs_to_older(track, other, tracklet):
            return False
        for faces in placed:
            faces.pop(number, None)
        other.square = None
        return True

    def _begin(self, frames: Sequence[Frame], index: int, placed: list[dict[int, Face]]) -> None:
        """Follow the faces of a frame that nobody follows, the largest first."""
        frame = frames[index]
        for detection in self._search.find(frame, len(placed[index])):
            if len(placed[index]) >= self._settings.max_faces:
                return
            if _is_followed(detection.square, placed[index]):
                continue
            least = self._settings.min_tracking
            square = refine(self._measurer, frame.image, detection.square, least)
            if square is None or _is_followed(square, placed[index]):
                continue
            tracklet = self._follow(frames, index, Track(square=square))
            if tracklet is None:
                continue
            self._search.was_right()
            one = self._settings.max_faces == 1
            here = placed[index]
            track = associate(self._tracks, tracklet, frame.seconds, here, only_one=one)
            self._place(track, tracklet, frames, placed)


def _is_followed(square: FloatArray, others: dict[int, Face]) -> bool:
    box = box_in(square)
    return any(overlap(box, other.box) > _LEAST_OVERLAP for other in others.values())
