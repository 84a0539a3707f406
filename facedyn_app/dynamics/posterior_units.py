"""Shapes in units of their posterior: a difference counts by how well a recording can show it.

With P the posterior covariance of a recording's shape (fitting.shape_evidence) and P = L L^T, the
shape in posterior units is L^-1 b: its prior has the variance 1 in directions that nobody can see
and far more where a second of video shows the shape well. The posterior mean of a recording
scatters about the truth by P - P P (the prior has the covariance I), which is I - L^T L in these
units: errors that are the same in all its seconds, so that no number of them averages them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorUnits:
    """From standard deviations of shape to posterior units.

    Attributes:
        matrix: (S, S) L^-1.
        unseen: (S, S) covariance of a recording's own error in posterior units.
    """

    matrix: FloatArray
    unseen: FloatArray

    def of(self, shapes: FloatArray) -> FloatArray:
        """(..., S) shapes in posterior units."""
        return np.asarray(shapes @ self.matrix.T)


def posterior_units(covariances: Sequence[FloatArray | None]) -> PosteriorUnits | None:
    """The units of sessions that are compared: of the mean of their posteriors.

    Args:
        covariances: (S, S) posterior covariance of each session's shape, None where it does not
            say.

    Returns:
        None where one does not say, or they differ in size.
    """
    known = [np.asarray(one, np.float64) for one in covariances if one is not None]
    if not known or len(known) < len(covariances) or len({one.shape for one in known}) > 1:
        return None
    factor = np.linalg.cholesky(np.mean(known, axis=0))
    identity = np.eye(len(factor))
    size, directions = np.linalg.eigh(identity - factor.T @ factor)
    unseen = (directions * np.maximum(size, 0.0)) @ directions.T
    return PosteriorUnits(np.linalg.solve(factor, identity), unseen)
