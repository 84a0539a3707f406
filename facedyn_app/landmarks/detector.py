"""MediaPipe's Face Landmarker behind a small door: pictures in, points and scores out."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from typing import Any

import numpy as np

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks.faces import Box, Face
from facedyn_app.landmarks.quiet import known_notices_removed
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.settings import LandmarkSettings

MODEL = "face_landmarker.task"
_DETECTOR = "face_detector.tflite"

# mediapipe is imported where it is first used: it takes a second, and much of the program (drift,
# library, drawing) needs of this part no more than names and numbers of points.


def open_landmarker(settings: LandmarkSettings, n_faces: int, *, video: bool) -> Any:
    """MediaPipe's landmarker; to be closed.

    Args:
        settings: Confidences.
        n_faces: Most faces to be found in a picture.
        video: Whether the pictures are consecutive frames. With one face MediaPipe then follows
            the face from frame to frame and smooths its points over a few frames. Time stamps
            start at 1 ms.

    Raises:
        InputError: The model is missing or damaged.
    """
    from mediapipe.tasks.python import BaseOptions, vision

    mode = vision.RunningMode.VIDEO if video else vision.RunningMode.IMAGE
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model_file(MODEL))),
        running_mode=mode,
        num_faces=n_faces,
        min_face_detection_confidence=settings.min_detection,
        min_face_presence_confidence=settings.min_tracking,
        min_tracking_confidence=settings.min_tracking,
        output_face_blendshapes=True,
    )
    with known_notices_removed():
        landmarker = vision.FaceLandmarker.create_from_options(options)
        # A first picture, grey, waits for the models: they load, and give notice, in threads.
        if video:
            landmarker.detect_for_video(_grey(), 0)
        else:
            landmarker.detect(_grey())
    return landmarker


def open_detector(settings: LandmarkSettings) -> Any:
    """MediaPipe's quick detector of faces, from the same bundle; to be closed.

    Raises:
        InputError: The model is missing or damaged.
    """
    from mediapipe.tasks.python import BaseOptions, vision

    path = model_file(MODEL)
    try:
        with zipfile.ZipFile(path) as bundle:
            model = bundle.read(_DETECTOR)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"The file '{path}' holds no face detector.") from error
    options = vision.FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=model),
        min_detection_confidence=settings.min_detection,
    )
    with known_notices_removed():
        detector = vision.FaceDetector.create_from_options(options)
        detector.detect(_grey())
    return detector


def _grey() -> Any:
    return as_mediapipe(np.full((64, 64, 3), 127, dtype=np.uint8))


def as_mediapipe(image: ByteArray) -> Any:
    """An (H, W, 3) RGB picture as MediaPipe's."""
    import mediapipe as mp

    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(image))


def result_faces(result: Any, width: int, height: int) -> list[tuple[FloatArray, FloatArray]]:
    """Points (L, 2) in px and scores (A,) of the faces in a result of the landmarker."""
    size = np.array([width, height], dtype=np.float32)
    faces = []
    for landmarks, actions in zip(result.face_landmarks, result.face_blendshapes, strict=True):
        points = np.array([(p.x, p.y) for p in landmarks], dtype=np.float32) * size
        scores = np.array([action.score for action in actions], dtype=np.float32)
        faces.append((points, scores))
    return faces


def detected_boxes(detector: Any, image: ByteArray) -> list[Box]:
    """The boxes of the faces that the quick detector sees, px; they end above the chin."""
    found = (d.bounding_box for d in detector.detect(as_mediapipe(image)).detections)
    return [
        (
            float(b.origin_x),
            float(b.origin_y),
            float(b.origin_x + b.width),
            float(b.origin_y + b.height),
        )
        for b in found
    ]


class Landmarker:
    """Finds the landmarks of the faces in single pictures; a context manager.

    The pictures have nothing to do with each other: the same picture gives the same points.

    Args:
        settings: Confidences and the most faces in a picture.

    Raises:
        InputError: The model is missing or damaged.
    """

    def __init__(self, settings: LandmarkSettings | None = None) -> None:
        self._settings = settings or LandmarkSettings()
        self._stack = ExitStack()
        n_faces = self._settings.max_faces
        self._one = self._stack.enter_context(open_landmarker(self._settings, 1, video=False))
        self._many = self._one
        if n_faces > 1:
            many = open_landmarker(self._settings, n_faces, video=False)
            self._many = self._stack.enter_context(many)

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the models."""
        self._stack.close()

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
        height, width = image.shape[:2]
        found = result_faces(self._one.detect(as_mediapipe(image)), width, height)
        return Face(1, *found[0]) if found else None

    def detect_faces(self, image: ByteArray) -> tuple[Face, ...]:
        """All faces in a picture, the largest first and numbered so; at most `max_faces`.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        height, width = image.shape[:2]
        found = result_faces(self._many.detect(as_mediapipe(image)), width, height)
        found.sort(key=lambda face: float(-np.ptp(face[0][:, 1])))
        return tuple(Face(n, points, scores) for n, (points, scores) in enumerate(found, start=1))
