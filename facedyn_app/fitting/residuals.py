"""The face's least-squares problem: landmarks seen by a pinhole camera, and priors.

Unknowns of a frame, in this order: 3 numbers that turn the head (a rotation vector applied
before the present rotation), 3 of translation (m), 3 of the jaw's rotation vector (rad),
E of expression. Shared by the frames of a group: S of shape.

Residuals (METHOD section 3): reprojection, whitened by `landmark_noise` times the face's height
and by the landmark's weight, under Cauchy's robust cost; Gaussian priors on shape, expression
and jaw. Activations (0..1) are kept in their bounds by the solver itself: one that stands at a
bound or would leave it is kept there, the others share the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.arrow import NormalEquations
from facedyn_app.fitting.landmark_head import (
    LandmarkHead,
    PosedLandmarks,
    pose_landmarks,
)
from facedyn_app.fitting.state import FaceState, Observations
from facedyn_app.settings import FitSettings

N_POSE = 9
BLOCK_FRAMES = 128
NEAREST_M = 0.05


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

    def only(self, frames: Tensor, group: Tensor) -> FaceProblem:
        """The same problem with some of the frames, grouped anew."""
        seen = replace(
            self.seen, points=self.seen.points[frames], face_px=self.seen.face_px[frames]
        )
        return replace(self, seen=seen, group=group)

    def cost(self, state: FaceState) -> Tensor:
        """The whole cost at a state, priors included."""
        total = self._prior_cost(state)
        for part in self._blocks():
            total = total + self._see(state.frames(part), part).cost
        return total

    def linearise(self, state: FaceState) -> NormalEquations:
        """The normal equations at a state, a block of frames at a time."""
        n, m = N_POSE + self.head.n_expression, self.head.n_shape
        like, n_groups = state.translation, len(state.shape)
        frame_rows = like.new_empty(len(self.group), n, n + m + 1)
        moments = like.new_zeros(n_groups, len(self.head.weight), 7, 7)
        basis, buffer = _basis(self.head), like.new_empty(0)
        cost = self._prior_cost(state)
        for part in self._blocks():
            view = self._see(state.frames(part), part)
            # the large product goes into the same memory each time: fresh memory costs more
            motion, buffer = self._jacobian(view, state.frames(part), basis, buffer)
            by_frame = buffer.flatten(0, 1).transpose(0, 1)
            frame_rows[part] = by_frame[..., :n].mT @ by_frame
            self._add_moments(moments, motion, self.group[part])
            cost = cost + view.cost
        H_ff, H_fs, g_f = torch.split(frame_rows, [n, m, 1], dim=2)
        H_ff, g_f = self._add_frame_priors(state, H_ff, g_f.squeeze(2))
        precision = self._shape_precision(n_groups)
        H_ss, g_s = _shared_block(moments, basis[..., n : n + m])
        H_ss = H_ss + torch.diag_embed(precision.expand(-1, m))
        g_s = g_s + precision * state.shape
        return NormalEquations(cost, H_ff, H_fs, H_ss, g_f, g_s, *self._room(state))

    def retract(self, state: FaceState, step_f: Tensor, step_s: Tensor) -> FaceState:
        """The state after a step, activations kept within 0..1."""
        sizes = [3, 3, 3, self.head.n_expression]
        turn, shift, jaw, expression = torch.split(step_f, sizes, dim=1)
        moved = state.expression + expression
        translation = state.translation + shift
        depth = translation[:, 2:].clamp_min(NEAREST_M)
        return FaceState(
            rotation=roma.special_procrustes(state.rotation @ roma.rotvec_to_rotmat(turn)),
            translation=torch.cat([translation[:, :2], depth], dim=1),
            jaw=state.jaw + jaw,
            expression=moved.clamp(0.0, 1.0) if self.activations else moved,
            shape=state.shape + step_s,
        )

    def reprojection(self, state: FaceState) -> Tensor:
        """(T, K, 2) landmarks of the head in the image, px from the image's centre."""
        posed = pose_landmarks(self.head, state.shape, self.group, state.expression, state.jaw)
        camera = _to_camera(posed, state)
        return self.seen.focal_px * camera[..., :2] / camera[..., 2:]

    def _blocks(self) -> list[slice]:
        starts = range(0, len(self.group), BLOCK_FRAMES)
        return [slice(start, start + BLOCK_FRAMES) for start in starts]

    def _see(self, state: FaceState, part: slice) -> _View:
        """The head of a block of frames in front of the camera, and the robust cost."""
        posed = pose_landmarks(
            self.head, state.shape, self.group[part], state.expression, state.jaw
        )
        camera = _to_camera(posed, state)
        error = self.seen.focal_px * camera[..., :2] / camera[..., 2:] - self.seen.points[part]
        noise_px = self.settings.landmark_noise * self.seen.face_px[part, None]
        white = self.head.weight.sqrt() / noise_px
        scale2 = self.settings.robust_scale**2
        size2 = (error * white.unsqueeze(2)).square().sum(2) / scale2
        cost = 0.5 * scale2 * torch.log1p(size2).sum().double()
        return _View(posed, camera, error, white / (1.0 + size2).sqrt(), cost)

    def _add_moments(self, moments: Tensor, motion: Tensor, group: Tensor) -> None:
        """Add each landmark's sum over frames of motion^T motion to its group's."""
        if len(moments) == 1:
            flat = motion.flatten(1, 2)
            moments[0] += flat.mT @ flat
            return
        rows = motion.permute(2, 0, 1, 3)
        moments.index_add_(0, group, rows.mT @ rows)

    def _jacobian(
        self, view: _View, state: FaceState, basis: Tensor, buffer: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Whitened derivatives of the image, and the residuals in the last column of each.

        Landmarks stand before frames so that the large part is one batched product whose result
        need not be copied. It is written into `buffer` where that has the right size.

        Returns:
            (K, 2, T, 7) by F, M, residual; (K, 2, T, n + m + 1) by the unknowns, residual.
        """
        x, y, z = view.camera.unbind(-1)
        over_z, zero = self.seen.focal_px * view.white / z, torch.zeros_like(z)
        to_u = torch.stack([over_z, zero, -over_z * x / z], dim=-1)
        to_v = torch.stack([zero, over_z, -over_z * y / z], dim=-1)
        by_shift = torch.stack([to_u, to_v], dim=-2)
        turned = (by_shift * _facing(z)).flatten(1, 2) @ state.rotation
        by_fixed = turned.view_as(by_shift)
        by_moved = (turned @ view.posed.jaw_rotation).view_as(by_shift)
        residual = (view.error * view.white.unsqueeze(2)).unsqueeze(3)
        motion = torch.cat([by_fixed, by_moved, residual], dim=-1).permute(1, 2, 0, 3).contiguous()
        n_landmarks, _, n_frames, _ = motion.shape
        size = (n_landmarks, 2 * n_frames, basis.shape[2])
        flat = buffer.view(size) if buffer.numel() == math.prod(size) else motion.new_empty(size)
        torch.bmm(motion.flatten(1, 2), basis, out=flat)
        J = flat.view(n_landmarks, 2, n_frames, -1)
        # a turn d applied before the present rotation moves X by d x X
        by_turn = torch.linalg.cross(view.posed.points.unsqueeze(2), by_fixed)
        by_jaw = by_fixed @ view.posed.jaw_derivative
        J[..., :N_POSE] = torch.cat([by_turn, by_shift, by_jaw], dim=-1).permute(1, 2, 0, 3)
        return motion, J

    def _prior_cost(self, state: FaceState) -> Tensor:
        _, value = self._scaled(state)
        shape = self._shape_precision(len(state.shape)) * state.shape.square()
        return 0.5 * (value.square().sum().double() + shape.sum().double())

    def _shape_precision(self, n_groups: int) -> Tensor:
        """(G, 1) prior precision of a shape coefficient.

        The landmarker's errors and those of the landmark table are the same in every frame, so
        a recording tells no more of the shape than `shape_frames` frames do: the prior grows with
        the number of frames instead of the landmarks' noise.
        """
        n_frames = torch.bincount(self.group, minlength=n_groups).to(self.head.weight.dtype)
        frames = n_frames / self.settings.shape_frames
        return frames.clamp_min(1.0).unsqueeze(1) / self.settings.shape_sd**2

    def _scaled(self, state: FaceState) -> tuple[Tensor, Tensor]:
        """Prior standard deviations of jaw and expression, and their values over them."""
        settings, like = self.settings, state.jaw
        jaw_sd = torch.tensor(settings.jaw_sd, dtype=like.dtype, device=like.device)
        expression_sd = like.new_full((self.head.n_expression,), settings.expression_sd)
        sd = torch.cat([jaw_sd, expression_sd])
        return sd, torch.cat([state.jaw, state.expression], dim=1) / sd

    def _add_frame_priors(
        self, state: FaceState, H_ff: Tensor, g_f: Tensor
    ) -> tuple[Tensor, Tensor]:
        sd, value = self._scaled(state)
        # pose has no prior, only a hair of one where landmarks leave it undetermined
        diagonal = torch.cat([sd.new_full((6,), 1e-6), sd**-2])
        pull = torch.cat([torch.zeros_like(g_f[:, :6]), value / sd], dim=1)
        return H_ff + torch.diag(diagonal), g_f + pull

    def _room(self, state: FaceState) -> tuple[Tensor, Tensor]:
        """(T, n) least and largest step of each unknown."""
        free = state.jaw.new_full((len(state.jaw), N_POSE + self.head.n_expression), torch.inf)
        lowest, highest = -free, free
        if self.activations:
            lowest[:, N_POSE:], highest[:, N_POSE:] = -state.expression, 1.0 - state.expression
        return lowest, highest


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A block of frames as the camera sees them.

    Attributes:
        posed: Landmarks in the head frame.
        camera: (T, K, 3) in the camera frame, m.
        error: (T, K, 2) seen minus measured, px.
        white: (T, K) what whitens an error, the robust weight included, 1/px.
        cost: Robust cost of the block.
    """

    posed: PosedLandmarks
    camera: Tensor
    error: Tensor
    white: Tensor
    cost: Tensor


def _facing(like: Tensor) -> Tensor:
    return torch.tensor([1.0, -1.0, -1.0], dtype=like.dtype, device=like.device)


def _to_camera(posed: PosedLandmarks, state: FaceState) -> Tensor:
    turned = posed.points @ state.rotation.mT
    return turned * _facing(turned) + state.translation[:, None]


def _shared_block(moments: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """(G, m, m) sum of B^T M B and (G, m) of B^T r, over landmarks, for B (K, 7, m).

    The image moves with a shape coefficient as F and M do, through a small matrix of frame and
    landmark: summing those matrices' squares over the frames first, into the moments
    (G, K, 7, 7) with the residual last, makes this block cheap.
    """
    left = (moments @ basis).flatten(1, 2)
    gradient = torch.einsum("gkq,kqm->gm", moments[..., -1], basis)
    return left.mT @ basis.flatten(0, 1), gradient


def _basis(head: LandmarkHead) -> Tensor:
    """(K, 7, n + m + 1): how F and M move with each unknown (pose left out), residual kept."""
    fixed = torch.cat([head.fixed_expression, head.fixed_shape], dim=2)
    moved = torch.cat([head.moved_expression, head.moved_shape], dim=2)
    pad = torch.nn.functional.pad(torch.cat([fixed, moved], dim=1), (N_POSE, 1, 0, 1))
    pad[:, -1, -1] = 1.0
    return pad
