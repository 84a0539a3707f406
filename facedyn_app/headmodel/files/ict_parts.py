"""Which vertices of ICT-FaceKit's light model are what, as its README's tables say."""

from __future__ import annotations

import numpy as np

from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    REGION_TEETH,
    REGION_TONGUE,
    REGION_UNSEEN,
)
from facedyn_app.records import FloatArray, IntArray

N_VERTICES = 26719
FACE_AND_NECK = slice(0, 11248)
MOUTH_SOCKET = slice(11248, 13294)
EYE_SOCKETS = slice(13294, 14062)
GUMS_AND_TONGUE = slice(14062, 17039)
TEETH = slice(17039, 21451)
# The outer shell of an eyeball, cornea included, and the ball inside it that carries the iris.
LEFT_EYE, LEFT_INNER_EYE = slice(21451, 22221), slice(22221, 23021)
RIGHT_EYE, RIGHT_INNER_EYE = slice(23021, 23791), slice(23791, 24591)
# Tear film, blend and shadow meshes, and strips of lashes: they need shaders that see through.
SHADER_PARTS = slice(24591, N_VERTICES)

EXPRESSIONS = (
    *(
        f"{name}_{side}"
        for name in (
            "browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink",
            "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide",
            "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile",
            "mouthStretch", "mouthUpperUp", "noseSneer",
        )
        for side in "LR"
    ),
    "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel", "mouthLeft",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper",
)  # fmt: skip
# Files of 2023 and later have these too.
LATER_EXPRESSIONS = ("cheekRaiser_L", "cheekRaiser_R")


def vertex_regions(faces: IntArray) -> IntArray:
    """(V,) uint8 the material of each vertex.

    Args:
        faces: (F, 3) triangles; the lids' edges are where the eye sockets meet the skin.
    """
    region = np.full(N_VERTICES, REGION_SKIN, dtype=np.uint8)
    region[MOUTH_SOCKET] = REGION_MOUTH_INSIDE
    in_socket = np.zeros(N_VERTICES, dtype=np.bool_)
    in_socket[EYE_SOCKETS] = True
    lid_edge = np.unique(faces[in_socket[faces].any(axis=1)])
    region[lid_edge[~in_socket[lid_edge]]] = REGION_LID_EDGE
    region[GUMS_AND_TONGUE] = REGION_TONGUE
    region[TEETH] = REGION_TEETH
    region[LEFT_EYE] = region[RIGHT_EYE] = REGION_EYE
    region[LEFT_INNER_EYE] = region[RIGHT_INNER_EYE] = REGION_UNSEEN
    region[SHADER_PARTS] = REGION_UNSEEN
    return region


def sphere_centre(points: FloatArray) -> FloatArray:
    """(3,) centre of the sphere nearest to points (N, 3): `|x|^2 = 2 c x + const`."""
    matrix = np.column_stack([2 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(matrix, (points**2).sum(axis=1), rcond=None)[0][:3])
