"""Types of arrays in records, and the check that they have a row each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.integer[Any]]


def check_length(record: object, names: tuple[str, ...], n: int) -> None:
    """Check that a record's arrays of these names have n rows; a ValueError says which has not."""
    for name in names:
        length = len(getattr(record, name))
        if length != n:
            raise ValueError(f"{type(record).__name__}.{name} has {length} rows instead of {n}")
