"""What a head may carry beside its shape, as arrays in a file: landmark table, texture, materials.

The same arrays stand in a head file and, the landmark table alone, in the cache of `prepare`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.headmodel.files.checks import (
    WHOLE_NUMBERS,
    Arrays,
    Pattern,
    check_range,
    check_shapes,
)
from facedyn_app.headmodel.model import HeadTexture, LandmarkEmbedding
from facedyn_app.records import N_LANDMARKS, IntArray

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
