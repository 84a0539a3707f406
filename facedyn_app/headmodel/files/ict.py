"""ICT-FaceKit's light face model (MIT) as a head like the others: a jaw joint, eyes as joints.

Its jaw was sculpted (jawOpen, jawLeft, jawRight), so a joint with correctives is fitted to it
(`construction`). Its eyes are left to their joints; what sculpts only lids for a gaze, or pupils,
which no landmark shows, is left out. Expressions get ARKit's spelling: `eyeBlink_L` becomes
`eyeBlinkLeft`. The file's origin and its order of vertices are kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedyn_app.headmodel.construction import (
    JawFit,
    SculptedJaw,
    anchor_weights,
    fit_jaw,
    unposed_offsets,
)
from facedyn_app.headmodel.files.ict_files import N_VERTICES, IctArrays, read_arrays
from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    REGION_TEETH,
    REGION_TONGUE,
    REGION_UNSEEN,
    HeadModel,
)
from facedyn_app.records import FloatArray, IntArray

JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
JAW_ACTIONS = ("jawOpen", "jawLeft", "jawRight")
NOT_EXPRESSIONS = ("eyeLook", "PupilDilate", *JAW_ACTIONS)
NECK = np.array([0.0, -0.015, -0.005])  # m, where the skull turns on the neck, below the ears
NECK_BASE = np.array([0.0, -0.17, -0.02])  # m
_METRES = np.float32(0.01)  # the files are in centimetres
_ANCHOR_HEIGHT = 0.012  # m
_NECK_TOP, _NECK_SLOPE, _NECK_LENGTH = -0.07, -0.25, 0.08  # m: where it begins to bend, by depth
# Which vertices are what, as the tables in ICT-FaceKit's README say.
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


def read_ict(path: Path) -> HeadModel:
    """Read ICT-FaceKit's light model.

    Args:
        path: Its folder of OBJ files (or the folder above it), or an `.npz` with the arrays
            `ict_files.NPZ_ARRAYS`.

    Raises:
        InputError: The files are not ICT-FaceKit's light model; names the file.
    """
    arrays = read_arrays(path)
    template = _METRES * arrays.neutral
    jaw = fit_jaw(
        template.astype(np.float64),
        arrays.faces,
        SculptedJaw(*(_action(arrays, name).astype(np.float64) for name in JAW_ACTIONS)),
    )
    posedirs = np.zeros((len(template), 3, 9 * (len(JOINTS) - 1)), dtype=np.float32)
    start = 9 * (JOINTS.index("jaw") - 1)
    posedirs[:, :, start : start + 9] = jaw.posedirs
    names = tuple(n for n in arrays.expression_names if not n.startswith(NOT_EXPRESSIONS))
    return HeadModel(
        head_id=f"ict-{arrays.sha256[:8]}",
        v_template=template,
        faces=np.asarray(arrays.faces, dtype=np.int32),
        shapedirs=_directions(arrays.identity),
        exprdirs=_expressions(arrays, names, jaw),
        posedirs=posedirs,
        J_regressor=_joint_regressor(template, jaw.joint),
        parents=np.array(PARENTS, dtype=np.int32),
        weights=_skinning_weights(template, jaw),
        expression_names=tuple(_arkit_name(name) for name in names),
        joint_names=JOINTS,
        activations=True,
        region=vertex_regions(arrays.faces),
        texture=arrays.texture,
        sha256=arrays.sha256,
        meta={
            "family": "ICT-FaceKit",
            "version": "light",
            "licence": "MIT",
            "origin": "ICT-FaceKit, USC Institute for Creative Technologies",
            "simulated": False,
        },
    )


def _action(arrays: IctArrays, name: str) -> FloatArray:
    """(V, 3) offsets of a sculpted action, m."""
    return np.asarray(_METRES * arrays.expression[arrays.expression_names.index(name)])


def _directions(offsets: FloatArray) -> FloatArray:
    """(V, 3, K) float32 directions, m, of (K, V, 3) offsets, cm, without a further copy."""
    directions = np.ascontiguousarray(np.moveaxis(offsets, 0, 2), dtype=np.float32)
    directions *= _METRES
    return directions


def _expressions(arrays: IctArrays, names: tuple[str, ...], jaw: JawFit) -> FloatArray:
    """(V, 3, E) float32 directions, m; mouthClose was sculpted on top of the open mouth."""
    rows = [arrays.expression_names.index(name) for name in names]
    directions = _directions(arrays.expression[rows])
    k = names.index("mouthClose")
    directions[:, :, k] = unposed_offsets(jaw, directions[:, :, k].astype(np.float64))
    return directions


def _arkit_name(name: str) -> str:
    for ending, side in (("_L", "Left"), ("_R", "Right")):
        if name.endswith(ending):
            return name.removesuffix(ending) + side
    return name


def _skinning_weights(template: FloatArray, jaw: JawFit) -> FloatArray:
    """(V, J) the shoulders are the root's, the head the neck's, jaw and eyes their own."""
    weights = np.zeros((len(template), len(JOINTS)), dtype=np.float32)
    weights[:, 2] = jaw.weights
    for column, parts in (
        (3, (LEFT_EYE, LEFT_INNER_EYE)),
        (4, (RIGHT_EYE, RIGHT_INNER_EYE)),
    ):
        for part in parts:
            weights[part] = 0.0
            weights[part, column] = 1.0
    free = 1.0 - weights.sum(axis=1)
    top = _NECK_TOP + _NECK_SLOPE * template[:, 2]
    down = np.clip((top - template[:, 1]) / _NECK_LENGTH, 0.0, 1.0)
    weights[:, 0] = down**2 * (3 - 2 * down) * free
    weights[:, 1] = free - weights[:, 0]
    return weights


def _joint_regressor(template: FloatArray, hinge: FloatArray) -> FloatArray:
    """(J, V) rows of sum 1: joints that follow the vertices around them."""
    vertices = template.astype(np.float64)
    numbers = np.arange(len(vertices))
    skin = numbers[FACE_AND_NECK]
    rows = [
        anchor_weights(vertices, skin, point, _ANCHOR_HEIGHT)
        for point in (NECK_BASE, NECK, np.asarray(hinge))
    ]
    for part in (LEFT_EYE, RIGHT_EYE):
        centre = sphere_centre(vertices[part])
        rows.append(anchor_weights(vertices, numbers[part], centre, np.inf))
    return np.stack(rows).astype(np.float32)


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
