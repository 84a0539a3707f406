"""Face tracking by MediaPipe's own graph: Google's Face Landmarker in its running mode VIDEO.

The graph finds and follows the faces itself and gives points, depths and blendshape scores, but
neither a face's certainty nor its number. Looking for one face at most it also smooths the points
in time (one-euro filter), as it does by default; looking for several it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks.faces import (
    Face,
    FrameFaces,
    crop,
    image_to_crop,
    overlap,
    sharpness_of,
    squares_of,
)
from facedyn_app.landmarks.measurement import turns_of
from facedyn_app.landmarks.models import MODEL, known_notices_removed
from facedyn_app.landmarks.occlusion import shades_at
from facedyn_app.landmarks.tracklets import Track, Tracklet, associate, shapes_of
from facedyn_app.records import ByteArray, FloatArray, Frame
from facedyn_app.settings import LandmarkSettings

# A face goes on in the next frame where the boxes overlap by this (intersection over union).
_LEAST_OVERLAP = 0.1
_BLOCK_FRAMES = 8
_LAST_SILENT = (0, 10, 33)
"""MediaPipe's later versions have a client for Google's usage statistics, and no switch for it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A face of one frame, not yet numbered, and its shape (1, D)."""

    face: Face
    shape: FloatArray


@dataclass(slots=True, eq=False)
class _Run:
    """A face in successive frames of a block: whose it is, where known, and where it was last."""

    start: int
    track: Track | None
    box: tuple[float, float, float, float]
    seen: list[_Seen] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + len(self.seen)

    def tracklet(self) -> Tracklet:
        faces = [one.face for one in self.seen]
        squares = squares_of(np.stack([face.points for face in faces]))
        return Tracklet(self.start, faces, np.concatenate([s.shape for s in self.seen]), squares)


class MediaPipeTracker:
    """Follows the faces of one video with MediaPipe's graph; a context manager.

    Faces get their numbers as `FaceTracker` gives them. Their certainty is 1: it is not told.

    Args:
        settings: Confidences, the most faces at a time.

    Attributes:
        n_at_once: Frames that are worth giving it together.

    Raises:
        InputError: MediaPipe cannot be loaded, or the model is missing or damaged.
    """

    def __init__(self, settings: LandmarkSettings) -> None:
        self.n_at_once = _BLOCK_FRAMES
        self._only_one = settings.max_faces == 1
        self._tracks: list[Track] = []
        self._last_ms = -1
        self._graph = open_graph(settings)

    def __enter__(self) -> MediaPipeTracker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the graph and its threads."""
        self._graph.close()

    def track(self, frames: Sequence[Frame]) -> list[FrameFaces]:
        """Find the faces of the next frames.

        Args:
            frames: A block of frames; frames come in order of time.
        """
        runs = self._linked([self._detect(frame) for frame in frames])
        placed: list[dict[int, Face]] = [{} for _ in frames]
        for run in runs:
            tracklet, first = run.tracklet(), frames[run.start]
            track = run.track or associate(
                self._tracks, tracklet, first.seconds, placed[run.start], only_one=self._only_one
            )
            for index, one in enumerate(run.seen, start=run.start):
                placed[index][track.number] = replace(one.face, number=track.number)
            track.shape.add(tracklet.shapes)
            track.box, track.seen = run.seen[-1].face.box, frames[run.end - 1].seconds
            track.square = tracklet.squares[-1] if run.end == len(frames) else None
        return [
            FrameFaces(frame, tuple(faces[number] for number in sorted(faces)))
            for frame, faces in zip(frames, placed, strict=True)
        ]

    def _linked(self, seen: Sequence[list[_Seen]]) -> list[_Run]:
        """The faces of successive frames, each with those that it goes on from."""
        runs = [_Run(0, track, track.box) for track in self._tracks if track.square is not None]
        for track in self._tracks:
            track.square = None
        for index, faces in enumerate(seen):
            before = _before([run for run in runs if run.end == index], faces)
            for one, run in zip(faces, before, strict=True):
                if run is None:
                    runs.append(_Run(index, None, one.face.box, [one]))
                else:
                    run.seen.append(one)
                    run.box = one.face.box
        return [run for run in runs if run.seen]

    def _detect(self, frame: Frame) -> list[_Seen]:
        """The faces that the graph finds in the next frame."""
        import mediapipe

        image = np.ascontiguousarray(frame.image)
        given = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
        begins = self._last_ms < 0
        # its times are whole milliseconds that must grow
        self._last_ms = max(self._last_ms + 1, round(1000 * frame.seconds))
        with known_notices_removed() if begins else nullcontext():
            found = self._graph.detect_for_video(given, self._last_ms)
        pairs = zip(found.face_landmarks, found.face_blendshapes, strict=True)
        return [_seen(image, marks, scores) for marks, scores in pairs]


