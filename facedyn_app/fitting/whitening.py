"""Whitening: from displacements of landmarks to few independent residuals.

Neighbouring landmarks err together, and the readings with them, so the covariance C = L L^T of
displacements and readings is full. With all directions M that the unknowns can move them in, the
whitened directions

    L^-1 M = U s V^T

span the few that tell anything of the unknowns: `W = U^T L^-1`, with the columns of M scaled by
the unknowns' own deviations, loses nothing that is linear in them (sufficient statistics of the
Gaussian linear model), and its residuals W D have the covariance I.

Gauss-Newton's second derivatives are made of the same columns. A frame's derivatives by expression
and shared unknowns are a mix of those of a few views, J_t = sum_v a_tv C_v, and their products are

    J_t^T J_t = sum_{v <= w} a_tv a_tw Q_vw,   Q_vw = C_v^T C_w + C_w^T C_v  (once where v = w):

the views' products are made once, and what is left for a frame is to mix them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_head import LandmarkHead, jaw_derivative, pose_landmarks

POSE_M, POSE_RAD = 1.0, 10.0
"""Deviations of the pose: it is free, so all that it does is kept."""
SLOPE = 0.4
"""A usual turn of the head, as the slope of the line of sight: how much of a depth shows."""
LEAST = 0.15
"""Directions that tell less than this, in deviations of the noise, are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """The matrix W and the directions of the unknowns in it.

    Attributes:
        matrix: (2K + R, r) W transposed: displacements, all x and then all y, and readings
            (T, 2K + R) to residuals.
        by_view: (10, r) what each of `view_terms` does to the residuals.
        columns: (5, r, E + S') what the expression and the shared unknowns do to the residuals,
            for each of `_views`.
    """

    matrix: Tensor
    by_view: Tensor
    columns: Tensor

    def first(self, n_unknowns: int) -> Whitening:
        """The same for a head whose last unknowns are known."""
        return replace(self, columns=self.columns[..., :n_unknowns])


@dataclass(frozen=True, slots=True, eq=False)
class CovarianceFactor:
    """Cholesky factor L of a covariance whose rows fall into blocks that err independently.

    Attributes:
        rows: Of each block, numbers of its rows (n,).
        lower: Of each block, its lower factor (n, n), float64.
    """

    rows: tuple[Tensor, ...]
    lower: tuple[Tensor, ...]

    @classmethod
    def of(cls, covariance: Tensor, *blocks: Tensor) -> CovarianceFactor:
        """The factor of a covariance (N, N), of the blocks with the given rows; of one if none."""
        rows = blocks or (torch.arange(len(covariance), device=covariance.device),)
        parts = (covariance[own[:, None], own].double() for own in rows)
        return cls(rows, tuple(torch.linalg.cholesky(part) for part in parts))

    def solve(self, right: Tensor) -> Tensor:
        """(N, m) L^-1 times a matrix (N, m), float64."""
        return self._by_block(right, transposed=False)

    def solve_transposed(self, right: Tensor) -> Tensor:
        """(N, m) L^-T times a matrix (N, m), float64."""
        return self._by_block(right, transposed=True)

    def _by_block(self, right: Tensor, *, transposed: bool) -> Tensor:
        solved = torch.empty_like(right)
        for rows, lower in zip(self.rows, self.lower, strict=True):
            matrix = lower.mT if transposed else lower
            solved[rows] = torch.linalg.solve_triangular(matrix, right[rows], upper=transposed)
        return solved


def make_whitening(
    head: LandmarkHead, settings: FitSettings, factor: CovarianceFactor | None = None
) -> Whitening:
    """The whitening of a head's landmarks.

    Args:
        head: The head at its landmarks.
        settings: The deviations of the unknowns.
        factor: Of the residuals' covariance; None for that of the head.
    """
    factor = CovarianceFactor.of(head.covariance) if factor is None else factor
    directions = torch.cat([head.expression, head.shape], dim=3).double()
    deviation = directions.new_ones(directions.shape[3])
    deviation[: head.n_expression] = settings.expression_sd
    deviation[head.n_expression : head.n_expression + head.n_shape] = settings.shape_sd
    mean = head.mean_points.double()
    opened = torch.stack([torch.zeros_like(directions[1, 2]), -directions[1, 2]])
    readings = torch.cat([head.readings.by_expression, head.readings.by_shape], dim=1).double()
    views = _views(directions.sum(0), opened, mean, readings)
    share = deviation.new_tensor([1.0, SLOPE, SLOPE, 0.0, SLOPE])[:, None, None]
    free = torch.nn.functional.pad(_pose_directions(mean), (0, 0, 0, len(readings)))
    free[:, :3] += POSE_RAD * head.by_view[:, :3]
    seen = [*(share * views * deviation), free, _jaw_directions(head, settings)]
    white = factor.solve(torch.cat(seen, dim=1))
    # U s from the smaller product M^T C^-1 M = V s^2 V^T: far quicker, and LEAST is no small size
    size2, V = torch.linalg.eigh(white.mT @ white)
    informative = size2 > LEAST**2
    kept = white @ V[:, informative] / size2[informative].sqrt()
    matrix = factor.solve_transposed(kept)
    parts = (matrix, head.by_view.double().mT @ matrix, matrix.mT @ views)
    return Whitening(*(part.to(head.weight.dtype) for part in parts))


