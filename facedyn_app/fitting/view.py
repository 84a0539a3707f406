"""View of a block of frames: residuals, their gradient and their derivatives by the pose.

Each landmark's line of sight, in the head frame, meets the plane through the head's own landmark
parallel to the face. The residuals are the displacements from there to the landmark along x and y,
then the readings as the head predicts them minus those measured, whitened (whitening.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import (
    LandmarkHead,
    PosedLandmarks,
    jaw_derivative,
    pose_landmarks,
    rotation_derivative,
    view_terms,
    view_terms_derivative,
)
from facedyn_app.fitting.state import FaceState, Observations
from facedyn_app.fitting.whitening import Whitening

LEAST_FACING = 0.2
"""Lines of sight flatter than this to the face are taken as this steep."""


@dataclass(frozen=True, eq=False)  # no slots: they would leave no room for the derivatives
class View:
    """T frames as the camera sees them.

    Attributes:
        head: The head at its landmarks.
        whitening: Of that head.
        state: Of the frames.
        group: (T,) which shape each frame has.
        turn: (T, 3) the head's rotation vector against the line of sight, rad.
        posed: Landmarks in the head frame.
        plane_hits: (T, 2, K) where their lines of sight meet the planes through them, m.
        ray_slope: (T, 2, K) dx/dz and dy/dz of the lines of sight in the head frame.
        rows: (T, 2K + R) the displacements and differences of the readings, m and their units.
        terms: (T, 10) `view_terms` of the frames.
        residual: (T, r) whitened.
        weight: (T,) robust weight of the frame.
        cost: Robust cost of the block.
    """

    head: LandmarkHead
    whitening: Whitening
    state: FaceState
    group: Tensor
    turn: Tensor
    posed: PosedLandmarks
    plane_hits: Tensor
    ray_slope: Tensor
    rows: Tensor
    terms: Tensor
    residual: Tensor
    weight: Tensor
    cost: Tensor

    def gradient(self) -> tuple[Tensor, Tensor]:
        """(T, 9 + E) by the frames' unknowns and (G, m) by the shared ones, without the priors."""
        head, posed, state = self.head, self.posed, self.state
        R = posed.jaw_rotation
        pull = self.weight[:, None] * self.residual
        n_flat, n_readings = self.ray_slope[0].numel(), len(head.readings.rest)
        flat, readings = torch.split(pull @ self.whitening.matrix.mT, [n_flat, n_readings], dim=1)
        by_view = (pull @ self.whitening.by_view.mT)[:, None] @ view_terms_derivative(self.turn)
        flat = flat.reshape(self.ray_slope.shape)
        pull = torch.cat([flat, -(flat * self.ray_slope).sum(1, keepdim=True)], dim=1)
        points = torch.cat([self.plane_hits, posed.points[:, 2:]], dim=1)
        turn = _turning(points @ pull.mT) + by_view.squeeze(1)
        shift = (pull.sum(2)[:, None] @ to_head(state)).squeeze(1)
        both = torch.cat([pull, R.mT @ pull], dim=1).flatten(1)
        entries = (both @ head.pose.flatten(0, 2)).view_as(R) + pull @ posed.moved.mT
        jaw = (rotation_derivative(state.jaw, R) * entries[:, None]).sum((2, 3))
        jaw = jaw + readings @ head.readings.by_jaw
        expression = both @ head.expression.flatten(0, 2) + readings @ head.readings.by_expression
        shared = self._of_group(both) @ head.shape.flatten(0, 2)
        shared = shared + self._of_group(readings) @ head.readings.by_shape
        return torch.cat([turn, shift, jaw, expression], dim=1), shared

    def total_rows(self) -> Tensor:
        """(2K + R,) sum over the frames, by weight, of what is predicted minus what is measured."""
        return self.weight @ self.rows + self.head.by_view @ (self.weight @ self.terms)

    def _of_group(self, rows: Tensor) -> Tensor:
        """(G, ...) sum of each group's frames."""
        total = rows.new_zeros(len(self.state.shape), rows.shape[1])
        return total.index_add_(0, self.group, rows)

    @cached_property
    def pose_rows(self) -> Tensor:
        """(T, 9, r) derivatives of the residuals by turn, shift and jaw."""
        (x, y), z = self.plane_hits.unbind(1), self.posed.points[:, 2]
        ray_slope, n_frames = self.ray_slope, len(self.ray_slope)
        by_jaw = jaw_derivative(self.head, self.posed, self.state.jaw)
        moved = ray_slope.new_empty(n_frames, 7, *ray_slope.shape[1:])
        # a turn about x moves by (0, -z, y), of which the line of sight takes y times its slope
        moved[:, 0] = -y[:, None] * ray_slope
        moved[:, 0, 1] -= z
        moved[:, 1] = x[:, None] * ray_slope
        moved[:, 1, 0] += z
        moved[:, 2, 0], moved[:, 2, 1] = -y, x
        moved[:, 3] = -ray_slope
        moved[:, 4:] = by_jaw[:, :, :2] - by_jaw[:, :, 2:] * ray_slope[:, None]
        matrix, by_view = self.whitening.matrix, self.whitening.by_view
        seen, readings = torch.split(matrix, [ray_slope[0].numel(), len(self.head.readings.rest)])
        turn, depth, jaw = torch.split(moved.flatten(2) @ seen, [3, 1, 3], dim=1)
        turn = turn + view_terms_derivative(self.turn).mT @ by_view
        jaw = jaw + self.head.readings.by_jaw.mT @ readings
        flat = seen.view(2, -1, seen.shape[1]).sum(1)
        shift = torch.cat([flat.expand(n_frames, -1, -1), depth], dim=1)
        return torch.cat([turn, to_head(self.state).mT @ shift, jaw], dim=1)


