"""A landmarker of single pictures."""

from __future__ import annotations

import numpy as np

from facedyn_app.landmarks.detection import Search
from facedyn_app.landmarks.face_networks import FaceNetworks
from facedyn_app.landmarks.faces import Face
from facedyn_app.landmarks.measurement import faces_of
from facedyn_app.landmarks.tracklets import refine
from facedyn_app.records import ByteArray, FloatArray, Frame


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
