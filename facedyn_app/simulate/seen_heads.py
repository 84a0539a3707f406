"""Many made faces as the landmarker sees them, with the truth: to measure how it errs on a head.

Each made face has its own shape, skin, appearance, light and place and shows a few dozen unrelated
looks: half of them caught from simulated motion where the head has its channels, half any mixture
of them. A third of the faces have the plain painted skin without teeth, so that no one painter's
habits are learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Appearance, random_appearance
from facedyn_app.headmodel.rendering.paint import paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer
from facedyn_app.landmarks import Face
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, ByteArray, FloatArray, IntArray
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.rendering import EYES, make_scene, with_appearance
from facedyn_app.simulate.repertoire import EXPRESSION_NAMES

Detect = Callable[[ByteArray], Face | None]
DrawAppearance = Callable[[np.random.Generator], Appearance]

PLAIN_SHARE = 1 / 3
SHAPE_SD = 0.9
CAUGHT_SECONDS = 40.0
ACTIVE_SHARE, SAME_BOTH_SIDES = 0.2, 0.6
TURN_SD = (0.15, 0.25, 0.08)
SHIFT_SD = (0.01, 0.01, 0.02)
SIDE_PX, FARTHEST = 512, 2.5
"""Size of the pictures; times that a face may be farther away than in a made recording."""
GAZE_SD = (0.2, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class SeenHeads:
    """N pictures of made faces.

    Attributes:
        face: (N,) number of the made face.
        shape: (N, S) its shape.
        expression: (N, E).
        jaw: (N, 3) rotation vectors, rad.
        rotation: (N, 3) head rotation vectors, rad.
        translation: (N, 3) head origin in the camera frame, m.
        points: (N, L, 2) what the landmarker found, px.
        scores: (N, A) its blendshape scores, 0..1.
        turn: (N, 3) the turn by its depths, rad (`landmarks.measurement`).
        camera: The camera of all of them.
    """

    face: IntArray
    shape: FloatArray
    expression: FloatArray
    jaw: FloatArray
    rotation: FloatArray
    translation: FloatArray
    points: FloatArray
    scores: FloatArray
    turn: FloatArray
    camera: Camera


def any_appearance(rng: np.random.Generator) -> Appearance:
    """A third of the faces plain, the others of any appearance."""
    return Appearance() if rng.uniform() < PLAIN_SHARE else random_appearance(rng)


def see_heads(
    head: HeadModel,
    detect: Detect,
    *,
    n_faces: int,
    n_looks: int,
    seed: int,
    first: int = 0,
    draw_appearance: DrawAppearance = any_appearance,
    on_progress: OnProgress = ignore,
) -> SeenHeads:
    """Render made faces and see what the landmarker makes of them.

    Pictures in which it finds no face are left out. A face is the same whatever the first one is.

    Args:
        head: The head, its landmarks placed (they tell where the paint goes).
        detect: The face in an image, or None.
        n_faces: Made faces, each with a shape and skin of its own.
        n_looks: Pictures of each.
        seed: Which made population.
        first: Number of the first face.
        draw_appearance: Draws the appearance of a face.
        on_progress: Told of every face.
    """
    tensors = head_to_tensors(head)
    camera = make_scene(head, 0, 0, seed=seed, width=SIDE_PX, height=SIDE_PX).camera
    faces: list[SeenHeads] = []
    for face in range(first, first + n_faces):
        on_progress(Progress("rendering made faces", face - first, n_faces))
        appearance = draw_appearance(np.random.default_rng([seed, 302, face]))
        faces.append(_see_face(head, tensors, detect, camera, appearance, face, n_looks, seed))
    return join_seen(faces)


def join_seen(parts: Sequence[SeenHeads]) -> SeenHeads:
    """Pictures of several runs, in their order, as of one."""
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(SeenHeads)
        if column.name != "camera"
    }
    return SeenHeads(camera=parts[0].camera, **columns)


def _see_face(
    head: HeadModel,
    tensors: HeadTensors,
    detect: Detect,
    camera: Camera,
    appearance: Appearance,
    face: int,
    n_looks: int,
    seed: int,
) -> SeenHeads:
    """The pictures of one made face in which it is found."""
    rng = np.random.default_rng([seed, 301, face])
    scene = with_appearance(make_scene(head, face, 0, seed=seed), appearance)
    shape = SHAPE_SD * rng.standard_normal(head.n_shape)
    expression, jaw, gaze = _looks(head, face, n_looks, seed, rng)
    rotation = np.array(TURN_SD) * rng.standard_normal((n_looks, 3))
    shift = np.array(SHIFT_SD) * rng.standard_normal((n_looks, 3))
    farther = FARTHEST ** rng.uniform(size=(n_looks, 1))
    translation = (scene.translation + shift) * farther
    vertices = _vertices(head, tensors, shape, expression, jaw, gaze)
    painted = paint_head(head, scene.skin, appearance, shape)
    with HeadRenderer(painted, camera, scene.light, scene.background) as renderer:
        found = [
            detect(renderer.render(vertices[k], rotation[k], translation[k]))
            for k in range(n_looks)
        ]
    seen = {k: one for k, one in enumerate(found) if one is not None}
    n, kept = len(seen), list(seen)
    return SeenHeads(
        face=np.full(n, face),
        shape=np.tile(shape, (n, 1)),
        expression=expression[kept],
        jaw=jaw[kept],
        rotation=rotation[kept],
        translation=translation[kept],
        points=np.array([one.points for one in seen.values()]).reshape(n, N_LANDMARKS, 2),
        scores=np.array([one.scores for one in seen.values()]).reshape(n, N_BLENDSHAPES),
        turn=np.array([one.turn for one in seen.values()]).reshape(n, 3),
        camera=camera,
    )


def _looks(
    head: HeadModel, face: int, n_looks: int, seed: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Expression (n, E), jaw (n, 3) and gaze (n, 2) of the looks of a face."""
    expression = _mixtures(head, n_looks, rng)
    jaw = rng.standard_normal((n_looks, 3)) * (0.15, 0.03, 0.015)
    jaw[:, 0] = np.maximum(jaw[:, 0], 0.0)
    gaze = rng.standard_normal((n_looks, 2)) * GAZE_SD
    if set(EXPRESSION_NAMES) <= set(head.expression_names):
        motion = simulate_motion(face, 0, CAUGHT_SECONDS, seed=seed, names=head.expression_names)
        mine = np.arange(1, n_looks, 2)
        caught = rng.integers(len(motion.seconds), size=len(mine))
        expression[mine], jaw[mine] = motion.expression[caught], motion.jaw[caught]
        gaze[mine] = motion.gaze[caught]
    return expression, jaw, gaze


