"""The one kind of head that the program knows: FLAME's (Li et al. 2017), whatever its family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray

JAW = "jaw"
REGION_SKIN, REGION_EYE, REGION_MOUTH_INSIDE, REGION_TEETH, REGION_TONGUE, REGION_LASHES = range(6)
REGION_LIPS, REGION_LID_EDGE = 6, 7
REGION_UNSEEN = 8  # made for shaders that see through it, or hidden: not drawn, no landmark


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkEmbedding:
    """Where the landmarker's points sit on a head's mesh.

    Attributes:
        index: (L,) landmark numbers of the landmarker, ascending.
        face: (L,) triangle of the mesh.
        bary: (L, 3) barycentric weights in that triangle, sum 1.
        weight: (L,) 0..1, small where the point wanders between views or lies on the outline.
    """

    index: IntArray
    face: IntArray
    bary: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HeadTexture:
    """A picture of the skin and where it lies on a head.

    Attributes:
        uv: (F, 3, 2) float32 place of each triangle's corners in the picture, u to the right and
            v upwards, the whole picture being 0..1 and repeated beyond; a triangle with a
            negative number has no texture.
        image: (H, W, 3) uint8 RGB.
    """

    uv: FloatArray
    image: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class HeadModel:
    """A head: `vertices = LBS(T + S b + E p + P vec(R(pose) - I), J(T + S b + E p), pose, W)`.

    All in the head frame (records.py), metres.

    Attributes:
        head_id: Name of the model, such as "open-head-1".
        v_template: (V, 3) the mean head T.
        faces: (F, 3) int32 triangles, counter-clockwise seen from outside.
        shapedirs: (V, 3, S) shape directions per standard deviation.
        exprdirs: (V, 3, E) expression directions.
        posedirs: (V, 3, 9 (J - 1)) pose correctives for the entries, row by row, of R - I of
            each joint but the root.
        J_regressor: (J, V) joints from vertices.
        parents: (J,) parent of each joint, -1 for the root; root first.
        weights: (V, J) skinning weights, rows sum to 1.
        expression_names: The E names.
        joint_names: The J names; "jaw" is among them.
        activations: Whether expression coefficients are activations of 0..1 (ARKit-named) or
            unbounded standard deviations (FLAME).
        landmarks: Where the landmarks sit, or None before they are placed.
        region: (V,) uint8 material: REGION_SKIN, REGION_EYE and so on; None when unknown.
        texture: What the skin looks like, or None.
        sha256: Of the file that the head was read from; None for a head made in memory.
        meta: `family`, `licence`, `origin`, `simulated`, and further keys.
    """

    head_id: str
    v_template: FloatArray
    faces: IntArray
    shapedirs: FloatArray
    exprdirs: FloatArray
    posedirs: FloatArray
    J_regressor: FloatArray
    parents: IntArray
    weights: FloatArray
    expression_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    activations: bool
    landmarks: LandmarkEmbedding | None = None
    region: IntArray | None = None
    texture: HeadTexture | None = None
    sha256: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_shape(self) -> int:
        """S, the number of shape coefficients."""
        return int(self.shapedirs.shape[2])

    @property
    def n_expression(self) -> int:
        """E, the number of expression coefficients."""
        return int(self.exprdirs.shape[2])

    @property
    def jaw_joint(self) -> int:
        """Index of the jaw among the joints."""
        return self.joint_names.index(JAW)

    @property
    def jaw_posedirs(self) -> FloatArray:
        """(V, 3, 9) pose correctives of the jaw alone."""
        start = 9 * (self.jaw_joint - 1)
        return self.posedirs[:, :, start : start + 9]


def rest_joints(head: HeadModel) -> FloatArray:
    """(J, 3) joints of the mean head, m."""
    return np.asarray(head.J_regressor @ head.v_template)


def of_material(head: HeadModel, *materials: int) -> BoolArray:
    """(V,) which vertices are known to be of one of some materials (REGION_...)."""
    if head.region is None:
        return np.zeros(len(head.v_template), dtype=np.bool_)
    return np.asarray(np.isin(head.region, materials))
