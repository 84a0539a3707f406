"""Symmetry of a head: equal to its mirror image at its landmarks, left and right fitted alike.

Mirrored in the plane x = 0 a point (x, y, z) goes to (-x, y, z), a rotation vector (x, y, z) to
(x, -y, -z), a rotation matrix R to D R D with D = diag(-1, 1, 1), and points, scores and directions
of the two sides change places. What was placed, measured or built on a head is never quite
symmetric: each field is replaced by the mean of itself and its mirror image. A fit of mirrored
landmarks is then the mirrored fit.

Which direction is whose mirror image is read from the directions themselves, whatever their names
are: of principal components each is its own, with one sign or the other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.records import N_BLENDSHAPES, IntArray
from facedyn_app.topology import MIRRORED_BLENDSHAPES, MIRRORED_POINTS, MIRRORED_TURN

MOST_DIFFERENCE = 0.25
"""RMS difference between directions and their mirror images, share of their size, up to which a
head counts as symmetric."""
AXES = (-1.0, 1.0, 1.0)
"""What mirroring does to x, y and z of a point."""
# turns x, y, z, their products xx, xy, xz, yy, yz, zz, and closeness (landmark_head.py)
_VIEW_TERMS = (1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SignedPermutation:
    """Element i of the mirror image is `sign[i]` times element `index[i]`.

    Attributes:
        index: (N,) int64.
        sign: (N,) 1 or -1.
    """

    index: Tensor
    sign: Tensor

    def of(self, values: Tensor, dim: int) -> Tensor:
        """The mirror image along one axis of some values."""
        shape = [1] * values.ndim
        shape[dim] = len(self.sign)
        return values.index_select(dim, self.index) * self.sign.view(shape)


@dataclass(frozen=True, slots=True, eq=False)
class HeadMirror:
    """Permutations that make the mirror image of a head.

    Attributes:
        points: Of the K landmarks.
        expression: Of the E expression directions.
        shape: Of the S shape directions.
    """

    points: SignedPermutation
    expression: SignedPermutation
    shape: SignedPermutation


def head_mirror(head: LandmarkHead) -> HeadMirror | None:
    """The mirror image of a head; None where it is not symmetric, or its landmarks not in pairs."""
    partner = mirror_partners(head)
    if partner is None:
        return None
    points = SignedPermutation(partner, torch.ones_like(head.weight))
    expression = _own_mirror(head.expression, points)
    shape = _own_mirror(head.shape[..., : head.n_shape], points)
    return None if expression is None or shape is None else HeadMirror(points, expression, shape)


def symmetric(head: LandmarkHead) -> LandmarkHead:
    """The head with every field the mean of itself and its mirror image.

    A head that is not symmetric, or whose landmarks are not placed in pairs, stays as it is, which
    is logged.
    """
    mirror = head_mirror(head)
    if mirror is None:
        log.warning("The head or its landmarks are not symmetric: left and right may differ.")
        return head
    points, shape = mirror.points, mirror.shape
    head = _with_paired_modes(head, _row_mirror(head, points))
    n_odd = head.n_session_modes // 2
    signs = [shape.sign, shape.sign.new_ones(head.n_session_modes - n_odd)]
    own = torch.arange(head.n_shared, device=shape.index.device)
    own[: head.n_shape] = shape.index
    shared = SignedPermutation(own, torch.cat([*signs, -shape.sign.new_ones(n_odd)]))
    return _mean_with_mirror(head, points, mirror.expression, shared)


def _mean_with_mirror(
    head: LandmarkHead,
    points: SignedPermutation,
    expression: SignedPermutation,
    shared: SignedPermutation,
) -> LandmarkHead:
    axes = _signs(AXES, head.weight)
    entries = _signs([a * b for a in AXES for b in AXES], head.weight)
    turns, terms = _signs(MIRRORED_TURN, head.weight), _signs(_VIEW_TERMS, head.weight)
    rows = _row_mirror(head, points)
    reading_rows = _reading_mirror(head)
    by_slope = expression.of(rows.of(head.expression_by_slope, 0), 1)

    def field(values: Tensor, columns: SignedPermutation) -> Tensor:
        mirrored = columns.of(points.of(axes.of(values, 1), 2), 3)
        return 0.5 * (values + mirrored)

    def table(values: Tensor, left: SignedPermutation, right: SignedPermutation) -> Tensor:
        return 0.5 * (values + right.of(left.of(values, 0), 1))

    readings = head.readings
    covariance = head.covariance if not len(head.covariance) else table(head.covariance, rows, rows)
    return replace(
        head,
        weight=0.5 * (head.weight + points.of(head.weight, 0)),
        covariance=covariance,
        mean=0.5 * (head.mean + points.of(axes.of(head.mean, 1), 2)),
        shape=field(head.shape, shared),
        expression=field(head.expression, expression),
        pose=field(head.pose, entries),
        by_view=table(head.by_view, rows, terms),
        # seen from the other side the slope has the other sign
        offset_by_slope=0.5 * (head.offset_by_slope - rows.of(head.offset_by_slope, 0)),
        expression_by_slope=0.5 * (head.expression_by_slope - by_slope),
        readings=replace(
            readings,
            rest=0.5 * (readings.rest + reading_rows.of(readings.rest, 0)),
            by_expression=table(readings.by_expression, reading_rows, expression),
            by_jaw=table(readings.by_jaw, reading_rows, turns),
            by_shape=table(readings.by_shape, reading_rows, shared),
        ),
    )


def _signs(signs: tuple[float, ...] | list[float], like: Tensor) -> SignedPermutation:
    index = torch.arange(len(signs), device=like.device)
    return SignedPermutation(index, like.new_tensor(signs))


def mirror_partners(head: LandmarkHead) -> Tensor | None:
    """(K,) place of each landmark's counterpart; None where one has none."""
    index = head.index.cpu().numpy()
    wanted: IntArray = MIRRORED_POINTS[index]
    place = np.searchsorted(index, wanted).clip(max=len(index) - 1)
    if not np.array_equal(index[place], wanted):
        return None
    return torch.as_tensor(place, device=head.index.device)


