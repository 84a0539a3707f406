"""Meshes of a part of the coefficients: expression without the person, the person at rest."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.records import BoolArray, FloatArray

REACH_M = 0.015


class ExpressionMesh:
    """A head at mean shape whose expression and jaw alone move; one frame takes about 1 ms.

    With every joint but the jaw at rest, `LBS` turns only the vertices that hang on the jaw
    or its children: `x + w (R - I)(x - J_jaw)`, w the sum of their weights, `J_jaw` the jaw
    joint of the expression at hand.
    """

    def __init__(self, head: HeadModel) -> None:
        jaw = head.jaw_joint
        n = len(head.v_template)
        self._template = np.ascontiguousarray(head.v_template, dtype=np.float32).ravel()
        directions = np.concatenate([head.exprdirs, head.jaw_posedirs], axis=2)
        self._directions = np.ascontiguousarray(directions.reshape(3 * n, -1).T, dtype=np.float32)
        self._weight = head.weights[:, jaw_branch(head)].sum(axis=1, dtype=np.float32)
        self._joint = np.asarray(head.J_regressor[jaw] @ head.v_template, dtype=np.float32)
        regressor = np.asarray(head.J_regressor[jaw], dtype=np.float64)
        moved = np.tensordot(regressor, head.exprdirs, axes=1)
        self._joint_directions = np.asarray(moved, dtype=np.float32)

    def vertices(self, expression: FloatArray, jaw: FloatArray) -> FloatArray:
        """Pose the mean head.

        Args:
            expression: (B, E) coefficients.
            jaw: (B, 3) rotation vectors, rad.

        Returns:
            (B, V, 3) float32 vertices in the head frame, m.
        """
        p = np.asarray(expression, dtype=np.float32)
        turn = Rotation.from_rotvec(np.asarray(jaw, dtype=np.float64)).as_matrix() - np.eye(3)
        features = turn.reshape(-1, 9).astype(np.float32)
        coefficients = np.concatenate([p, features], axis=1)
        # not `@`: the threads of numpy's BLAS wait busily for more, and a window calls often
        moved = np.einsum("be,ev->bv", coefficients, self._directions)
        rest = (self._template + moved).reshape(len(p), -1, 3)
        joint = self._joint + p @ self._joint_directions.T
        arm = rest - joint[:, None]
        swing = arm @ turn.astype(np.float32).transpose(0, 2, 1)
        return np.asarray(rest + self._weight[:, None] * swing)


def jaw_branch(head: HeadModel) -> list[int]:
    """The jaw and all joints that hang on it."""
    branch = {head.jaw_joint}
    for j, parent in enumerate(head.parents):
        if int(parent) in branch:
            branch.add(j)
    return sorted(branch)


def neutral_vertices(head: HeadModel, shape: FloatArray) -> FloatArray:
    """(V, 3) the vertices of a shape at rest, `T + S b`, in the head frame, m.

    Args:
        head: The head.
        shape: (S,) leading coefficients b, standard deviations.
    """
    return np.asarray(head.v_template + head.shapedirs @ with_zeros(shape, head.n_shape))


def seen_vertices(head: HeadModel) -> BoolArray:
    """(V,) which vertices lie within 15 mm of a landmark, or hold one; all where there is none.

    Of the others a video tells little.
    """
    if head.landmarks is None:
        return np.ones(len(head.v_template), dtype=bool)
    corners = head.faces[head.landmarks.face]
    points = (head.landmarks.bary[:, :, None] * head.v_template[corners]).sum(axis=1)
    distance, _ = cKDTree(points).query(head.v_template)
    seen = np.asarray(distance <= REACH_M)
    seen[corners] = True
    return seen


def differences_mm(one: FloatArray, other: FloatArray, seen: BoolArray) -> FloatArray:
    """(V,) how far each vertex of a head lies from the same one of another, mm.

    The other head is turned and moved onto the first so that the vertices that are seen lie as
    near to each other as can be (Kabsch 1976): where the head stands is no difference of shape.

    Args:
        one: (V, 3) vertices, m.
        other: (V, 3) those of the other head, m.
        seen: (V,) which vertices the heads are laid upon each other by.
    """
    centre, other_centre = one[seen].mean(axis=0), other[seen].mean(axis=0)
    turn, _ = Rotation.align_vectors(one[seen] - centre, other[seen] - other_centre)
    laid = turn.apply(other - other_centre) + centre
    return np.asarray(1000.0 * np.linalg.norm(laid - one, axis=1))
