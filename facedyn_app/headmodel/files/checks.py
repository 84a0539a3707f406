"""Whether the arrays of a head file can be a head: each check says what is wrong, not where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.records import IntArray

Arrays = Mapping[str, npt.NDArray[Any]]
Pattern = tuple[str | int, ...]
NUMBERS, WHOLE_NUMBERS, TEXTS = "f", "iu", "U"
_ROW_TOLERANCE = 0.01


def check_shapes(
    arrays: Arrays, patterns: Mapping[str, Pattern], sizes: dict[str, int], kinds: Mapping[str, str]
) -> None:
    """Check each array against its pattern, a letter standing for one size everywhere.

    Args:
        arrays: The arrays.
        patterns: Shape of each array that must be there.
        sizes: Size of each letter, as far as it is known; filled in.
        kinds: WHOLE_NUMBERS or TEXTS of the arrays that are not NUMBERS.

    Raises:
        ValueError: An array is missing, of another kind or shape, or not finite.
    """
    for name, pattern in patterns.items():
        if name not in arrays:
            raise ValueError(f"it lacks the array '{name}'")
        array = arrays[name]
        check_kind(name, array, kinds.get(name, NUMBERS))
        needed = tuple(sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in pattern)
        fits = array.ndim == len(pattern) and all(
            size == (sizes.setdefault(axis, size) if isinstance(axis, str) else axis)
            for axis, size in zip(pattern, array.shape, strict=True)
        )
        if not fits:
            shown = ", ".join(str(size) for size in needed)
            raise ValueError(f"its '{name}' has the shape {array.shape} where ({shown}) is needed")


def check_kind(name: str, array: npt.NDArray[Any], kind: str) -> None:
    """Check that text is text, counts are whole numbers and the rest finite numbers.

    Raises:
        ValueError: They are not.
    """
    if array.dtype.kind not in kind:
        raise ValueError(f"its '{name}' has the wrong type, {array.dtype}")
    if kind == NUMBERS and not np.isfinite(array).all():
        raise ValueError(f"its '{name}' has values that are not numbers")


def check_range(arrays: Arrays, name: str, high: int) -> None:
    """Check that whole numbers point to one of `high` things.

    Raises:
        ValueError: One does not.
    """
    array = arrays[name]
    if array.size and (array.min() < 0 or array.max() >= high):
        raise ValueError(f"its '{name}' points past the mesh")


def check_tree(name: str, parents: IntArray) -> None:
    """Check that joints are a tree with its root, whose parent is -1, first.

    Raises:
        ValueError: They are not.
    """
    earlier = (parents[1:] >= 0) & (parents[1:] < np.arange(1, len(parents)))
    if not len(parents) or parents[0] != -1 or not earlier.all():
        raise ValueError(f"its '{name}' is not a tree with its root first")


def check_rows_sum_to_one(arrays: Arrays, name: str) -> None:
    """Check that the rows are weights of a mean.

    Raises:
        ValueError: A row's sum differs from 1 by more than a hundredth.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no 1 either
        off = np.abs(arrays[name].sum(axis=1, dtype=np.float64) - 1)
    if not np.all(off <= _ROW_TOLERANCE):
        raise ValueError(f"the rows of its '{name}' do not sum to 1")
