"""Rendered faces as the landmarker finds them, with the truth: to measure how it errs on a head.

Each simulated face has its own shape, skin, appearance, light and place, and some dozens of
unrelated pictures: half of them show simulated motion where the head has its channels, half any
mixture of these. A third of the faces have the plain painted skin without teeth, so that no one
painter's habits are learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context

import numpy as np
import torch

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Appearance, random_appearance
from facedyn_app.headmodel.rendering.paint import paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer
from facedyn_app.landmarks import Face, Landmarker
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, ByteArray, FloatArray, IntArray
from facedyn_app.settings import ONE_PICTURE
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.population import EXPRESSION_NAMES
from facedyn_app.simulate.rendering import face_vertices, make_scene, with_appearance

Detect = Callable[[ByteArray], Face | None]
DrawAppearance = Callable[[np.random.Generator], Appearance]

STAGE = "rendering simulated faces"
PART_FACES = 10
"""Of a process at a time."""
PLAIN_SHARE = 1 / 3
SHAPE_SD = 0.9
MOTION_SECONDS = 40.0
ACTIVE_SHARE, SAME_BOTH_SIDES = 0.2, 0.6
TURN_SD = (0.15, 0.25, 0.08)
SHIFT_SD = (0.01, 0.01, 0.02)
SIDE_PX, FARTHEST = 512, 2.5
"""Size of the pictures; times that a face may be farther away than in a simulated recording."""
GAZE_SD = (0.2, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedDetections:
    """N pictures of simulated faces.

    Attributes:
        face: (N,) number of the simulated face.
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


def detect_rendered(
    head: HeadModel,
    detect: Detect,
    *,
    n_faces: int,
    n_pictures: int,
    seed: int,
    first: int = 0,
    draw_appearance: DrawAppearance = any_appearance,
    on_progress: OnProgress = ignore,
) -> RenderedDetections:
    """Render simulated faces and find their landmarks.

    Pictures in which it finds no face are left out. A face is the same whatever the first one is.

    Args:
        head: The head, its landmarks placed (they tell where the paint goes).
        detect: The face in an image, or None.
        n_faces: Simulated faces, each with a shape and skin of its own.
        n_pictures: Pictures of each.
        seed: Which simulated population.
        first: Number of the first face.
        draw_appearance: Draws the appearance of a face.
        on_progress: Told of every face.
    """
    tensors = head_to_tensors(head)
    camera = make_scene(head, 0, 0, seed=seed, width=SIDE_PX, height=SIDE_PX).camera
    faces: list[RenderedDetections] = []
    for face in range(first, first + n_faces):
        on_progress(Progress(STAGE, face - first, n_faces))
        appearance = draw_appearance(np.random.default_rng([seed, 302, face]))
        faces.append(
            _detect_face(head, tensors, detect, camera, appearance, face, n_pictures, seed)
        )
    return join_detections(faces)