def _mixtures(head: HeadModel, n_looks: int, rng: np.random.Generator) -> FloatArray:
    """(n, E) any expressions: a few activations at a time, the two sides often alike."""
    if not head.activations:
        return rng.standard_normal((n_looks, head.n_expression))
    size = (n_looks, head.n_expression)
    values = rng.uniform(0.0, 0.9, size) * (rng.uniform(size=size) < ACTIVE_SHARE)
    names = head.expression_names
    for column, name in enumerate(names):
        other = name.removesuffix("Left") + "Right"
        if name.endswith("Left") and name != "mouthLeft" and other in names:
            same = rng.uniform(size=n_looks) < SAME_BOTH_SIDES
            values[same, names.index(other)] = values[same, column]
    return values


def _vertices(
    head: HeadModel,
    tensors: HeadTensors,
    shape: FloatArray,
    expression: FloatArray,
    jaw: FloatArray,
    gaze: FloatArray,
) -> FloatArray:
    """(n, V, 3) vertices in the head frame, m."""
    pose = torch.zeros(len(jaw), len(head.joint_names), 3)
    pose[:, head.jaw_joint] = torch.as_tensor(jaw, dtype=torch.float32)
    for name in EYES:
        if name in head.joint_names:
            eye = head.joint_names.index(name)
            pose[:, eye, 1] = torch.as_tensor(gaze[:, 0], dtype=torch.float32)
            pose[:, eye, 0] = -torch.as_tensor(gaze[:, 1], dtype=torch.float32)
    shapes = torch.as_tensor(shape, dtype=torch.float32).expand(len(jaw), -1)
    moved = torch.as_tensor(expression, dtype=torch.float32)
    return np.asarray(head_vertices(tensors, shapes, moved, pose).numpy())
