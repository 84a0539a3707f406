"""Neutral heads: a person's shape at rest, and how far two of them differ."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.records import BoolArray, FloatArray

REACH_M = 0.015


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
