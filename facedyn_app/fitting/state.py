"""Observations of the fit, state of its unknowns, and the state that it starts from.

The start is the mean head placed by a scaled-orthographic camera: for a face much smaller than its
distance, u = s R_12 X + c. The 2 x 4 matrix is the least-squares solution over the landmarks; its
rows, made orthonormal by the singular value decomposition, are two rows of the rotation, and the
scale gives the distance f / s (DeMenthon and Davis 1995, the first step of POSIT). Closed, batched,
and good enough for the solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import roma
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_head import LandmarkHead, line_of_sight_rotation, readings_of
from facedyn_app.records import FloatArray, Landmarks

FRAME_UNKNOWNS = ("expression", "jaw", "rotation", "translation")
"""What records name the unknowns of a frame."""


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

    @classmethod
    def of(cls, motion: Mapping[str, FloatArray], shape: Tensor) -> FaceState:
        """What `motion` gives, as a state on the device and in the precision of a shape."""

        def tensor(name: str) -> Tensor:
            return torch.as_tensor(motion[name]).to(shape)

        rotation = roma.rotvec_to_rotmat(tensor("rotation"))
        return cls(rotation, tensor("translation"), tensor("jaw"), tensor("expression"), shape)

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


def initial_state(head: LandmarkHead, seen: Observations, shape: Tensor) -> FaceState:
    """A resting face in the pose that explains the landmarks best.

    Args:
        head: The head at its landmarks.
        seen: The observations of T frames.
        shape: (G, S) shapes to start from; the pose is that of the mean head.

    Returns:
        T frames with expression and jaw at rest.
    """
    model = head.mean_points.mT
    weight = head.weight.sqrt()[:, None]
    ones = torch.ones_like(model[:, :1])
    design = torch.cat([model, ones], dim=1) * weight
    target = (seen.points * weight).transpose(0, 1).flatten(1)
    # gelsy, which torch would choose, is handed pivots that nobody has set: its last digits change
    # from one call to the next. The design has full rank, which is all that gels asks for.
    solution = torch.linalg.lstsq(design, target, driver="gels").solution
    solution = solution.reshape(4, -1, 2).permute(1, 2, 0)
    linear, centre = solution[..., :3], solution[..., 3]
    U, size, Vh = torch.linalg.svd(linear, full_matrices=False)
    scale = size.mean(dim=1)
    # the image's y points down, the facing pose turns y and z: undo both for the rotation
    first, second = (U @ Vh).unbind(dim=1)
    second = -second
    rotation = torch.stack([first, second, torch.linalg.cross(first, second)], dim=1)
    depth = seen.focal_px / scale
    translation = torch.cat([centre * (depth / seen.focal_px)[:, None], depth[:, None]], dim=1)
    n_frames = len(seen.points)
    return FaceState(
        rotation=rotation,
        translation=translation,
        jaw=model.new_zeros(n_frames, 3),
        expression=model.new_zeros(n_frames, head.n_expression),
        shape=shape,
    )


def interpolated_state(
    start: FaceState, place: Tensor, before: FaceState, fitted: FaceState
) -> FaceState:
    """The start of T frames from fits of frames among them, or far apart around them.

    Jaw and expression lie between the fitted ones'. The pose is the frames' own, corrected by what
    the fits made of the pose that they started from.

    Args:
        start: Of the frames, from `initial_state`.
        place: (T,) where they lie among the N fitted frames, 0..N - 1.
        before: What `initial_state` makes of the fitted frames.
        fitted: Their fit.
    """
    left = place.long().clamp_max(len(before.jaw) - 2)
    share = (place - left).unsqueeze(1).to(start.jaw)

    def between(values: Tensor) -> Tensor:
        return torch.lerp(values[left], values[left + 1], share)

    turn = between(roma.rotmat_to_rotvec(before.rotation.mT @ fitted.rotation))
    return replace(
        start,
        rotation=start.rotation @ roma.rotvec_to_rotmat(turn),
        translation=start.translation + between(fitted.translation - before.translation),
        jaw=between(fitted.jaw),
        expression=between(fitted.expression),
    )
