"""The face's least-squares problem: landmarks seen by a pinhole camera, and priors.

Unknowns of a frame, in this order: 3 numbers that turn the head (a rotation vector applied
before the present rotation), 3 of translation (m), 3 of the jaw's rotation vector (rad),
E of expression. Shared by the frames of a group: S of shape, and the modes of a session's errors.

Residuals (METHOD section 3): each landmark's line of sight, in the head frame, meets the plane
through the head's own landmark parallel to the face; the head's landmark minus that point, along
x and y, m, is what the landmarker's errors are known for (landmark_errors.py). These
displacements are whitened by their covariance (whitening.py). A frame whose residuals are large
as a whole counts less (Student's t). Gaussian priors on shape, expression and jaw. Activations
(0..1) are kept in their bounds by the solver itself.

Gradients are exact. The second derivatives are Gauss-Newton's, with the directions of expression
and shape taken from a mix of a few precomputed views instead of every landmark: the steps hardly
differ and cost a tenth.
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
from facedyn_app.fitting.smoothness import smoothness
from facedyn_app.fitting.state import FaceState, Observations
from facedyn_app.fitting.whitening import Whitening, view_weights
from facedyn_app.settings import FitSettings

N_POSE = 9
BLOCK_FRAMES = 64
NEAREST_M = 0.05
LEAST_FACING = 0.2
"""Lines of sight flatter than this to the face are taken as this steep."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceProblem:
    """Head, observations and priors as a block-arrow problem (arrow.py).

    Attributes:
        head: The head at its landmarks.
        whitening: Of that head.
        seen: The observations.
        group: (T,) which shape each frame has.
        settings: Noise and priors.
        activations: Whether expression coefficients are bounded to 0..1.
        pace: (T - 1,) how closely the frames follow each other (smoothness.py); None for frames
            that are fitted independently.
    """

    head: LandmarkHead
    whitening: Whitening
    seen: Observations
    group: Tensor
    settings: FitSettings
    activations: bool
    pace: Tensor | None = None

    def only(self, frames: Tensor, group: Tensor | None = None) -> FaceProblem:
        """The same problem with some of the frames, independent of each other, or grouped anew."""
        seen = replace(
            self.seen, points=self.seen.points[frames], face_px=self.seen.face_px[frames]
        )
        group = self.group[frames] if group is None else group
        return replace(self, seen=seen, group=group, pace=None)

    def of(self, head: LandmarkHead) -> FaceProblem:
        """The same problem for the same head with its last shared unknowns known."""
        n_unknowns = head.n_expression + head.n_shared
        return replace(self, head=head, whitening=self.whitening.first(n_unknowns))

    def cost(self, state: FaceState) -> Tensor:
        """The whole cost at a state, priors included."""
        total = self._prior_cost(state)
        if self.pace is not None:
            total = total + smoothness(state, self.pace, self.settings).cost
        for part in self._blocks():
            total = total + self._see(state.frames(part), part).cost
        return total

    def linearise(self, state: FaceState) -> NormalEquations:
        """The normal equations at a state, a block of frames at a time."""
        n, m = N_POSE + self.head.n_expression, self.head.n_shared
        like, n_groups = state.translation, len(state.shape)
        H_f, g_f = like.new_empty(len(self.group), n, n + m), like.new_empty(len(self.group), n)
        H_ss = torch.diag_embed(self._shared_precision(n_groups))
        g_s = self._shared_precision(n_groups) * state.shape
        cost = self._prior_cost(state)
        for part in self._blocks():
            some, group = state.frames(part), self.group[part]
            view = self._see(some, part)
            J = self._jacobian(view, some)
            H_f[part] = J[..., :n].mT @ J
            g_f[part], slope_s = self._gradient(view, some, group, n_groups)
            H_ss, g_s = H_ss + _sum_squares(J[..., n:], group, n_groups), g_s + slope_s
            cost = cost + view.cost
        H_ff, H_fs = torch.split(H_f, [n, m], dim=2)
        H_ff, g_f = self._add_frame_priors(state, H_ff, g_f)
        coupling = None
        if self.pace is not None:
            smooth = smoothness(state, self.pace, self.settings)
            cost, coupling = cost + smooth.cost, smooth.precision
            H_ff, g_f = smooth.add_to(H_ff, g_f)
        lowest, highest = self._room(state)
        return NormalEquations(cost, H_ff, H_fs, H_ss, g_f, g_s, lowest, highest, coupling)

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
        """A block of frames against its lines of sight, and the robust cost."""
        posed = pose_landmarks(
            self.head, state.shape, self.group[part], state.expression, state.jaw
        )
        seen = self.seen.points[part]
        sight = torch.cat([seen / self.seen.focal_px, torch.ones_like(seen[..., :1])], dim=2)
        # a row vector times R is R^T applied to it
        to_head = _facing(sight)[:, None] * state.rotation
        sight, eye = sight @ to_head, -(state.translation[:, None] @ to_head)
        slope = sight[..., :2] / sight[..., 2:].clamp_max(-LEAST_FACING)
        met = eye[..., :2] + slope * (posed.points[..., 2:] - eye[..., 2:])
        residual = (posed.points[..., :2] - met).flatten(1) @ self.whitening.matrix
        freedom = self.settings.robust_scale**2 * residual.shape[1]
        size2 = residual.square().sum(1) / freedom
        cost = 0.5 * freedom * torch.log1p(size2).sum().double()
        points = torch.cat([met, posed.points[..., 2:]], dim=2)
        return _View(posed, points, slope, residual, 1.0 / (1.0 + size2), cost)

    def _jacobian(self, view: _View, state: FaceState) -> Tensor:
        """(T, r, n + m) derivatives of the residuals, the frame's weight included."""
        to_head = _facing(view.slope)[:, None] * state.rotation
        by_shift = to_head.unsqueeze(1).expand(-1, view.points.shape[1], -1, -1)
        # one row for each unknown, so that the whitening is a single large product
        moved = torch.cat(
            [cross_matrix(view.points), by_shift, view.posed.jaw_derivative.mT], dim=2
        )
        seen = moved[..., :2] - moved[..., 2:] * view.slope.unsqueeze(2)
        rows = seen.transpose(1, 2).reshape(-1, self.whitening.matrix.shape[0])
        pose = (rows @ self.whitening.matrix).view(len(seen), N_POSE, -1).mT
        mix = view_weights(view.slope, view.posed.points, state.jaw)
        columns = self.whitening.columns
        other = (mix @ columns.flatten(1)).view(len(mix), *columns.shape[1:])
        return torch.cat([pose, other], dim=2) * view.weight.sqrt()[:, None, None]

    def _gradient(
        self, view: _View, state: FaceState, group: Tensor, n_groups: int
    ) -> tuple[Tensor, Tensor]:
        """(T, n) by the frames' unknowns and (G, m) by the shared ones, without the priors."""
        head = self.head
        pull = (view.weight[:, None] * view.residual) @ self.whitening.matrix.mT
        flat = pull.view_as(view.slope)
        pull = torch.cat([flat, -(flat * view.slope).sum(2, keepdim=True)], dim=2)
        turn = torch.linalg.cross(view.points, pull).sum(1)
        shift = ((pull.sum(1)[:, None] @ state.rotation.mT) * _facing(pull)).squeeze(1)
        jaw = torch.einsum("tki,tkij->tj", pull, view.posed.jaw_derivative)
        carried = pull @ view.posed.jaw_rotation
        expression = pull.flatten(1) @ head.fixed_expression.flatten(0, 1)
        expression = expression + carried.flatten(1) @ head.moved_expression.flatten(0, 1)
        both = pull.new_zeros(2, n_groups, pull[0].numel())
        both[0].index_add_(0, group, pull.flatten(1))
        both[1].index_add_(0, group, carried.flatten(1))
        shared = both[0] @ head.fixed_shape.flatten(0, 1)
        shared = shared + both[1] @ head.moved_shape.flatten(0, 1)
        return torch.cat([turn, shift, jaw, expression], dim=1), shared

    def _prior_cost(self, state: FaceState) -> Tensor:
        _, value = self._scaled(state)
        shape = self._shared_precision(len(state.shape)) * state.shape.square()
        return 0.5 * (value.square().sum().double() + shape.sum().double())

    def _shared_precision(self, n_groups: int) -> Tensor:
        """(G, S + P) prior precisions of shape and session modes.

        Part of the landmarker's errors is the same in every frame, so a recording tells no more
        of the shape than `shape_frames` frames do: the prior grows with the number of frames
        instead of the landmarks' noise.
        """
        head, like = self.head, self.head.weight
        n_frames = torch.bincount(self.group, minlength=n_groups).to(like.dtype)
        frames = (n_frames / self.settings.shape_frames).clamp_min(1.0)
        one = like.new_full((head.n_shape,), self.settings.shape_sd**-2)
        return frames.unsqueeze(1) * torch.cat([one, like.new_ones(head.n_session_modes)])

    def _scaled(self, state: FaceState) -> tuple[Tensor, Tensor]:
        """Prior standard deviations of jaw and expression, and their values over them."""
        settings, head, like = self.settings, self.head, state.jaw
        jaw_sd = torch.tensor(settings.jaw_sd, dtype=like.dtype, device=like.device)
        expression_sd = like.new_full((head.n_expression,), settings.expression_sd)
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
        points: (T, K, 3) where their lines of sight meet the planes through them, m.
        slope: (T, K, 2) dx/dz and dy/dz of the lines of sight in the head frame.
        residual: (T, r) whitened.
        weight: (T,) robust weight of the frame.
        cost: Robust cost of the block.
    """

    posed: PosedLandmarks
    points: Tensor
    slope: Tensor
    residual: Tensor
    weight: Tensor
    cost: Tensor


def _facing(like: Tensor) -> Tensor:
    return torch.tensor([1.0, -1.0, -1.0], dtype=like.dtype, device=like.device)


def _to_camera(posed: PosedLandmarks, state: FaceState) -> Tensor:
    turned = posed.points @ state.rotation.mT
    return turned * _facing(turned) + state.translation[:, None]


def _sum_squares(J: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """(G, m, m) sum over each group's frames of J^T J, J (T, r, m)."""
    if n_groups == 1:
        rows = J.flatten(0, 1)
        return (rows.mT @ rows).unsqueeze(0)
    return J.new_zeros(n_groups, J.shape[2], J.shape[2]).index_add_(0, group, J.mT @ J)
