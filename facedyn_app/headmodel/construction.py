"""Construction of joints: a jaw from sculpted blendshapes, joints that follow a head's shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse
from scipy.sparse import linalg
from scipy.spatial.transform import Rotation

from facedyn_app.records import FloatArray, IntArray

_SMOOTHNESS = 4e-5  # m^2: weight of the skinning weights' roughness against the fit, chosen by eye
_RIGID_SHARE = 0.6  # of the greatest movement: the chin
_RIDGE = 1e-4
_HALF_WAY = (0.25, 0.5, 0.75, 1.0)
_HALF_WAY_SIDE = (-1.0, -0.5, 0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class SculptedJaw:
    """What was sculpted, as offsets from the closed mouth.

    Attributes:
        opened: (V, 3) offsets of the fully open mouth, m.
        left: (V, 3) offsets of the jaw moved to the subject's left, m.
        right: (V, 3) offsets of the jaw moved to the right, m.
    """

    opened: FloatArray
    left: FloatArray
    right: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class JawFit:
    """The joint that turns the jaw as it was sculpted.

    Attributes:
        joint: (3,) the hinge, m.
        opened: (3,) rotation vector of the open mouth, rad.
        left: (3,) rotation vector of the jaw to the left, rad.
        right: (3,) rotation vector of the jaw to the right, rad.
        weights: (V,) skinning weights of the jaw, 0..1.
        posedirs: (V, 3, 9) correctives for the entries of R - I, row by row.
    """

    joint: FloatArray
    opened: FloatArray
    left: FloatArray
    right: FloatArray
    weights: FloatArray
    posedirs: FloatArray


def fit_jaw(vertices: FloatArray, faces: IntArray, sculpted: SculptedJaw) -> JawFit:
    """Find hinge, rotations, smooth weights and correctives that reproduce the sculpted jaw.

    The hinge, in the plane of symmetry, and the opening angle are those of the chin, which moves
    most; the weights w explain most of the opening by `w (R - I)(x - hinge)`. Half open, the
    correctives are half as large and the rest turns on an arc, as a jaw does; the sculpted
    blendshape would move on chords.

    Args:
        vertices: (V, 3) the closed mouth, m, in the head frame.
        faces: (F, 3) triangles; the weights are smooth along their edges.
        sculpted: The three sculpted jaws.
    """
    hinge, opened = _fit_hinge(vertices, sculpted.opened)
    swing = _swing(vertices, hinge, opened)
    weights = _smooth_weights(swing, sculpted.opened, _laplacian(faces, len(vertices)))
    left = _fit_side(vertices, hinge, weights, sculpted.left)
    right = _fit_side(vertices, hinge, weights, sculpted.right)
    rest = {
        "opened": _local_rest(vertices, hinge, weights, opened, sculpted.opened),
        "left": _local_rest(vertices, hinge, weights, left, sculpted.left),
        "right": _local_rest(vertices, hinge, weights, right, sculpted.right),
    }
    posedirs = _fit_correctives(opened, left, right, rest)
    return JawFit(hinge, opened, left, right, weights, posedirs)


def turned_offsets(vertices: FloatArray, fit: JawFit, turn: FloatArray) -> FloatArray:
    """(V, 3) how far a turn of the jaw moves each vertex, correctives included, m.

    Args:
        vertices: (V, 3) the closed mouth, m.
        fit: The jaw.
        turn: (3,) rotation vector, rad.
    """
    delta = Rotation.from_rotvec(turn).as_matrix() - np.eye(3)
    local = fit.posedirs @ delta.ravel()
    moved = fit.weights[:, None] * ((vertices + local - fit.joint) @ delta.T)
    return np.asarray(local + moved)


def unposed_offsets(fit: JawFit, offsets: FloatArray) -> FloatArray:
    """Offsets that give the wanted ones once the jaw is open: `(I + w (R - I))^-1 d`.

    For actions such as mouthClose that were sculpted on top of the open mouth.

    Args:
        fit: The jaw.
        offsets: (V, 3) offsets wanted with the jaw open, m.
    """
    solved = np.linalg.solve(_blended(fit.weights, fit.opened), offsets[..., None])
    return np.asarray(solved[..., 0])


def _swing(vertices: FloatArray, hinge: FloatArray, turn: FloatArray) -> FloatArray:
    """(V, 3) how far each vertex would move if it hung wholly on the jaw, m."""
    arm = vertices - hinge
    return np.asarray(Rotation.from_rotvec(turn).apply(arm) - arm)


def _fit_hinge(vertices: FloatArray, offsets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Hinge and opening of the part that moves most, the chin, taken as rigid (Procrustes)."""
    distance = np.linalg.norm(offsets, axis=1)
    chin = distance > _RIGID_SHARE * distance.max()
    before = vertices[chin][:, 1:]
    after = before + offsets[chin][:, 1:]
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    cross = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    angle = np.arctan2(cross, (a * b).sum())
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = after.mean(axis=0) - turn @ before.mean(axis=0)
    y, z = np.linalg.solve(np.eye(2) - turn, shift)
    return np.array([0.0, y, z]), np.array([angle, 0.0, 0.0])


