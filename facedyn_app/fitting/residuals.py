"""The face's least-squares problem: landmarks seen by a pinhole camera, and priors.

Unknowns of a frame, in this order: 3 numbers that turn the head (a rotation vector applied before
the present rotation), 3 of translation (m), 3 of the jaw's rotation vector (rad), E of expression.
Shared by the frames of a group: S of shape, and the modes of a session's errors.

Residuals: each landmark's line of sight, in the head frame, meets the plane through the head's own
landmark parallel to the face; the head's landmark minus that point, along x and y, m, is what the
landmarker's errors are known for (landmark_errors.py). Behind these displacements stand the
readings as the head predicts them minus those measured (landmark_head.py). All are whitened by
their covariance (whitening.py). A frame whose residuals are large as a whole counts less (Student's
t). Gaussian priors on shape, and on jaw and expression together (priors.py); activations are kept
between 0 and `most_activation` by the solver itself.

Gradients are exact. The second derivatives are Gauss-Newton's, with the directions of expression
and shape taken from a mix of a few precomputed views instead of every landmark: the steps hardly
differ and cost a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import roma
import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import Curvature, NormalEquations
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.priors import TemporalCoupling, TemporalPrior, temporal_coupling
from facedyn_app.fitting.state import FaceState, Observations
from facedyn_app.fitting.view import View, reproject, view_frames
from facedyn_app.fitting.whitening import (
    Whitening,
    frame_curvature,
    mixed_squares,
    shared_curvature,
    view_weights,
)

N_POSE = 9
BLOCK_FRAMES = 256
NEAREST_M = 0.05
LOOSE = 1e-6
"""Precision of the pose's prior: a hair, where landmarks leave it undetermined."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceProblem:
    """Head, observations and priors as a block-arrow problem (arrow.py).

    Attributes:
        head: The head at its landmarks.
        whitening: Of that head.
        seen: The observations.
        group: (T,) which shape each frame has.
        settings: Noise and priors.
        activations: Whether expression coefficients are bounded, to 0..`most_activation`.
        precision: (3 + E, 3 + E) of the prior of jaw and expression (priors.py).
        temporal: How the frames follow each other; None for frames that are fitted independently.
    """

    head: LandmarkHead
    whitening: Whitening
    seen: Observations
    group: Tensor
    settings: FitSettings
    activations: bool
    precision: Tensor
    temporal: TemporalPrior | None = None

    def only(self, frames: Tensor, group: Tensor | None = None) -> FaceProblem:
        """The same problem with some of the frames, independent of each other, or grouped anew."""
        group = self.group[frames] if group is None else group
        return replace(self, seen=self.seen.frames(frames), group=group, temporal=None)

    def of(self, head: LandmarkHead) -> FaceProblem:
        """The same problem for the same head with its last shared unknowns known."""
        n_unknowns = head.n_expression + head.n_shared
        return replace(self, head=head, whitening=self.whitening.first(n_unknowns))

    def cost(self, state: FaceState) -> Tensor:
        """The whole cost at a state, priors included."""
        return self.evaluate(state).cost

    def evaluate(self, state: FaceState) -> Evaluation:
        """All frames as the camera sees them at a state, a block at a time, and their cost."""
        views = [self._view(state, part) for part in self._blocks()]
        cost = self._prior_cost(state) + sum(view.cost for view in views)
        if self.temporal is None:
            return Evaluation(state, views, None, cost)
        coupling = temporal_coupling(state, self.temporal, self.settings.step_tail)
        return Evaluation(state, views, coupling, cost + coupling.cost)

    def curvature(self, evaluation: Evaluation) -> Curvature:
        """The second derivatives at a state, but for the coupling's."""
        n_groups = len(evaluation.state.shape)
        shares, H_p = zip(*(self._pose_curvature(view) for view in evaluation.views), strict=True)
        H_ff, H_fs, H_ss = self._curvature(torch.cat(H_p), torch.cat(shares), n_groups)
        torch.diagonal(H_ff, dim1=1, dim2=2)[:, :6].add_(LOOSE)
        H_ff[:, 6:, 6:] += self.precision
        torch.diagonal(H_ss, dim1=1, dim2=2).add_(self.shared_precision(n_groups))
        return Curvature(H_ff, H_fs, H_ss)

    def linearise(self, evaluation: Evaluation, curvature: Curvature) -> NormalEquations:
        """The normal equations at a state, with the curvature there or near."""
        state, coupling = evaluation.state, evaluation.coupling
        g_f, g_s = zip(*(view.gradient() for view in evaluation.views), strict=True)
        slope_f = torch.cat(g_f)
        slope_f[:, 6:] += torch.cat([state.jaw, state.expression], dim=1) @ self.precision
        slope_s = self.shared_precision(len(state.shape)) * state.shape + torch.stack(g_s).sum(0)
        H_ff, precisions = curvature.H_ff, None
        if coupling is not None:
            precisions = coupling.curvature
            H_ff, slope_f = coupling.add_to(H_ff, slope_f)
        room = self._room(state)
        return NormalEquations(
            H_ff, curvature.H_fs, curvature.H_ss, slope_f, slope_s, *room, precisions
        )

    def retract(self, state: FaceState, step_f: Tensor, step_s: Tensor) -> FaceState:
        """The state after a step, activations kept in their bounds."""
        sizes = [3, 3, 3, self.head.n_expression]
        turn, shift, jaw, expression = torch.split(step_f, sizes, dim=1)
        moved, most = state.expression + expression, self.settings.most_activation
        translation = state.translation + shift
        depth = translation[:, 2:].clamp_min(NEAREST_M)
        return FaceState(
            rotation=_orthonormal(state.rotation @ roma.rotvec_to_rotmat(turn)),
            translation=torch.cat([translation[:, :2], depth], dim=1),
            jaw=state.jaw + jaw,
            expression=moved.clamp(0.0, most) if self.activations else moved,
            shape=state.shape + step_s,
        )

    def reprojection(self, state: FaceState) -> Tensor:
        """(T, K, 2) landmarks of the head in the image, px from the image's centre."""
        return reproject(self.head, state, self.group, self.seen.focal_px)

    def mean_derivatives(self, evaluation: Evaluation) -> Tensor:
        """(9 + E + m, r) of the residuals by the unknowns, the mean over the frames by weight."""
        poses = [torch.tensordot(view.weight, view.pose_rows, dims=1) for view in evaluation.views]
        mixed_shares = [view.weight @ _view_mix(view) for view in evaluation.views]
        weight = torch.stack([view.weight.sum() for view in evaluation.views]).sum()
        others = self._columns(torch.stack(mixed_shares).sum(0)[None])[0].mT
        return torch.cat([torch.stack(poses).sum(0), others]) / weight

    def _columns(self, shares: Tensor) -> Tensor:
        """(T, r, E + m) derivatives by expression and shared unknowns, (T, 5) of each view."""
        columns = self.whitening.columns
        return (shares @ columns.flatten(1)).view(len(shares), *columns.shape[1:])

    def _blocks(self) -> list[slice]:
        starts = range(0, len(self.group), BLOCK_FRAMES)
        return [slice(start, start + BLOCK_FRAMES) for start in starts]

    def _view(self, state: FaceState, part: slice) -> View:
        """A block of frames."""
        return view_frames(
            self.head,
            self.whitening,
            self.seen.frames(part),
            state.frames(part),
            self.group[part],
            self.settings.robust_scale,
        )

    def _pose_curvature(self, view: View) -> tuple[Tensor, Tensor]:
        """(T, 5) the share of each view in a block of frames, and (T, 9, n + m) H_f of the pose."""
        root = view.weight.sqrt()[:, None]
        pose, shares = view.pose_rows * root[:, None], _view_mix(view) * root
        others = self._columns(shares)
        return shares, torch.cat([pose @ pose.mT, pose @ others], dim=2)

    def _curvature(
        self, H_p: Tensor, shares: Tensor, n_groups: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """H_ff, H_fs, H_ss from the rows of the pose and the views' shares."""
        columns, n_expression = self.whitening.columns, self.head.n_expression
        squares = mixed_squares(columns[..., :n_expression], columns)
        H_f = torch.empty_like(H_p[:, :1]).repeat(1, N_POSE + n_expression, 1)
        H_f[:, :N_POSE] = H_p
        H_f[:, N_POSE:, :N_POSE] = H_p[..., N_POSE : N_POSE + n_expression].mT
        H_f[:, N_POSE:, N_POSE:] = frame_curvature(squares, shares)
        H_ff, H_fs = torch.split(H_f, [H_f.shape[1], self.head.n_shared], dim=2)
        shared = columns[..., n_expression:]
        squares = mixed_squares(shared, shared)
        return H_ff, H_fs, shared_curvature(squares, shares, self.group, n_groups)

    def _prior_cost(self, state: FaceState) -> Tensor:
        motion = torch.cat([state.jaw, state.expression], dim=1)
        shape = self.shared_precision(len(state.shape)) * state.shape.square()
        return 0.5 * ((motion @ self.precision * motion).sum().double() + shape.sum().double())

    def shared_precision(self, n_groups: int) -> Tensor:
        """(G, S + P) prior precisions of shape and session modes.

        Part of the landmarker's errors is the same in every frame, so a recording tells no more
        of the shape than `shape_frames` frames do: the prior grows with the number of frames
        instead of the landmarks' noise.
        """
        head, like = self.head, self.head.weight
        frames = self.frames_per_independent(n_groups)
        one = like.new_full((head.n_shape,), self.settings.shape_sd**-2)
        return frames.unsqueeze(1) * torch.cat([one, like.new_ones(head.n_session_modes)])

    def frames_per_independent(self, n_groups: int) -> Tensor:
        """(G,) how many frames of a group tell of the shape what one with its own errors would."""
        n_frames = torch.bincount(self.group, minlength=n_groups).to(self.head.weight.dtype)
        return (n_frames / self.settings.shape_frames).clamp_min(1.0)

    def _room(self, state: FaceState) -> tuple[Tensor, Tensor]:
        """(T, n) least and largest step of each unknown."""
        free = state.jaw.new_full((len(state.jaw), N_POSE + self.head.n_expression), torch.inf)
        lowest, highest = -free, free
        if self.activations:
            room = self.settings.most_activation - state.expression
            lowest[:, N_POSE:], highest[:, N_POSE:] = -state.expression, room
        return lowest, highest


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A state of a FaceProblem, its frames as the camera sees them, and its cost.

    Attributes:
        state: The state.
        views: Its frames, a block at a time.
        coupling: Of neighbouring frames; None where they are independent.
        cost: The whole cost, priors included.
    """

    state: FaceState
    views: list[View]
    coupling: TemporalCoupling | None
    cost: Tensor


def _view_mix(view: View) -> Tensor:
    """(T, 5) how much of each of the whitening's views a block of frames has."""
    return view_weights(view.ray_slope, view.posed.points, view.state.jaw)


def _orthonormal(R: Tensor) -> Tensor:
    """The nearest rotations to (T, 3, 3) that are off by rounding: a Newton step towards them."""
    return 1.5 * R - 0.5 * R @ (R.mT @ R)
