"""From displacements of landmarks to few independent residuals.

Neighbouring landmarks err together, and the readings with them, so the covariance C = L L^T of
displacements and readings is full. With all directions M that the unknowns can move them in, the
whitened directions

    L^-1 M = U s V^T

span the few that tell anything of the unknowns: `W = U^T L^-1`, with the columns of M scaled by
the unknowns' own deviations, loses nothing that is linear in them (sufficient statistics of the
Gaussian linear model), and its residuals W D have the covariance I.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.posing import jaw_derivative, pose_landmarks
from facedyn_app.settings import FitSettings

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


def make_whitening(head: LandmarkHead, settings: FitSettings) -> Whitening:
    """The whitening of a head's landmarks.

    Args:
        head: The head at its landmarks.
        settings: The deviations of the unknowns.
    """
    directions = torch.cat([head.expression, head.shape], dim=3).double()
    deviation = directions.new_ones(directions.shape[3])
    deviation[: head.n_expression] = settings.expression_sd
    deviation[head.n_expression : head.n_expression + head.n_shape] = settings.shape_sd
    mean = head.mean_points.double()
    opened = torch.stack([torch.zeros_like(directions[1, 2]), -directions[1, 2]])
    said = torch.cat([head.readings.by_expression, head.readings.by_shape], dim=1).double()
    views = _views(directions.sum(0), opened, mean, said)
    share = deviation.new_tensor([1.0, SLOPE, SLOPE, 0.0, SLOPE])[:, None, None]
    free = torch.nn.functional.pad(_pose_directions(mean), (0, 0, 0, len(said)))
    free[:, :3] += POSE_RAD * head.by_view[:, :3]
    seen = [*(share * views * deviation), free, _jaw_directions(head, settings)]
    factor = torch.linalg.cholesky(head.spread.double())
    white = torch.linalg.solve_triangular(factor, torch.cat(seen, dim=1), upper=False)
    # U s from the smaller product M^T C^-1 M = V s^2 V^T: far quicker, and LEAST is no small size
    size2, V = torch.linalg.eigh(white.mT @ white)
    told = size2 > LEAST**2
    kept = white @ V[:, told] / size2[told].sqrt()
    matrix = torch.linalg.solve_triangular(factor.mT, kept, upper=True)
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
    spread = (slope * away).sum((1, 2)) / away.square().sum((1, 2))
    opened = torch.sin(jaw[:, 0])
    parts = [torch.ones_like(opened), -middle[:, 0], -middle[:, 1], -spread, opened]
    return torch.stack(parts, dim=1)


def _views(still: Tensor, opened: Tensor, mean: Tensor, said: Tensor) -> Tensor:
    """(5, 2K + R, N) displacements along x and y for each unknown, as a frame mixes them.

    Seen from the front at rest; what depth adds where the line of sight is tilted towards x,
    where towards y, where it spreads with the distance from the middle (perspective); and what
    an opened jaw adds. The readings are the same in every view.

    Args:
        still: (3, K, N) how the landmarks move, m per unit.
        opened: (2, K, N) how much further along x and y where the jaw is open, per sine of it.
        mean: (3, K) the landmarks, m.
        said: (R, N) how the readings change.
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
    others = torch.zeros_like(said).expand(len(seen) - 1, -1, -1)
    return torch.cat([seen, torch.cat([said[None], others])], dim=1)


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