def view_frames(
    head: LandmarkHead,
    whitening: Whitening,
    seen: Observations,
    state: FaceState,
    group: Tensor,
    robust_scale: float,
) -> View:
    """T frames as the camera sees them, and their cost.

    Args:
        head: The head at its landmarks.
        whitening: Of that head.
        seen: The observations.
        state: Of the frames.
        group: (T,) which shape each frame has.
        robust_scale: Residual of a frame, in noise units, beyond which it counts less.
    """
    posed = pose_landmarks(head, state.shape, group, state.expression, state.jaw)
    points = seen.points.mT
    sight = torch.cat([points / seen.focal_px, torch.ones_like(points[:, :1])], dim=1)
    inwards = to_head(state)
    sight, eye = inwards @ sight, -(inwards @ state.translation[:, :, None])
    ray_slope = sight[:, :2] / sight[:, 2:].clamp_max(-LEAST_FACING)
    plane_hits = eye[:, :2] + ray_slope * (posed.points[:, 2:] - eye[:, 2:])
    readings = head.readings.predict(state.shape, group, state.expression, state.jaw)
    rows = torch.cat(
        [(posed.points[:, :2] - plane_hits).flatten(1), readings - seen.readings], dim=1
    )
    turn = roma.rotmat_to_rotvec(seen.line_of_sight_rotation @ state.rotation)
    terms = view_terms(turn, seen.face_px / seen.focal_px)
    residual = torch.addmm(rows @ whitening.matrix, terms, whitening.by_view)
    freedom = robust_scale**2 * residual.shape[1]
    size2 = residual.square().sum(1) / freedom
    cost = 0.5 * freedom * torch.log1p(size2).sum().double()
    weight = 1.0 / (1.0 + size2)
    hits = (plane_hits, ray_slope, rows, terms)
    return View(head, whitening, state, group, turn, posed, *hits, residual, weight, cost)


def reproject(head: LandmarkHead, state: FaceState, group: Tensor, focal_px: float) -> Tensor:
    """(T, K, 2) landmarks of the head in the image, px from the image's centre."""
    posed = pose_landmarks(head, state.shape, group, state.expression, state.jaw)
    camera = to_head(state).mT @ posed.points + state.translation[:, :, None]
    return focal_px * (camera[:, :2] / camera[:, 2:]).mT


def to_head(state: FaceState) -> Tensor:
    """(T, 3, 3) from the camera's axes to the head's."""
    facing = torch.tensor([1.0, -1.0, -1.0], dtype=state.jaw.dtype, device=state.jaw.device)
    return state.rotation.mT * facing


def _turning(moments: Tensor) -> Tensor:
    """(T, 3) sum of cross products x x p from the sums of x p^T, (T, 3, 3)."""
    skew = moments - moments.mT
    return torch.stack([skew[:, 1, 2], skew[:, 2, 0], skew[:, 0, 1]], dim=1)
