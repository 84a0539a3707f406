"""The shapes estimated for each second of a session: what is usable of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.autocorrelation import n_effective
from facedyn_app.dynamics.posterior_units import PosteriorUnits
from facedyn_app.records import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SessionChunks:
    """The usable chunk shapes of one session, and what is made of them once.

    Attributes:
        name: The session.
        shapes: (C, S) finite; standard deviations, or posterior units.
        mean: (S,) their mean.
        variance: Trace of their unbiased covariance.
        n_effective: Independent chunks among them.
        unseen: (S, S) covariance of the mean by errors that are the same in all chunks; None
            where no posterior tells of it.
    """

    name: str
    shapes: FloatArray
    mean: FloatArray
    variance: float
    n_effective: float
    unseen: FloatArray | None = None

    @property
    def scatter(self) -> float:
        """Variance of the mean by what varies within the session."""
        return self.variance / self.n_effective

    @property
    def wander(self) -> float:
        """Variance of the mean: how far it wanders by itself."""
        unseen = 0.0 if self.unseen is None else float(np.trace(self.unseen))
        return self.scatter + unseen

    @property
    def whole_variance(self) -> float:
        """The variance of a long session: within this one, a slow wander shows only in part.

        Of a variance V, a session in which the mean itself wanders by W shows
        `(V - W) n / (n - 1)`.
        """
        n = len(self.shapes)
        return self.variance * (n - 1) / n + self.scatter


def usable_chunks(
    sessions: Sequence[tuple[str, FloatArray]], units: PosteriorUnits | None = None
) -> tuple[list[SessionChunks], list[str]]:
    """The sessions with two chunks or more, which have a covariance, and the others' names.

    Args:
        sessions: Name and (C, S) chunk shapes of each; rows with NaN are left out.
        units: Posterior units to turn them into; None leaves them as they are.
    """
    unseen = None if units is None else units.unseen
    usable: list[SessionChunks] = []
    left_out: list[str] = []
    for name, given in sessions:
        shapes: FloatArray = given[np.isfinite(given).all(axis=1)].astype(np.float64)
        if len(shapes) < 2:
            left_out.append(name)
            continue
        shapes = shapes if units is None else units.of(shapes)
        variance = float(shapes.var(axis=0, ddof=1).sum())
        usable.append(
            SessionChunks(name, shapes, shapes.mean(axis=0), variance, n_effective(shapes), unseen)
        )
    return usable, left_out
