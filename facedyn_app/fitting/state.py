"""Observations of the fit and state of its unknowns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.view_terms import line_of_sight_rotation, readings_of
from facedyn_app.records import FloatArray, Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """The unknowns of T frames and G shapes.

    Attributes:
        rotation: (T, 3, 3) head rotation against the facing pose.
        translation: (T, 3) head origin in the camera frame, m.
        jaw: (T, 3) rotation vectors, rad.
        expression: (T, E).
        shape: (G, S + P) standard deviations, the modes of each session's landmark errors last.
    """

    rotation: Tensor
    translation: Tensor
    jaw: Tensor
    expression: Tensor
    shape: Tensor

    def frames(self, which: slice | Tensor) -> FaceState:
        """The same shapes with some of the frames."""
        return replace(
            self,
            rotation=self.rotation[which],
            translation=self.translation[which],
            jaw=self.jaw[which],
            expression=self.expression[which],
        )

    def motion(self) -> dict[str, FloatArray]:
        """The frames' unknowns as records name them, rotations as vectors (T, 3), rad."""
        parts = {
            "expression": self.expression,
            "jaw": self.jaw,
            "rotation": roma.rotmat_to_rotvec(self.rotation),
            "translation": self.translation,
        }
        return {name: values.cpu().numpy() for name, values in parts.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Observations of the camera in T frames.

    Attributes:
        points: (T, K, 2) landmark positions from the image's centre, px.
        readings: (T, R) what the landmarker says beside them; R is 0 where the head does not
            predict it.
        line_of_sight_rotation: (T, 3, 3) from the head's rotation to that against the line of
            sight.
        face_px: (T,) face height, px.
        focal_px: Focal length, px.
    """

    points: Tensor
    readings: Tensor
    line_of_sight_rotation: Tensor
    face_px: Tensor
    focal_px: float

    def frames(self, which: slice | Tensor) -> Observations:
        """Some of the frames."""
        return Observations(
            self.points[which],
            self.readings[which],
            self.line_of_sight_rotation[which],
            self.face_px[which],
            self.focal_px,
        )


def observe(head: LandmarkHead, landmarks: Landmarks, settings: FitSettings) -> Observations:
    """The observations in some frames, on the device and in the precision of the head.

    Args:
        head: The head at its landmarks.
        landmarks: Landmarks of T frames that all have a face.
        settings: Says the focal length of an unknown camera.

    Raises:
        ValueError: The head predicts readings that the landmarks lack.
    """
    like = head.weight
    centre = np.array([landmarks.width / 2, landmarks.height / 2], np.float32)
    points = landmarks.points[:, head.index.cpu().numpy()] - centre
    readings = readings_of(landmarks.scores, landmarks.turn)[:, : len(head.readings.rest)]
    if not np.isfinite(readings).all():
        raise ValueError("a measured head is fitted to landmarks with scores and turns")
    focal_px = settings.focal_factor * max(landmarks.width, landmarks.height)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(values, dtype=like.dtype, device=like.device)

    return Observations(
        points=tensor(points),
        readings=tensor(readings),
        line_of_sight_rotation=line_of_sight_rotation(tensor(points.mean(axis=1) / focal_px)),
        face_px=tensor(landmarks.face_px),
        focal_px=focal_px,
    )
