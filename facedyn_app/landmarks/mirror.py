"""Mirror image of landmarks: which point, score and expression takes which one's place.

Left and right are the subject's. A picture mirrored in x shows a face whose left side is the
right side of the one before, so every point moves to `width - x` and takes the number of its
counterpart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedyn_app.landmarks.blendshape_scores import BLENDSHAPE_NAMES
from facedyn_app.records import N_LANDMARKS, IntArray, Landmarks

_MIDLINE = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175,
    195, 197, 199, 200,
)  # fmt: skip
_FIRST_LEFT, _FIRST_IRIS = 248, 468
# Each iris: its centre, then its points in the picture's +x, up, -x and down, the same for both
# eyes, so that +x and -x change places.
_IRIS_PAIRS = ((468, 473), (469, 476), (470, 475), (471, 474), (472, 477))
MIRRORED_TURN = (1.0, -1.0, -1.0)
"""Factors of a rotation vector's numbers in the mirror image in x."""
_SIDES = (("Left", "Right"), ("_L", "_R"))


def mirror_name(name: str) -> str:
    """The name of the other side's expression or score; the same where it names no side.

    Args:
        name: A channel's name; its side stands at its end, as `Left` or `Right` (also `_L`, `_R`).
    """
    for one, other in (*_SIDES, *(pair[::-1] for pair in _SIDES)):
        if name.endswith(one):
            return name.removesuffix(one) + other
    return name


def mirrored_channels(names: tuple[str, ...]) -> IntArray:
    """(K,) for each channel the number of the one that it becomes in the mirror image.

    Args:
        names: The K names of the channels.

    Raises:
        ValueError: A channel of one side has no counterpart among the names.
    """
    number = {name: k for k, name in enumerate(names)}
    alone = [name for name in names if mirror_name(name) not in number]
    if alone:
        raise ValueError(f"there is no {mirror_name(alone[0])} beside {alone[0]}")
    return np.array([number[mirror_name(name)] for name in names], dtype=np.int64)


def mirror_landmarks(landmarks: Landmarks) -> Landmarks:
    """The landmarks as they were if the picture were mirrored in x and the landmarker symmetric.

    Points (x, y) go to (width - x, y), rotation vectors (x, y, z) to (x, -y, -z), and points and
    scores of the two sides change places. Mirrored twice, they are the same again.

    Args:
        landmarks: Of T frames.
    """
    points = landmarks.points[:, MIRRORED_POINTS].copy()
    points[..., 0] = landmarks.width - points[..., 0]
    return replace(
        landmarks,
        points=points,
        scores=landmarks.scores[:, MIRRORED_BLENDSHAPES],
        turn=landmarks.turn * np.array(MIRRORED_TURN, dtype=landmarks.turn.dtype),
    )


def _mirrored_points() -> IntArray:
    """Pairs of the canonical mesh: its numbers have the right side first, then the left alike."""
    mirrored = np.arange(N_LANDMARKS)
    right = np.setdiff1d(np.arange(_FIRST_LEFT), _MIDLINE)
    left = np.arange(_FIRST_LEFT, _FIRST_IRIS)
    irises = np.array(_IRIS_PAIRS)
    one, other = np.append(right, irises[:, 0]), np.append(left, irises[:, 1])
    mirrored[one], mirrored[other] = other, one
    mirrored.setflags(write=False)
    return mirrored


MIRRORED_POINTS: IntArray = _mirrored_points()
"""(L,) for each landmark the number of its counterpart on the other side of the face; itself on the
midline. Those of the mesh are the pairs of the bundle's canonical face mesh, which is symmetric."""

MIRRORED_BLENDSHAPES: IntArray = mirrored_channels(BLENDSHAPE_NAMES)
"""(A,) for each of `BLENDSHAPE_NAMES` the number of its counterpart."""
MIRRORED_BLENDSHAPES.setflags(write=False)
