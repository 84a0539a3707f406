"""Components of a drift-to-noise ratio: which sessions differ, and in which coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from facedyn_app.dynamics.drift_chunks import posterior_units, usable_chunks
from facedyn_app.records import FloatArray, ShapeCertainty


@dataclass(frozen=True, slots=True, eq=False)
class DriftComponents:
    """Differences of shape between the I sessions of a speaker that have two chunks or more.

    Attributes:
        names: The sessions, in the order given.
        means: (I, S) mean shape of each, standard deviations.
        distances: (I, I) how far the means lie apart, in the units of the drift (`drift.py`).
        drift: (S,) mean difference of a component between two sessions, standard deviations; NaN
            with one session.
        noise: (S,) root of its mean within-session variance, standard deviations.
        dnr: (S,) `drift / noise`; NaN with one session or where there is no noise.
        icc: (S,) share of its variance that lies between the sessions, 0..1; NaN with one session
            or where it does not vary at all.
    """

    names: tuple[str, ...]
    means: FloatArray
    distances: FloatArray
    drift: FloatArray
    noise: FloatArray
    dnr: FloatArray
    icc: FloatArray


def measure_components(
    sessions: Sequence[tuple[str, FloatArray]], certainties: Sequence[ShapeCertainty | None] = ()
) -> DriftComponents:
    """The drift of a speaker by sessions and by shape components.

    With means m_i, variances v_i (unbiased) and n_i effective chunks of one component:
    drift `mean_(i<j) |m_i - m_j|`, noise `sqrt(mean_i v_i)`, and the intraclass correlation
    `B / (B + mean_i v_i)` with the variance between sessions
    `B = max(0, var_i m_i - mean_i v_i / n_i)`, what the means wander by themselves taken off
    (one-way random effects, Shrout and Fleiss 1979, with autocorrelated chunks counted as fewer).

    Args:
        sessions: Name and (C, S) chunk shapes, standard deviations, of each session; one of them
            at least can be used (`drift.measure_drift` says so where none can).
        certainties: Of each session's shape, as for `measure_drift`.
    """
    usable, _ = usable_chunks(sessions)
    units = posterior_units(certainties)
    means = np.stack([chunks.mean for chunks in usable])
    variances = np.stack([chunks.shapes.var(axis=0, ddof=1) for chunks in usable])
    within = variances.mean(axis=0)
    in_units = means if units is None else units.of(means)
    distances = np.linalg.norm(in_units[:, None] - in_units[None], axis=2)
    drift = between = np.full(means.shape[1], np.nan)
    if len(usable) > 1:
        pairs = [np.abs(means[i] - means[j]) for i, j in combinations(range(len(means)), 2)]
        drift = np.mean(pairs, axis=0)
        counts = np.array([[chunks.n_effective] for chunks in usable])
        wander = (variances / counts).mean(axis=0)
        between = np.maximum(0.0, means.var(axis=0, ddof=1) - wander)
    noise = np.sqrt(within)
    return DriftComponents(
        names=tuple(chunks.name for chunks in usable),
        means=means,
        distances=distances,
        drift=drift,
        noise=noise,
        dnr=_ratio(drift, noise),
        icc=_ratio(between, between + within),
    )


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """`part / whole`, NaN where there is no whole."""
    ratio = np.full_like(whole, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0.0)
    return ratio
