"""Topology of the landmarker's points and scores: parts of the face, names, mirror image.

Left and right are the subject's. Rings are closed and given in order around the part; the numbers
are those of MediaPipe's canonical face mesh, the names of the scores ARKit's. A picture mirrored in
x shows a face whose left side is the right side of the one before, so every point moves to
`width - x` and takes the number of its counterpart.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from facedyn_app.records import N_LANDMARKS, IntArray, Landmarks

LIPS_OUTER: tuple[int, ...] = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
LIPS_INNER: tuple[int, ...] = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
# The points of the cheeks, chin and upper lip's skin next to those of LIPS_OUTER, in their order.
LIPS_AROUND: tuple[int, ...] = (
    57, 43, 106, 182, 83, 18, 313, 406, 335, 273, 287, 410, 322, 391, 393, 164, 167, 165, 92, 186,
)  # fmt: skip
LEFT_EYE: tuple[int, ...] = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466,
)  # fmt: skip
RIGHT_EYE: tuple[int, ...] = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
)  # fmt: skip
LEFT_BROW: tuple[int, ...] = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)
RIGHT_BROW: tuple[int, ...] = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)
LEFT_IRIS: tuple[int, ...] = (474, 475, 476, 477)
RIGHT_IRIS: tuple[int, ...] = (469, 470, 471, 472)
FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
NOSE_BRIDGE: tuple[int, ...] = (168, 6, 197, 195, 5, 4)
NOSE_BASE: tuple[int, ...] = (64, 98, 97, 2, 326, 327, 294)

# Rows of points across an eye from its outer to its inner side, downwards: the brow's upper and
# lower edge, below the brow, above the lid, the upper and the lower lid's edge, and two below.
RIGHT_EYE_ROWS: tuple[tuple[int, ...], ...] = (
    (70, 63, 105, 66, 107), (46, 53, 52, 65, 55), (113, 225, 224, 223, 222, 221, 189),
    (247, 30, 29, 27, 28, 56, 190), (246, 161, 160, 159, 158, 157, 173),
    (7, 163, 144, 145, 153, 154, 155), (25, 110, 24, 23, 22, 26, 112),
    (31, 228, 229, 230, 231, 232, 233),
)  # fmt: skip
LEFT_EYE_ROWS: tuple[tuple[int, ...], ...] = (
    (300, 293, 334, 296, 336), (276, 283, 282, 295, 285), (342, 445, 444, 443, 442, 441, 413),
    (467, 260, 259, 257, 258, 286, 414), (466, 388, 387, 386, 385, 384, 398),
    (249, 390, 373, 374, 380, 381, 382), (255, 339, 254, 253, 252, 256, 341),
    (261, 448, 449, 450, 451, 452, 453),
)  # fmt: skip
Within = tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
LEFT_WITHIN: Within = (473, (263, 362), (387, 386, 385), (373, 374, 380))
RIGHT_WITHIN: Within = (468, (33, 133), (160, 159, 158), (144, 145, 153))
"""Of each eye the middle of the iris, the corners, and three points of the upper and lower lid."""

SKIN: tuple[int, ...] = (
    4, 5, 9, 10, 36, 50, 67, 69, 101, 108, 117, 118, 123, 151, 187, 192, 195, 205, 214, 266, 280,
    297, 299, 330, 337, 346, 347, 352, 411, 416, 425, 434,
)  # fmt: skip
"""Bare skin on forehead, nose and cheeks, the same on both sides."""

RINGS: dict[str, tuple[int, ...]] = {
    "lips outer": LIPS_OUTER,
    "lips inner": LIPS_INNER,
    "left eye": LEFT_EYE,
    "right eye": RIGHT_EYE,
    "left brow": LEFT_BROW,
    "right brow": RIGHT_BROW,
    "left iris": LEFT_IRIS,
    "right iris": RIGHT_IRIS,
    "face oval": FACE_OVAL,
}
BLENDSHAPE_NAMES: tuple[str, ...] = (
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
)
"""The A names of the blendshape scores; "_neutral" is the landmarker's own, the rest are ARKit's
actions without the tongue."""
LIDS = ("eyeBlinkLeft", "eyeBlinkRight")
"""Blendshapes that close the lids, left and right."""
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


def ring_edges(ring: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The edges of a closed ring of points."""
    return (*pairwise(ring), (ring[-1], ring[0]))


def line_edges(line: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The edges of an open line of points."""
    return tuple(pairwise(line))


CONTOURS: tuple[tuple[int, int], ...] = (
    *(edge for ring in RINGS.values() for edge in ring_edges(ring)),
    *line_edges(NOSE_BRIDGE),
    *line_edges(NOSE_BASE),
)
"""Pairs of points to be joined when a face is drawn."""


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

    Points (x, y) go to (width - x, y), rotation vectors (x, y, z) to
    (x, -y, -z), and points and scores of the two sides change places. Mirrored twice, they are the
    same again.

    Args:
        landmarks: Of T frames.
    """
    across = np.array([landmarks.width, 0.0], landmarks.points.dtype)
    over = np.array([-1.0, 1.0], landmarks.points.dtype)
    return replace(
        landmarks,
        points=across + over * landmarks.points[:, MIRRORED_POINTS],
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