def detect_population(
    head: HeadModel,
    *,
    n_faces: int,
    n_pictures: int,
    seed: int,
    jobs: int = 1,
    on_progress: OnProgress = ignore,
) -> RenderedDetections:
    """Render simulated faces and find their landmarks, by several processes at once.

    The pictures and their order do not depend on the number of processes.

    Args:
        head: The head, its landmarks placed.
        n_faces: Simulated faces, each with a shape and skin of its own.
        n_pictures: Pictures of each.
        seed: Which simulated population.
        jobs: Processes that share the work; 1 does it in this one.
        on_progress: Told of every face, or of every few where others do the work; may raise
            Cancelled.

    Raises:
        InputError: The landmarker's model is damaged.
    """
    if jobs == 1:
        return _detect_part(head, n_pictures, seed, (0, n_faces), on_progress)
    size = min(PART_FACES, -(-n_faces // jobs))
    parts = [(first, min(size, n_faces - first)) for first in range(0, n_faces, size)]
    found: list[RenderedDetections] = []
    # Spawned, not forked: graphics and inference threads do not survive a fork.
    with get_context("spawn").Pool(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for one in pool.imap(partial(_detect_part, head, n_pictures, seed), parts):
            found.append(one)
            done = min(len(found) * size, n_faces)
            on_progress(Progress(STAGE, done, n_faces))
    return join_detections(found)


def _detect_part(
    head: HeadModel,
    n_pictures: int,
    seed: int,
    faces: tuple[int, int],
    on_progress: OnProgress = ignore,
) -> RenderedDetections:
    """Neighbouring faces of a population, the number of the first and how many, in this process."""
    with Landmarker(ONE_PICTURE) as landmarker:
        return detect_rendered(
            head,
            landmarker.detect_face,
            n_faces=faces[1],
            n_pictures=n_pictures,
            seed=seed,
            first=faces[0],
            on_progress=on_progress,
        )


def join_detections(parts: Sequence[RenderedDetections]) -> RenderedDetections:
    """Pictures of several runs, in their order, as of one."""
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(RenderedDetections)
        if column.name != "camera"
    }
    return RenderedDetections(camera=parts[0].camera, **columns)


def _detect_face(
    head: HeadModel,
    tensors: HeadTensors,
    detect: Detect,
    camera: Camera,
    appearance: Appearance,
    face: int,
    n_pictures: int,
    seed: int,
) -> RenderedDetections:
    """The pictures of one simulated face in which it is found."""
    rng = np.random.default_rng([seed, 301, face])
    scene = with_appearance(make_scene(head, face, 0, seed=seed), appearance)
    shape = SHAPE_SD * rng.standard_normal(head.n_shape)
    expression, jaw, gaze = _motion(head, face, n_pictures, seed, rng)
    rotation = np.array(TURN_SD) * rng.standard_normal((n_pictures, 3))
    shift = np.array(SHIFT_SD) * rng.standard_normal((n_pictures, 3))
    farther = FARTHEST ** rng.uniform(size=(n_pictures, 1))
    translation = (scene.translation + shift) * farther
    vertices = face_vertices(head, tensors, shape, expression, jaw, gaze)
    painted = paint_head(head, scene.skin, appearance, shape)
    with HeadRenderer(painted, camera, scene.light, scene.background) as renderer:
        found = [
            detect(renderer.render(vertices[k], rotation[k], translation[k]))
            for k in range(n_pictures)
        ]
    seen = {k: one for k, one in enumerate(found) if one is not None}
    n, kept = len(seen), list(seen)
    return RenderedDetections(
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


def _motion(
    head: HeadModel, face: int, n_pictures: int, seed: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Expression (n, E), jaw (n, 3) and gaze (n, 2) of the pictures of a face."""
    expression = _mixtures(head, n_pictures, rng)
    jaw = rng.standard_normal((n_pictures, 3)) * (0.15, 0.03, 0.015)
    jaw[:, 0] = np.maximum(jaw[:, 0], 0.0)
    gaze = rng.standard_normal((n_pictures, 2)) * GAZE_SD
    if set(EXPRESSION_NAMES) <= set(head.expression_names):
        simulated = simulate_motion(face, 0, MOTION_SECONDS, seed=seed, names=head.expression_names)
        mine = np.arange(1, n_pictures, 2)
        taken = rng.integers(len(simulated.motion.seconds), size=len(mine))
        expression[mine], jaw[mine] = (
            simulated.motion.expression[taken],
            simulated.motion.jaw[taken],
        )
        gaze[mine] = simulated.gaze[taken]
    return expression, jaw, gaze


def _mixtures(head: HeadModel, n_pictures: int, rng: np.random.Generator) -> FloatArray:
    """(n, E) any expressions: a few activations at a time, the two sides often alike."""
    if not head.activations:
        return rng.standard_normal((n_pictures, head.n_expression))
    size = (n_pictures, head.n_expression)
    values = rng.uniform(0.0, 0.9, size) * (rng.uniform(size=size) < ACTIVE_SHARE)
    names = head.expression_names
    for column, name in enumerate(names):
        other = name.removesuffix("Left") + "Right"
        if name.endswith("Left") and name != "mouthLeft" and other in names:
            same = rng.uniform(size=n_pictures) < SAME_BOTH_SIDES
            values[same, names.index(other)] = values[same, column]
    return values
