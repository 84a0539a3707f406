"""The faces of single pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from facedyn_app.device import choose_device
from facedyn_app.landmarks.face_finder import FaceFinder
from facedyn_app.landmarks.faces import Face
from facedyn_app.landmarks.following import settle
from facedyn_app.landmarks.measuring import Measurer, faces_of
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.landmarks.search import Search
from facedyn_app.records import ByteArray, FloatArray, Frame
from facedyn_app.settings import LandmarkSettings


class Landmarker:
    """Finds the landmarks of the faces in single pictures; a context manager.

    The pictures have nothing to do with each other: the same picture gives the same points.

    Args:
        settings: Confidences, the most faces in a picture, the mean with the mirrored picture.
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
        self._finder = FaceFinder(models, self._settings.min_detection)

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._measurer.close()

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
        faces = self._faces(image, 1)
        return faces[0] if faces else None

    def detect_faces(self, image: ByteArray) -> tuple[Face, ...]:
        """All faces in a picture, the largest first and numbered so; at most `max_faces`.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        faces = self._faces(image, self._settings.max_faces)
        faces.sort(key=lambda face: -face.height)
        return tuple(replace(face, number=n) for n, face in enumerate(faces, start=1))

    def _faces(self, image: ByteArray, most: int) -> list[Face]:
        """The faces that the detector is surest of."""
        image = np.ascontiguousarray(image)
        detections = Search(self._finder).find(Frame(0, 0.0, image), 0)
        detections.sort(key=lambda detection: -detection.certainty)
        squares = (
            settle(self._measurer, image, detection.square, self._settings.min_tracking)
            for detection in detections[:most]
        )
        kept = [square for square in squares if square is not None]
        if not kept:
            return []
        found = self._measurer.measure([image] * len(kept), np.stack(kept))
        scores = self._measurer.scores(found.points)
        return faces_of(1, found, scores, len(kept))
