"""The head model, FLAME's (Li et al. 2017) for every family, and the coefficients that fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from facedyn_app.errors import MismatchError
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray, Session

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

    All in the head frame (`records`), metres.

    Attributes:
        head_id: Name of the model, such as "open-head-2".
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
        activations: Whether expression coefficients are activations (ARKit-named; 1 where an
            action ends), or unbounded standard deviations (FLAME).
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


def truncate(head: HeadModel, n_shape: int = 0, n_expression: int = 0) -> HeadModel:
    """The same head with its leading shape and expression directions alone.

    It keeps its id and sha256: leading coefficients mean the same on both.

    Args:
        head: The head.
        n_shape: Shape directions to keep; 0 means all.
        n_expression: Expression directions to keep; 0 means all.

    Raises:
        MismatchError: The head has fewer than that.
    """
    return replace(
        head,
        shapedirs=_leading(head, head.shapedirs, n_shape, "shape"),
        exprdirs=_leading(head, head.exprdirs, n_expression, "expression"),
        expression_names=head.expression_names[: n_expression or None],
    )


def _leading(head: HeadModel, directions: np.ndarray, n: int, what: str) -> np.ndarray:
    n_all = directions.shape[2]
    if not 0 <= n <= n_all:
        raise MismatchError(
            f"{n} {what} directions are wanted; the head '{head.head_id}' has {n_all}.",
            "Choose fewer, or 0 for all.",
        )
    return np.ascontiguousarray(directions[:, :, :n]) if n else directions


def check_head_of(session: Session, head: HeadModel) -> None:
    """Make sure that a session was fitted with this very head.

    A session that uses only the leading directions of a head is one of it.

    Raises:
        MismatchError: It was fitted with another head, or with another file of the same name;
            the sentence names both.
    """
    if session.head_id != head.head_id:
        raise MismatchError(
            f"The session was fitted with the head '{session.head_id}', not with '{head.head_id}'.",
            f"Use the head '{session.head_id}'.",
        )
    made_with = session.info.head_sha256
    if made_with and head.sha256 and made_with != head.sha256:
        raise MismatchError(
            f"The session was fitted with another file of the head '{head.head_id}': its sha256 "
            f"begins with {made_with[:8]}, this one's with {head.sha256[:8]}.",
            "Fit the face again, or use the file it was fitted with.",
        )
    names = session.motion.names
    if names != head.expression_names[: len(names)] or len(session.shape) > head.n_shape:
        raise MismatchError(
            f"The session has {len(session.shape)} shapes and {len(names)} expressions that the "
            f"head '{head.head_id}' ({head.n_shape} and {head.n_expression}) does not have.",
            "Fit the face again with this head.",
        )


def with_zeros(leading: FloatArray, n: int) -> FloatArray:
    """(..., n) coefficients of which the leading ones (..., k <= n) are given, the rest 0."""
    values = np.asarray(leading)
    missing = [(0, 0)] * (values.ndim - 1) + [(0, n - values.shape[-1])]
    return np.pad(values, missing)
