"""Paint for a head: the landmarker was trained on photographs and guesses on bare heads.

Vertex colours on a mesh subdivided where it matters: skin, hair cap, brows, lid lines, lips, the
white, iris and pupil of the eyes, and a dark inside of the mouth. The colours follow the mesh.
Where the head's file says which vertices are lips, eye or mouth inside, that is used; the rest
comes from the landmark table, and a head without table stays bare but for its known materials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LASHES,
    REGION_LIPS,
    REGION_MOUTH_INSIDE,
    REGION_TEETH,
    REGION_TONGUE,
    REGION_UNSEEN,
    HeadModel,
    of_material,
    rest_joints,
)
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import (
    MOUTH_INSIDE,
    TEETH,
    TONGUE,
    Appearance,
    Canvas,
    Skin,
    toned_skin,
)
from facedyn_app.headmodel.rendering.fine_mesh import (
    FineMesh,
    incidence,
    subdivide,
    texture_colours,
)
from facedyn_app.headmodel.rendering.mouth import behind_lips, mouth_parts, paint_own_teeth
from facedyn_app.headmodel.rendering.paint_marks import (
    outlines,
    paint_eyes,
    paint_landmark_parts,
    paint_lid_edges,
    paint_skin,
)
from facedyn_app.headmodel.rendering.rigid_parts import RigidPart, glasses_parts
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray

_FACE_EDGE, _LID_EDGE, _EYE_EDGE = 0.0025, 0.0014, 0.0009  # m, longest edges of the painted mesh
_EYE_REACH = 0.026  # m from the eye's joint, where lid lines are painted
_FRONT_DEPTH = 0.075  # m behind the nose tip, where fine paint ends
_EYE_LEVELS = 2  # of the mesh that plays


@dataclass(frozen=True, slots=True, eq=False)
class PaintedHead:
    """A head ready to be drawn.

    Attributes:
        faces: (F, 3) triangles of the head itself.
        mesh: The finer mesh that carries the paint.
        colours: (V', 3) uint8 colours of its vertices.
        parts: What it carries beside: teeth, glasses.
    """

    faces: IntArray
    mesh: FineMesh
    colours: ByteArray
    parts: tuple[RigidPart, ...] = ()


def paint_head(
    head: HeadModel,
    skin: Skin | None = None,
    appearance: Appearance | None = None,
    shape: FloatArray | None = None,
) -> PaintedHead:
    """Paint a head, as far as its materials and its landmark table tell where.

    Args:
        head: The head.
        skin: The colours; None for the default ones.
        appearance: Teeth, glasses, beard and so on; None for none of them.
        shape: (S,) the shape that will be drawn, which teeth and glasses are fitted to; None for
            the mean one. The paint follows any shape.
    """
    mesh, appearance = paint_mesh(head), appearance or Appearance()
    colours = paint_colours(head, mesh, toned_skin(skin or Skin(), appearance), appearance)
    parts = carried_parts(head, appearance, shape)
    return PaintedHead(np.asarray(head.faces), mesh, colours, parts)


def carried_parts(
    head: HeadModel, appearance: Appearance, shape: FloatArray | None = None
) -> tuple[RigidPart, ...]:
    """Teeth and glasses of an appearance on a head of some shape (S,); None for the mean one."""
    if appearance.teeth is None and appearance.glasses is None:
        return ()
    rest = np.asarray(head.v_template, dtype=np.float64)
    if shape is not None:
        rest = rest + np.asarray(head.shapedirs, dtype=np.float64) @ shape
    marks = landmark_points(head, rest) or {}
    parts: list[RigidPart] = []
    if appearance.teeth is not None:
        parts += mouth_parts(head, rest, marks, appearance.teeth)
    if appearance.glasses is not None:
        parts += glasses_parts(head, rest, marks, appearance.glasses)
    return tuple(parts)


def paint_mesh(head: HeadModel) -> FineMesh:
    """Subdivide the front of the head until no edge is longer than the paint needs."""
    vertices, faces = np.asarray(head.v_template), drawn_faces(head)
    corners = vertices[faces]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    front = corners[..., 2].mean(axis=1) > vertices[:, 2].max() - _FRONT_DEPTH
    painted = front & ~_inside_mouth(head)[faces].all(axis=1)
    eyes = [j for j, name in enumerate(head.joint_names) if "eye" in name]
    away = corners.mean(axis=1)[:, None] - rest_joints(head)[eyes]
    at_eye = (np.linalg.norm(away, axis=2) < _EYE_REACH).any(axis=1)
    wanted = np.where(at_eye, _LID_EDGE, _FACE_EDGE)
    eyeball = eyeballs(head)[faces].all(axis=1)
    wanted[eyeball] = _EYE_EDGE
    needed = np.ceil(np.log2(np.maximum(edges / wanted, 1.0))).astype(int)
    most = np.where(eyeball, 4, np.where(painted, 2, 0))
    return subdivide(faces, len(vertices), np.minimum(needed, most))


def drawn_faces(head: HeadModel) -> IntArray:
    """(F', 3) the triangles without those that need a shader: tear films, strips of lashes."""
    faces = np.asarray(head.faces)
    return faces[~of_material(head, REGION_UNSEEN, REGION_LASHES)[faces].any(axis=1)]


def paint_colours(
    head: HeadModel, mesh: FineMesh, skin: Skin, appearance: Appearance | None = None
) -> ByteArray:
    """(V', 3) uint8 colours of a fine mesh's vertices.

    Args:
        head: The head.
        mesh: `paint_mesh(head)`.
        skin: The colours.
        appearance: What else is painted; None for nothing else.
    """
    appearance = appearance or Appearance()
    points = mesh.vertices(np.asarray(head.v_template, dtype=np.float64))
    canvas = Canvas(points, skin.skin)
    marks = landmark_points(head)
    if marks is not None:
        paint_skin(canvas, marks, appearance)
        paint_landmark_parts(
            canvas,
            marks,
            skin,
            appearance,
            lips_known=bool(of_material(head, REGION_LIPS).any()),
        )
        _paint_behind_lips(canvas, head, mesh, marks)
    _paint_texture(canvas, head, mesh)
    _paint_materials(canvas, head, mesh, skin)
    if appearance.teeth is not None:
        own = of_material(head, REGION_TEETH)
        paint_own_teeth(canvas, mesh.matrix @ own.astype(np.float64), appearance.teeth)
    paint_lid_edges(canvas, head, mesh, skin)
    paint_eyes(canvas, head, mesh.matrix @ eyeballs(head).astype(np.float64) > 0.999, skin)
    return canvas.bytes()


def landmark_points(
    head: HeadModel, vertices: FloatArray | None = None
) -> dict[int, FloatArray] | None:
    """The landmarks (3,) by number, m, on (V, 3) vertices or the mean head; None if not placed."""
    table = head.landmarks
    if table is None:
        return None
    vertices = np.asarray(head.v_template) if vertices is None else vertices
    corners = vertices[np.asarray(head.faces)[table.face]]
    points = np.einsum("lk,lkd->ld", table.bary, corners)
    return {int(number): point for number, point in zip(table.index, points, strict=True)}


def eyeballs(head: HeadModel) -> BoolArray:
    """(V,) which vertices are eyeball: by material, or by hanging on an eye's joint."""
    if head.region is not None:
        return np.asarray(head.region == REGION_EYE)
    joints = [j for j, name in enumerate(head.joint_names) if "eye" in name]
    return np.asarray(head.weights[:, joints].sum(axis=1) > 0.5)


def _inside_mouth(head: HeadModel) -> BoolArray:
    return of_material(head, REGION_MOUTH_INSIDE, REGION_TONGUE)


def _paint_behind_lips(
    canvas: Canvas, head: HeadModel, mesh: FineMesh, marks: dict[int, FloatArray]
) -> None:
    """A dark inside of the mouth where the head's file does not tell it."""
    if of_material(head, REGION_MOUTH_INSIDE).any():
        return
    for lips in outlines(marks, regions.LIPS_OUTER):
        inside = behind_lips(head, lips).astype(np.float64)
        canvas.blend(MOUTH_INSIDE, mesh.matrix @ inside)


def _paint_texture(canvas: Canvas, head: HeadModel, mesh: FineMesh) -> None:
    """What the head's own picture shows lies over everything painted by landmarks."""
    if head.texture is not None:
        colours, known = texture_colours(head.texture, np.asarray(head.faces), mesh)
        canvas.colours[known] = colours[known]


def _paint_materials(canvas: Canvas, head: HeadModel, mesh: FineMesh, skin: Skin) -> None:
    """Lips, mouth inside, teeth and tongue where the head's file knows them."""
    if head.region is None:
        return
    known = (
        (REGION_LIPS, skin.lips),
        (REGION_MOUTH_INSIDE, MOUTH_INSIDE),
        (REGION_TEETH, TEETH),
        (REGION_TONGUE, TONGUE),
    )
    faces, n = np.asarray(head.faces), len(head.v_template)
    for material, colour in known:
        share = (np.asarray(head.region) == material).astype(np.float64)
        if material == REGION_LIPS:
            # The border zigzags between coarse vertices: an averaged one runs smoothly.
            share = np.clip(0.5 + 3 * (mesh.matrix @ _averaged(share, faces, n) - 0.5), 0, 1)
            canvas.blend(colour, share * (mesh.matrix @ (~_inside_mouth(head)).astype(np.float64)))
        else:
            canvas.blend(colour, mesh.matrix @ share)


def _averaged(values: FloatArray, faces: IntArray, n: int) -> FloatArray:
    """(V,) each vertex's value averaged over the triangles around it."""
    sums = incidence(faces, n)
    around = np.maximum(np.asarray(sums.sum(axis=1)), 1.0)
    return np.asarray(sums @ values[faces].mean(axis=1) / around)


def drawn_mesh(head: HeadModel) -> FineMesh:
    """The head's mesh, finer at the eyes alone: few enough triangles to play without a GPU."""
    faces = drawn_faces(head)
    eyes = eyeballs(head)[faces].all(axis=1)
    return subdivide(faces, len(head.v_template), np.where(eyes, _EYE_LEVELS, 0))
