"""What the fit is given and what it looks for: observations and the unknowns' values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.records import Landmarks
from facedyn_app.settings import FitSettings


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


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """What the camera saw in T frames.

    Attributes:
        points: (T, K, 2) landmark positions from the image's centre, px.
        face_px: (T,) face height, px.
        focal_px: Focal length, px.
    """

    points: Tensor
    face_px: Tensor
    focal_px: float

    def frames(self, which: slice | Tensor) -> Observations:
        """Some of the frames."""
        return Observations(self.points[which], self.face_px[which], self.focal_px)


def observe(head: LandmarkHead, landmarks: Landmarks, settings: FitSettings) -> Observations:
    """The observations in some frames, on the device and in the precision of the head.

    Args:
        head: The head at its landmarks.
        landmarks: Landmarks of T frames that all have a face.
        settings: Says the focal length of an unknown camera.
    """
    like = head.weight
    centre = np.array([landmarks.width / 2, landmarks.height / 2], np.float32)
    points = landmarks.points[:, head.index.cpu().numpy()] - centre
    return Observations(
        points=torch.as_tensor(points, dtype=like.dtype, device=like.device),
        face_px=torch.as_tensor(landmarks.face_px, dtype=like.dtype, device=like.device),
        focal_px=settings.focal_factor * max(landmarks.width, landmarks.height),
    )