def _before(runs: Sequence[_Run], faces: Sequence[_Seen]) -> list[_Run | None]:
    """The run that each face of a frame goes on from: those that overlap most find each other."""
    shared = [
        (overlap(run.box, one.face.box), i, j)
        for i, run in enumerate(runs)
        for j, one in enumerate(faces)
    ]
    found: dict[int, int] = {}
    for share, i, j in sorted(shared, key=lambda pair: -pair[0]):
        if share > _LEAST_OVERLAP and j not in found and i not in found.values():
            found[j] = i
    return [runs[found[j]] if j in found else None for j in range(len(faces))]


def open_graph(settings: LandmarkSettings) -> Any:
    """MediaPipe's Face Landmarker for the frames of a video; whoever opens it closes it.

    Raises:
        InputError: MediaPipe cannot be loaded, is of a version that sends what it is used for, or
            the model is missing or damaged.
    """
    model = model_file(MODEL)
    with known_notices_removed():
        try:
            check_silent(version("mediapipe"))
            from mediapipe.tasks.python import BaseOptions, vision

            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(model)),
                running_mode=vision.RunningMode.VIDEO,
                num_faces=settings.max_faces,
                min_face_detection_confidence=settings.min_detection,
                min_face_presence_confidence=settings.min_tracking,
                min_tracking_confidence=settings.min_tracking,
                output_face_blendshapes=True,
            )
            return vision.FaceLandmarker.create_from_options(options)
        except (ImportError, OSError, RuntimeError) as error:
            raise InputError(
                f"MediaPipe cannot be loaded on this machine: {error}.",
                "Use the engine bundle, which runs the same networks without it.",
            ) from error


def check_silent(installed: str) -> None:
    """Refuse a version of MediaPipe, "0.10.35", that tells play.googleapis.com about its use.

    It does so whenever a graph closes (google-ai-edge/mediapipe, issue 6291); the versions before
    have no code that opens a connection.

    Raises:
        InputError: It is such a version.
    """
    numbers = tuple(int(part) for part in installed.split(".")[:3] if part.isdecimal())
    if numbers > _LAST_SILENT:
        raise InputError(
            f"MediaPipe {installed} sends data about its use over the network.",
            "Install its version 0.10.33, or use the engine bundle, which runs the same networks.",
        )


def _seen(image: ByteArray, marks: Sequence[Any], scores: Sequence[Any]) -> _Seen:
    """A face from the graph's normalised landmarks and its categories of blendshapes."""
    height, width = image.shape[:2]
    # depths are in widths of the picture, as x is
    places = np.array([(mark.x, mark.y, mark.z) for mark in marks]) * (width, height, width)
    points, depths = places[None, :, :2].astype(np.float32), places[None, :, 2]
    square = squares_of(points)[0]
    shown = crop(image, square)
    face = Face(
        number=0,
        points=points[0],
        scores=np.array([score.score for score in scores], dtype=np.float32),
        sharpness=sharpness_of(shown),
        turn=turns_of(points, depths)[0],
        shades=shades_at(shown, image_to_crop(points[0], square)),
    )
    return _Seen(face, shapes_of(points, depths))
