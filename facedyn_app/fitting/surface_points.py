"""Points of a head's surface at which pictures of the face are compared with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import Delaunay
from torch import Tensor

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.landmark_positions import placed_landmarks
from facedyn_app.headmodel.model import (
    REGION_LID_EDGE,
    REGION_LIPS,
    REGION_SKIN,
    HeadModel,
    of_material,
)
from facedyn_app.headmodel.rendering.fine_mesh import incidence, vertex_normals
from facedyn_app.records import BoolArray, FloatArray, IntArray

LEAST_FACING = 0.25
"""Cosine between the normal and the way the face looks, below which skin is seen too much aside."""
HIDDEN_M = 0.0015
"""How far behind another surface a vertex is hidden."""
MOST_AREA_MM2 = 8.0
"""Area that a point stands for at most: what is smooth around it tells no more."""
MOST_POINTS = 1600
"""Of a head with more such vertices these are taken by chance, each for more area."""
TURN_STEP = 1e-3
"""Turn of the jaw by which derivatives are formed, rad."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoints:
    """V points of the skin of one person's head.

    Attributes:
        area: (V,) what each stands for as seen from the front, mm^2.
        shape: (S,) of the person, standard deviations.
        directions: (V, 3, E) how they move with the expression, the jaw at rest, m.
        jaw_weight: (V,) how much they go with the jaw.
        head: The head at these points.
        with_jaw: (M,) those that the jaw moves.
        head_with_jaw: The head at them.
        jaw_joint: Number of the jaw among the joints.
    """

    area: Tensor
    shape: Tensor
    directions: Tensor
    jaw_weight: Tensor
    head: HeadTensors
    with_jaw: Tensor
    head_with_jaw: HeadTensors
    jaw_joint: int

    def places(self, expression: Tensor, jaw: Tensor) -> Tensor:
        """(T, V, 3) in the head frame, m, of expressions (T, E) and jaws (T, 3)."""
        return self._placed(self.head, expression, jaw)

    def along_jaw(self, expression: Tensor, jaw: Tensor, places: Tensor, along: Tensor) -> Tensor:
        """(T, V, 3) derivatives by the jaw's rotation vector of the places along (T, V, 3)."""
        derivatives = torch.zeros_like(along)
        places, along = places[:, self.with_jaw], along[:, self.with_jaw]
        for k, step in enumerate(TURN_STEP * torch.eye(3).to(jaw)):
            way = self._placed(self.head_with_jaw, expression, jaw + step) - places
            derivatives[:, self.with_jaw, k] = (along * way).sum(2) / TURN_STEP
        return derivatives

    def _placed(self, head: HeadTensors, expression: Tensor, jaw: Tensor) -> Tensor:
        pose = jaw.new_zeros(len(jaw), len(head.parents), 3)
        pose[:, self.jaw_joint] = jaw
        return head_vertices(head, self.shape.expand(len(jaw), -1), expression, pose)


def surface_points(head: HeadModel, shape: Tensor) -> SurfacePoints:
    """The skin of the face that is seen from the front of the mean head.

    Args:
        head: The head, its landmarks placed.
        shape: (S,) of the person.
    """
    vertices, faces = np.asarray(head.v_template), np.asarray(head.faces)
    sums = incidence(faces, len(vertices))
    facing = vertex_normals(vertices, faces, sums)[:, 2] >= LEAST_FACING
    chosen = np.flatnonzero(_skin_of_face(head, facing))
    chosen = chosen[~_hidden(vertices, faces, chosen)]
    area = (sums @ _seen_areas(vertices, faces) / 3.0).clip(0.0, MOST_AREA_MM2)
    whole = area[chosen].sum()
    if len(chosen) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:MOST_POINTS])
    area *= whole / area[chosen].sum()
    tensors = head_to_tensors(head, shape.device, shape.dtype)
    jaw_weight = np.asarray(head.weights)[chosen, head.jaw_joint]
    corrected = np.abs(np.asarray(head.jaw_posedirs)[chosen]).max(axis=(1, 2)) > 0
    with_jaw = np.flatnonzero((jaw_weight > 0) | corrected)

    def tensor(values: FloatArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values)).to(shape)

    return SurfacePoints(
        area=tensor(area[chosen]),
        shape=shape,
        directions=tensor(head.exprdirs[chosen]),
        jaw_weight=tensor(jaw_weight),
        head=tensors.subset(chosen),
        with_jaw=torch.as_tensor(with_jaw, device=shape.device),
        head_with_jaw=tensors.subset(chosen[with_jaw]),
        jaw_joint=head.jaw_joint,
    )


def _skin_of_face(head: HeadModel, facing: BoolArray) -> BoolArray:
    """(V,) vertices that face the front within the outline of the landmarks, of skin if known."""
    table = placed_landmarks(head)
    corners = np.asarray(head.v_template)[np.asarray(head.faces)[table.face]]
    landmarks = (corners * table.bary[..., None]).sum(axis=1)
    within = Delaunay(landmarks[:, :2]).find_simplex(head.v_template[:, :2]) >= 0
    skin = of_material(head, REGION_SKIN, REGION_LIPS, REGION_LID_EDGE)
    known = facing if head.region is None else facing & skin
    return np.asarray(known & within & (head.v_template[:, 2] > landmarks[:, 2].min()))


def _seen_areas(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """(F,) of the triangles as seen from the front, 0 from behind, mm^2."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return np.asarray(0.5e6 * np.cross(b - a, c - a)[:, 2].clip(0.0))


def _hidden(vertices: FloatArray, faces: IntArray, chosen: IntArray) -> BoolArray:
    """(N,) which of some vertices lie behind a triangle as seen from the front."""
    x, y, z = vertices.T
    low, high = vertices[chosen].min(axis=0), vertices[chosen].max(axis=0)
    corners = vertices[faces]
    near = (corners.max(axis=1) >= low).all(axis=1)
    near &= (corners.min(axis=1)[:, :2] <= high[:2]).all(axis=1)
    a, b, c = corners[near].transpose(1, 2, 0)
    det = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
    flat = np.abs(det) < 1e-12
    det = np.where(flat, 1.0, det)
    hidden = np.zeros(len(chosen), dtype=np.bool_)
    for k, vertex in enumerate(chosen):
        dx, dy = x[vertex] - c[0], y[vertex] - c[1]
        first = ((b[1] - c[1]) * dx + (c[0] - b[0]) * dy) / det
        second = ((c[1] - a[1]) * dx + (a[0] - c[0]) * dy) / det
        third = 1.0 - first - second
        within = (first >= 0) & (second >= 0) & (third >= 0) & ~flat
        depth = first * a[2] + second * b[2] + third * c[2]
        hidden[k] = bool((within & (depth > z[vertex] + HIDDEN_M)).any())
    return hidden
