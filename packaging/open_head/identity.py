"""A basis of identity from example heads: alignment and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.records import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class IdentityBasis:
    """Principal components of aligned heads.

    Attributes:
        mean: (V, 3) mean head, m.
        directions: (V, 3, S) components times their standard deviations, so that the
            coefficients of the examples have variance 1.
        explained: Share of the examples' variance that the components keep, 0..1.
    """

    mean: FloatArray
    directions: FloatArray
    explained: float


def align_similarity(heads: FloatArray, used: BoolArray) -> FloatArray:
    """Turn, move and scale each head onto the mean of all, twice over (Procrustes, Umeyama 1991).

    The mean keeps the place, the direction and the size of the unaligned heads' mean.

    Args:
        heads: (N, V, 3) vertices, m.
        used: (V,) bool, the vertices that are to match.

    Returns:
        (N, V, 3) aligned heads.
    """
    target = heads.mean(axis=0)
    aligned = heads
    for _ in range(2):
        aligned = np.stack([_onto(head, target, used) for head in heads])
        target = _onto(aligned.mean(axis=0), heads.mean(axis=0), used)
    return aligned


def _onto(head: FloatArray, target: FloatArray, used: BoolArray) -> FloatArray:
    source_centre, target_centre = head[used].mean(axis=0), target[used].mean(axis=0)
    a, b = head[used] - source_centre, target[used] - target_centre
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = (s * sign).sum() / (a**2).sum()
    return np.asarray(scale * (head - source_centre) @ rotation.T + target_centre)


def principal_components(heads: FloatArray, n_components: int) -> IdentityBasis:
    """The leading principal components of heads, signs fixed so that results repeat.

    The sign is such that the coordinate that moves most moves in positive direction.

    Args:
        heads: (N, V, 3) aligned heads, m; N > n_components.
        n_components: S.
    """
    mean = heads.mean(axis=0)
    centred = (heads - mean).reshape(len(heads), -1)
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    variance = singular**2 / (len(heads) - 1)
    leading = rows[:n_components]
    largest = leading[np.arange(n_components), np.abs(leading).argmax(axis=1)]
    scaled = leading * (np.sign(largest) * np.sqrt(variance[:n_components]))[:, None]
    return IdentityBasis(
        mean=mean,
        directions=scaled.reshape(n_components, *mean.shape).transpose(1, 2, 0),
        explained=float(variance[:n_components].sum() / variance.sum()),
    )
