"""The shapes estimated for each second of a session: what is usable of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.autocorrelation import n_effective
from facedyn_app.records import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SessionChunks:
    """The usable chunk shapes of one session, and what is made of them once.

    Attributes:
        name: The session.
        shapes: (C, S) standard deviations, finite.
        mean: (S,) their mean.
        variance: Trace of their unbiased covariance.
        n_effective: Independent chunks among them.
    """

    name: str
    shapes: FloatArray
    mean: FloatArray
    variance: float
    n_effective: float

    @property
    def wander(self) -> float:
        """Variance of the mean: how far it wanders by itself."""
        return self.variance / self.n_effective

    @property
    def whole_variance(self) -> float:
        """The variance of a long session: within this one, a slow wander shows only in part.

        Of a variance V, a session in which the mean itself wanders by W shows
        `(V - W) n / (n - 1)`.
        """
        n = len(self.shapes)
        return self.variance * (n - 1) / n + self.wander


def usable_chunks(
    sessions: Sequence[tuple[str, FloatArray]],
) -> tuple[list[SessionChunks], list[str]]:
    """The sessions with two chunks or more, which have a covariance, and the others' names.

    Args:
        sessions: Name and (C, S) chunk shapes of each; rows with NaN are left out.
    """
    usable: list[SessionChunks] = []
    left_out: list[str] = []
    for name, given in sessions:
        shapes = given[np.isfinite(given).all(axis=1)].astype(np.float64)
        if len(shapes) < 2:
            left_out.append(name)
            continue
        variance = float(shapes.var(axis=0, ddof=1).sum())
        usable.append(
            SessionChunks(name, shapes, shapes.mean(axis=0), variance, n_effective(shapes))
        )
    return usable, left_out
