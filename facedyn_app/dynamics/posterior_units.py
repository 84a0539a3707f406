"""Shapes in units of their posterior: a difference counts by how well a recording can show it.

With P the posterior covariance of a recording's shape (fitting.shape_evidence) and P = L L^T, the
shape in posterior units is L^-1 b: its prior has the variance 1 in directions that nobody can see
and far more where a second of video shows the shape well. The estimates from recordings of one
person scatter by Q, errors that are the same in all seconds of a recording, so that no number of
them averages them out; in these units it is L^-1 Q L^-T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray, ShapeCertainty


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


def posterior_units(certainties: Sequence[ShapeCertainty | None]) -> PosteriorUnits | None:
    """The units of sessions that are compared: of the mean of their posteriors.

    Args:
        certainties: Of each session's shape, None where it does not say.

    Returns:
        None where one does not say, or they differ in size.
    """
    known = [one for one in certainties if one is not None]
    sizes = {one.posterior.shape for one in known}
    if not known or len(known) < len(certainties) or len(sizes) > 1:
        return None
    posterior = np.mean([one.posterior.astype(np.float64) for one in known], axis=0)
    factor = np.linalg.cholesky(posterior)
    matrix = np.linalg.solve(factor, np.eye(len(factor)))
    scatter = np.mean([one.scatter.astype(np.float64) for one in known], axis=0)
    return PosteriorUnits(matrix, matrix @ scatter @ matrix.T)
