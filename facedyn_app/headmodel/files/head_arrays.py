"""Arrays of head files: their checks; landmark table, texture and materials.

A head may carry a landmark table, a texture and materials. The same arrays stand in a head file
and, the landmark table alone, in the cache of `landmark_embedding.prepare`. Each check says what is
wrong, not where.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.headmodel.model import HeadTexture, LandmarkEmbedding
from facedyn_app.records import N_LANDMARKS, IntArray

Arrays = Mapping[str, npt.NDArray[Any]]
Pattern = tuple[str | int, ...]
NUMBERS, WHOLE_NUMBERS, TEXTS = "f", "iu", "U"
_ROW_TOLERANCE = 0.01
LANDMARK_SHAPES: Mapping[str, Pattern] = {
    "landmark_index": ("L",),
    "landmark_face": ("L",),
    "landmark_bary": ("L", 3),
    "landmark_weight": ("L",),
}
_TEXTURE_SHAPES: Mapping[str, Pattern] = {
    "texture_uv": ("F", 3, 2),
    "texture_image": ("height", "width", 3),
}
_REGION_SHAPES: Mapping[str, Pattern] = {"vertex_region": ("V",)}
EXTRA_ARRAYS = (*LANDMARK_SHAPES, *_TEXTURE_SHAPES, *_REGION_SHAPES)
_WHOLE = ("landmark_index", "landmark_face", "texture_image", "vertex_region")
_KINDS = dict.fromkeys(_WHOLE, WHOLE_NUMBERS)


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


def landmarks_to_arrays(table: LandmarkEmbedding) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a landmark table."""
    return {
        "landmark_index": np.asarray(table.index, dtype=np.int32),
        "landmark_face": np.asarray(table.face, dtype=np.int32),
        "landmark_bary": np.ascontiguousarray(table.bary, dtype=np.float32),
        "landmark_weight": np.ascontiguousarray(table.weight, dtype=np.float32),
    }


def texture_to_arrays(texture: HeadTexture) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a texture."""
    return {
        "texture_uv": np.ascontiguousarray(texture.uv, dtype=np.float32),
        "texture_image": np.ascontiguousarray(texture.image, dtype=np.uint8),
    }


def landmarks_from_arrays(arrays: Arrays, n_faces: int) -> LandmarkEmbedding | None:
    """The landmark table among the arrays, or None where there is none.

    Raises:
        ValueError: It is incomplete, or points past the mesh or the landmarker's points.
    """
    if not any(name in arrays for name in LANDMARK_SHAPES):
        return None
    check_shapes(arrays, LANDMARK_SHAPES, {}, _KINDS)
    check_range(arrays, "landmark_face", n_faces)
    index = arrays["landmark_index"]
    if np.any(np.diff(index) <= 0) or (len(index) and (index[0] < 0 or index[-1] >= N_LANDMARKS)):
        raise ValueError("its 'landmark_index' is no ascending list of the landmarker's points")
    return LandmarkEmbedding(
        index=index,
        face=arrays["landmark_face"],
        bary=arrays["landmark_bary"],
        weight=arrays["landmark_weight"],
    )


def texture_from_arrays(arrays: Arrays, n_faces: int) -> HeadTexture | None:
    """The texture among the arrays, or None where there is none.

    Raises:
        ValueError: It is incomplete, empty or of another mesh.
    """
    if not any(name in arrays for name in _TEXTURE_SHAPES):
        return None
    check_shapes(arrays, _TEXTURE_SHAPES, {"F": n_faces}, _KINDS)
    image = arrays["texture_image"]
    if image.dtype != np.uint8 or not image.size:
        raise ValueError("its 'texture_image' is no picture of bytes")
    return HeadTexture(uv=arrays["texture_uv"], image=image)


def region_from_arrays(arrays: Arrays, n_vertices: int) -> IntArray | None:
    """The materials of the vertices among the arrays, or None where there are none.

    Raises:
        ValueError: They are of another mesh.
    """
    if "vertex_region" not in arrays:
        return None
    check_shapes(arrays, _REGION_SHAPES, {"V": n_vertices}, _KINDS)
    return np.asarray(arrays["vertex_region"])
