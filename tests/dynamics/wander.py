"""Made shapes that wander as those of a real session do."""

import numpy as np
from scipy.signal import lfilter

from facedyn_app.records import FloatArray

N_SHAPE = 40


def ar1(rng: np.random.Generator, n: int, decay: float, width: int = N_SHAPE) -> FloatArray:
    """(n, width) components of unit variance, each a first-order autoregression."""
    white = rng.standard_normal((n, width))
    white[1:] *= np.sqrt(1 - decay**2)
    return np.asarray(lfilter([1.0], [1.0, -decay], white, axis=0))