def _laplacian(faces: IntArray, n: int) -> sparse.csr_array:
    """(V, V) graph Laplacian of the mesh's edges."""
    rows = np.concatenate([faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()])
    columns = np.concatenate([faces[:, [1, 2, 0]].ravel(), faces[:, [0, 1, 2]].ravel()])
    links = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    links.data[:] = 1.0
    degree = np.asarray(links.sum(axis=1)).ravel()
    return sparse.csr_array(sparse.diags_array(degree) - links)


def _smooth_weights(
    swing: FloatArray, wanted: FloatArray, laplacian: sparse.csr_array
) -> FloatArray:
    """Weights w that minimise `sum |w swing - wanted|^2 + smoothness w'Lw`, kept in 0..1."""
    diagonal = (swing**2).sum(axis=1)
    matrix = sparse.csc_array(sparse.diags_array(diagonal + 1e-9) + _SMOOTHNESS * laplacian)
    weights = linalg.spsolve(matrix, (swing * wanted).sum(axis=1))
    still = np.linalg.norm(wanted, axis=1) < 1e-6
    weights = np.where(still & (weights < 0.02), 0.0, weights)
    return np.asarray(np.clip(weights, 0.0, 1.0))


def _fit_side(
    vertices: FloatArray, hinge: FloatArray, weights: FloatArray, offsets: FloatArray
) -> FloatArray:
    """The rotation vector that explains most of a sideward movement."""

    def residual(turn: FloatArray) -> FloatArray:
        return (weights[:, None] * _swing(vertices, hinge, turn) - offsets).ravel()

    return np.asarray(optimize.least_squares(residual, np.zeros(3)).x)


def _blended(weights: FloatArray, turn: FloatArray) -> FloatArray:
    """(V, 3, 3) the matrices `I + w (R - I)` of linear blend skinning."""
    delta = Rotation.from_rotvec(turn).as_matrix() - np.eye(3)
    return np.asarray(np.eye(3) + weights[:, None, None] * delta)


def _local_rest(
    vertices: FloatArray,
    hinge: FloatArray,
    weights: FloatArray,
    turn: FloatArray,
    offsets: FloatArray,
) -> FloatArray:
    """(V, 3) what must be added before skinning so that the turned jaw looks as sculpted."""
    missing = offsets - weights[:, None] * _swing(vertices, hinge, turn)
    return np.asarray(np.linalg.solve(_blended(weights, turn), missing[..., None])[..., 0])


def _fit_correctives(
    opened: FloatArray, left: FloatArray, right: FloatArray, rest: dict[str, FloatArray]
) -> FloatArray:
    """(V, 3, 9) least squares over closed to open and left to right, end poses counting most."""
    features, wanted = [], []
    for a in (0.0, *_HALF_WAY):
        for b in _HALF_WAY_SIDE:
            side, name = (left, "left") if b > 0 else (right, "right")
            turn = Rotation.from_rotvec(a * opened + abs(b) * side).as_matrix() - np.eye(3)
            end_pose = (a, abs(b)) in {(1.0, 0.0), (0.0, 1.0)}
            weight = 5.0 if end_pose else 1.0
            features.append(weight * turn.ravel())
            wanted.append(weight * (a * rest["opened"] + abs(b) * rest[name]))
    matrix, target = np.stack(features), np.stack(wanted)
    n = target.shape[1]
    normal = matrix.T @ matrix + _RIDGE * np.eye(9)
    solved = np.linalg.solve(normal, matrix.T @ target.reshape(len(matrix), -1))
    return np.moveaxis(solved.reshape(9, n, 3), 0, 2)


def anchor_weights(
    vertices: FloatArray, candidates: IntArray, point: FloatArray, height: float
) -> FloatArray:
    """(V,) the smallest weights of sum 1 on the vertices at a point's height that give the point.

    A sum of 1 and exactness for the given head make the joint follow every affine change of it.

    Args:
        vertices: (V, 3) m.
        candidates: Vertices that may be used.
        point: (3,) the joint, m.
        height: How far, up or down, a vertex may lie from the point, m.
    """
    used = candidates[np.abs(vertices[candidates, 1] - point[1]) < height]
    matrix = np.vstack([np.ones(len(used)), vertices[used].T])
    row = np.zeros(len(vertices))
    row[used] = np.linalg.lstsq(matrix, np.array([1.0, *point]), rcond=None)[0]
    return row
