"""The face's least-squares problem: landmarks seen by a pinhole camera, and priors.

Unknowns of a frame, in this order: 3 numbers that turn the head (a rotation vector applied from
the left to the present rotation), 3 of translation (m), 3 of the jaw's rotation vector (rad),
E of expression. Shared by the frames of a group: S of shape.

Residuals (METHOD section 3): reprojection, whitened by `landmark_noise` times the face's height
and by the landmark's weight, under Cauchy's robust cost; Gaussian priors on shape, expression
and jaw. Activations (0..1) are kept in their bounds by the solver itself: one that stands at a
bound and would leave it is held (`held`), the others share the step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.arrow import NormalEquations
from facedyn_app.fitting.landmark_head import (
    LandmarkHead,
    PosedLandmarks,
    cross_matrix,
    pose_landmarks,
)
from facedyn_app.settings import FitSettings

N_POSE = 9
BLOCK_FRAMES = 64
NEAREST_M = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """The unknowns of T frames and G shapes.

    Attributes:
        rotation: (T, 3, 3) head rotation against the facing pose.
        translation: (T, 3) head origin in the camera frame, m.
        jaw: (T, 3) rotation vectors, rad.
        expression: (T, E).
        shape: (G, S) standard deviations.
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


@dataclass(frozen=True, slots=True, eq=False)
class FaceProblem:
    """Head, observations and priors as a block-arrow problem (arrow.py).

    Attributes:
        head: The head at its landmarks.
        seen: The observations.
        group: (T,) which shape each frame has.
        settings: Noise and priors.
        activations: Whether expression coefficients are bounded to 0..1.
    """

    head: LandmarkHead
    seen: Observations
    group: Tensor
    settings: FitSettings
    activations: bool

    def linearise(self, state: FaceState) -> NormalEquations:
        """The normal equations at a state, a block of frames at a time."""
        n_frames, n_groups = len(self.group), len(state.shape)
        n, m = N_POSE + self.head.n_expression, self.head.n_shape
        like = state.translation
        H_ff, H_fs = like.new_empty(n_frames, n, n), like.new_empty(n_frames, n, m)
        g_f = like.new_empty(n_frames, n)
        g_s = state.shape / self.settings.shape_sd**2
        H_ss = torch.eye(m, dtype=like.dtype, device=like.device) / self.settings.shape_sd**2
        H_ss = H_ss.repeat(n_groups, 1, 1)
        cost = 0.5 * (state.shape / self.settings.shape_sd).square().sum().double()
        for start in range(0, n_frames, BLOCK_FRAMES):
            part = slice(start, start + BLOCK_FRAMES)
            J, residual, block_cost = self._jacobian(state.frames(part), part)
            J_f, J_s = J[..., :n], J[..., n:]
            H_ff[part] = J_f.mT @ J_f
            H_fs[part] = J_f.mT @ J_s
            g_f[part] = (J_f.mT @ residual.unsqueeze(2)).squeeze(2)
            self._add_shared(H_ss, g_s, J_s, residual, self.group[part])
            cost = cost + block_cost
        cost = cost + self._add_priors(state, H_ff, g_f)
        return NormalEquations(cost, H_ff, H_fs, H_ss, g_f, g_s, self._held(state, g_f))

    def retract(self, state: FaceState, step_f: Tensor, step_s: Tensor) -> FaceState:
        """The state after a step, activations kept within 0..1."""
        sizes = [3, 3, 3, self.head.n_expression]
        turn, shift, jaw, expression = torch.split(step_f, sizes, dim=1)
        moved = state.expression + expression
        translation = state.translation + shift
        depth = translation[:, 2:].clamp_min(NEAREST_M)
        return FaceState(
            rotation=roma.special_procrustes(roma.rotvec_to_rotmat(turn) @ state.rotation),
            translation=torch.cat([translation[:, :2], depth], dim=1),
            jaw=state.jaw + jaw,
            expression=moved.clamp(0.0, 1.0) if self.activations else moved,
            shape=state.shape + step_s,
        )

    def reprojection(self, state: FaceState) -> Tensor:
        """(T, K, 2) landmarks of the head in the image, px from the image's centre."""
        posed = pose_landmarks(self.head, state.shape, self.group, state.expression, state.jaw)
        x, y, z = _to_camera(posed, state).unbind(-1)
        return torch.stack([x / z, y / z], dim=-1) * self.seen.focal_px

    def _jacobian(self, state: FaceState, part: slice) -> tuple[Tensor, Tensor, Tensor]:
        """(T, 2 K, n + m) whitened Jacobian, (T, 2 K) residuals and their robust cost."""
        head, group = self.head, self.group[part]
        posed = pose_landmarks(head, state.shape, group, state.expression, state.jaw)
        turned = posed.points @ state.rotation.mT
        x, y, z = _to_camera(posed, state).unbind(-1)
        focal = self.seen.focal_px
        error = torch.stack([focal * x / z, focal * y / z], dim=-1) - self.seen.points[part]
        white = head.weight.sqrt() / (self.settings.landmark_noise * self.seen.face_px[part, None])
        scale2 = self.settings.robust_scale**2
        size2 = (error * white.unsqueeze(2)).square().sum(2) / scale2
        cost = 0.5 * scale2 * torch.log1p(size2).sum().double()
        white = white / (1.0 + size2).sqrt()
        # rows of d(u, v)/d(X in camera), FACING folded in by the signs of y and z
        over_z, zero = focal * white / z, torch.zeros_like(z)
        to_u = torch.stack([over_z, zero, -over_z * x / z], dim=-1)
        to_v = torch.stack([zero, over_z, -over_z * y / z], dim=-1)
        to_image = torch.stack([to_u, to_v], dim=-2)
        facing = torch.tensor([1.0, -1.0, -1.0], dtype=z.dtype, device=z.device)
        from_turned = to_image * facing
        from_head = from_turned @ state.rotation[:, None]
        from_moved = from_head @ posed.jaw_rotation[:, None]
        J = z.new_empty(len(z), len(head.weight), 2, N_POSE + head.n_expression + head.n_shape)
        J[..., 0:3] = -from_turned @ cross_matrix(turned)
        J[..., 3:6] = to_image
        J[..., 6:9] = from_head @ posed.jaw_derivative
        both = torch.cat([from_head, from_moved], dim=-1).transpose(0, 1).flatten(1, 2)
        J[..., 9:] = torch.unflatten(both @ _basis(head), 1, (len(z), 2)).transpose(0, 1)
        residual = (error * white.unsqueeze(2)).flatten(1)
        return J.flatten(1, 2), residual, cost

    def _add_shared(
        self, H_ss: Tensor, g_s: Tensor, J_s: Tensor, residual: Tensor, group: Tensor
    ) -> None:
        if len(H_ss) == 1:
            flat = J_s.reshape(-1, J_s.shape[2])
            H_ss[0] += flat.T @ flat
            g_s[0] += flat.T @ residual.reshape(-1)
            return
        H_ss.index_add_(0, group, J_s.mT @ J_s)
        g_s.index_add_(0, group, (J_s.mT @ residual.unsqueeze(2)).squeeze(2))

    def _add_priors(self, state: FaceState, H_ff: Tensor, g_f: Tensor) -> Tensor:
        settings, like = self.settings, state.jaw
        sd = torch.cat(
            [
                torch.tensor(settings.jaw_sd, dtype=like.dtype, device=like.device),
                like.new_full((self.head.n_expression,), settings.expression_sd),
            ]
        )
        value = torch.cat([state.jaw, state.expression], dim=1) / sd
        diagonal = torch.diagonal(H_ff, dim1=1, dim2=2)
        diagonal[:, 6:] += sd**-2
        # the free pose needs a hair of prior where a face's landmarks leave it undetermined
        diagonal[:, :6] += 1e-6 * diagonal[:, :6] + 1e-6
        g_f[:, 6:] += value / sd
        return 0.5 * value.square().sum().double()

    def _held(self, state: FaceState, g_f: Tensor) -> Tensor:
        held = torch.zeros_like(g_f, dtype=torch.bool)
        if self.activations:
            at_zero, at_one = state.expression <= 0.0, state.expression >= 1.0
            downhill = -g_f[:, N_POSE:]
            held[:, N_POSE:] = (at_zero & (downhill < 0)) | (at_one & (downhill > 0))
        return held


def _to_camera(posed: PosedLandmarks, state: FaceState) -> Tensor:
    turned = posed.points @ state.rotation.mT
    facing = torch.tensor([1.0, -1.0, -1.0], dtype=turned.dtype, device=turned.device)
    return turned * facing + state.translation[:, None]


def _basis(head: LandmarkHead) -> Tensor:
    """(K, 6, E + S): how F and M move with expression and shape."""
    fixed = torch.cat([head.fixed_expression, head.fixed_shape], dim=2)
    moved = torch.cat([head.moved_expression, head.moved_shape], dim=2)
    return torch.cat([fixed, moved], dim=1)