def _reading_mirror(head: LandmarkHead) -> SignedPermutation:
    """Of the R readings: scores change sides, the turn is a rotation vector."""
    n, like = len(head.readings.rest), head.weight
    index = torch.arange(n, device=like.device)
    sign = like.new_ones(n)
    if n:
        index[:N_BLENDSHAPES] = torch.as_tensor(np.array(MIRRORED_BLENDSHAPES), device=like.device)
        sign[N_BLENDSHAPES:] = like.new_tensor(MIRRORED_TURN)
    return SignedPermutation(index, sign)


def _row_mirror(head: LandmarkHead, points: SignedPermutation) -> SignedPermutation:
    """Of the 2K + R rows: all x, all y, the readings."""
    reading_rows, n = _reading_mirror(head), len(points.index)
    index = torch.cat([points.index, points.index + n, reading_rows.index + 2 * n])
    return SignedPermutation(index, torch.cat([-points.sign, points.sign, reading_rows.sign]))


def _own_mirror(field: Tensor, points: SignedPermutation) -> SignedPermutation | None:
    """The mirror image of each direction of a (2, 3, K, N) field; None where unlike."""
    from scipy.optimize import linear_sum_assignment

    moved = field.sum(0).double()
    axes = _signs(AXES, moved)
    mirrored = points.of(axes.of(moved, 0).to(field.dtype), 1).double()
    own, other = moved.flatten(0, 1), mirrored.flatten(0, 1)
    size = own.norm(dim=0).clamp_min(1e-30)
    alike = (own / size).mT @ (other / other.norm(dim=0).clamp_min(1e-30))
    _, index = linear_sum_assignment(-alike.abs().cpu().numpy())
    place = torch.as_tensor(index, device=field.device)
    # mirrored twice each is itself; small ones that are hardly told apart may go round in threes
    itself = torch.arange(len(place), device=place.device)
    place = torch.where(place[place] == itself, place, itself)
    sign = alike.gather(1, place[:, None]).squeeze(1).sign()
    found = SignedPermutation(place, torch.where(sign == 0, 1.0, sign).to(field.dtype))
    difference = (own - found.of(other, 1)).norm() / own.norm().clamp_min(1e-30)
    return found if float(difference) <= MOST_DIFFERENCE else None


def _with_paired_modes(head: LandmarkHead, rows: SignedPermutation) -> LandmarkHead:
    """The modes U of a session's errors made even ones, then as many odd ones.

    Their covariance made symmetric is `U_+ U_+^T + U_- U_-^T` with `U_+- = (U +- T U) / 2`, T the
    mirror: each half is reduced to its largest modes, in units of the frame's own deviations.
    """
    n = head.n_session_modes
    if n == 0:
        return head
    flat = head.shape[0, :2, :, head.n_shape :].flatten(0, 1)
    modes = torch.cat([flat, head.readings.by_shape[:, head.n_shape :]]).double()
    unit = torch.diagonal(head.covariance).double().sqrt()[:, None]
    rows = SignedPermutation(rows.index, rows.sign.double())
    halves = []
    for sign, kept in ((1.0, n - n // 2), (-1.0, n // 2)):
        half = 0.5 * (modes + sign * rows.of(modes, 0))
        U, size, _ = torch.linalg.svd(half / unit, full_matrices=False)
        halves.append((U * size)[:, :kept] * unit)
    both = torch.cat(halves, dim=1).to(head.shape.dtype)
    shape = head.shape.clone()
    shape[..., head.n_shape :] = 0.0
    shape[0, :2, :, head.n_shape :] = both[: len(flat)].view_as(shape[0, :2, :, head.n_shape :])
    by_shape = torch.cat([head.readings.by_shape[:, : head.n_shape], both[len(flat) :]], dim=1)
    return replace(head, shape=shape, readings=replace(head.readings, by_shape=by_shape))