def view_weights(slope: Tensor, points: Tensor, jaw: Tensor) -> Tensor:
    """(T, 5) how much of each of the five views a frame has.

    Args:
        slope: (T, 2, K) of the lines of sight in the head frame, dx/dz and dy/dz.
        points: (T, 3, K) landmarks in the head frame, m.
        jaw: (T, 3) rotation vectors, rad.
    """
    middle = slope.mean(dim=2)
    away = points[:, :2] - points[:, :2].mean(dim=2, keepdim=True)
    widening = (slope * away).sum((1, 2)) / away.square().sum((1, 2))
    opened = torch.sin(jaw[:, 0])
    parts = [torch.ones_like(opened), -middle[:, 0], -middle[:, 1], -widening, opened]
    return torch.stack(parts, dim=1)


def _views(still: Tensor, opened: Tensor, mean: Tensor, readings: Tensor) -> Tensor:
    """(5, 2K + R, N) displacements along x and y for each unknown, as a frame mixes them.

    Seen from the front at rest; what depth adds where the line of sight is tilted towards x,
    where towards y, where it spreads with the distance from the middle (perspective); and what
    an opened jaw adds. The readings are the same in every view.

    Args:
        still: (3, K, N) how the landmarks move, m per unit.
        opened: (2, K, N) how much further along x and y where the jaw is open, per sine of it.
        mean: (3, K) the landmarks, m.
        readings: (R, N) how the readings change.
    """
    depth = still[2]
    zero = torch.zeros_like(depth)
    away = mean[:2] - mean[:2].mean(dim=1, keepdim=True)
    both = [
        still[:2],
        torch.stack([depth, zero]),
        torch.stack([zero, depth]),
        away[:, :, None] * depth,
        opened,
    ]
    seen = torch.stack(both).flatten(1, 2)
    others = torch.zeros_like(readings).expand(len(seen) - 1, -1, -1)
    return torch.cat([seen, torch.cat([readings[None], others])], dim=1)


def _pose_directions(points: Tensor) -> Tensor:
    """(2K, 6) what a turn and a shift of the head do to points (3, K) seen from the front."""
    x, y, z = points
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    turns = [(zero, -z), (z, zero), (-y, x)]
    shifts = [(one, zero), (zero, one), (x, y)]
    rows = [POSE_RAD * torch.cat(pair) for pair in turns]
    rows += [POSE_M * torch.cat(pair) for pair in shifts]
    return torch.stack(rows, dim=1)


def _jaw_directions(head: LandmarkHead, settings: FitSettings) -> Tensor:
    """(2K + R, 6) what turns of the jaw do to the mean face, about rest and wide open."""
    zero = torch.zeros(1, dtype=torch.int64, device=head.weight.device)
    like = head.weight.new_zeros
    columns = []
    for opened in (0.0, 2.0 * settings.jaw_sd[0]):
        jaw = like(1, 3)
        jaw[0, 0] = opened
        posed = pose_landmarks(head, like(1, head.n_shared), zero, like(1, head.n_expression), jaw)
        seen = jaw_derivative(head, posed, jaw)[0, :, :2].flatten(1).mT
        columns.append(torch.cat([seen, head.readings.by_jaw]).double())
    sd = torch.tensor(settings.jaw_sd, dtype=torch.float64, device=head.weight.device)
    return torch.cat([column * sd for column in columns], dim=1)


def mixed_squares(left: Tensor, right: Tensor) -> Tensor:
    """(P, a, b) products Q of the P pairs of V views, (V, r, a) and (V, r, b)."""
    products = left.mT[:, None] @ right[None]
    both = products + products.transpose(0, 1)
    first, second = _pairs(len(left), left.device)
    half = torch.where(first == second, 0.5, 1.0).to(left)
    return both[first, second] * half[:, None, None]


def frame_curvature(squares: Tensor, shares: Tensor) -> Tensor:
    """(T, a, b) of frames from (P, a, b) and the views' shares in them, (T, V)."""
    return (_pair_shares(shares) @ squares.flatten(1)).view(len(shares), *squares.shape[1:])


def shared_curvature(squares: Tensor, shares: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """(G, a, b) the same, summed over the frames of each group."""
    pairs = _pair_shares(shares)
    total = pairs.new_zeros(n_groups, pairs.shape[1]).index_add_(0, group, pairs)
    return (total @ squares.flatten(1)).view(n_groups, *squares.shape[1:])


def _pair_shares(shares: Tensor) -> Tensor:
    first, second = _pairs(shares.shape[1], shares.device)
    return shares[:, first] * shares[:, second]


def _pairs(n_views: int, device: torch.device) -> tuple[Tensor, Tensor]:
    first, second = torch.triu_indices(n_views, n_views, device=device)
    return first, second
