"""Videos of simulated speakers: their motion on painted heads of their own, with known truth."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Appearance, Skin
from facedyn_app.headmodel.rendering.paint import paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, Light, side_lit
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.speaker import speaker_shape

SHAPE_SPREAD = 0.8
"""Simulated faces stay a little nearer to the mean than people, so that all look plausible."""
BLOCK_FRAMES = 64
FOCAL_FACTOR = 1.2
EYES = ("left_eye", "right_eye")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """How a simulated speaker looks in one session.

    Attributes:
        shape: (S,) true head shape, standard deviations.
        skin: Colours of the head.
        light: How it is lit.
        camera: The camera.
        rotation: (3,) how the session's seat turns the head, rad.
        translation: (3,) where the head is, camera frame, m.
        background: RGB behind the head.
        appearance: Teeth, glasses, beard and so on; none of them by default.
    """

    shape: FloatArray
    skin: Skin
    light: Light
    camera: Camera
    rotation: FloatArray
    translation: FloatArray
    background: tuple[int, int, int]
    appearance: Appearance = field(default_factory=Appearance)


def with_appearance(scene: Scene, appearance: Appearance) -> Scene:
    """The same face in the same room in another appearance, and lit as that wants."""
    return replace(scene, appearance=appearance, light=side_lit(scene.light, appearance.side_light))


def make_scene(
    head: HeadModel, speaker: int, session: int, *, seed: int, width: int = 400, height: int = 400
) -> Scene:
    """The look of a simulated speaker in a session: the face is their own, the room the session's.

    Args:
        head: The head whose shapes and paint are used.
        speaker: Number of the speaker.
        session: Number of the session.
        seed: Which simulated population.
        width: Image width, px.
        height: Image height, px.
    """
    own = np.random.default_rng([seed, 201, speaker])
    room = np.random.default_rng([seed, 202, speaker, session])
    side = room.choice([-1.0, 1.0])
    return Scene(
        shape=SHAPE_SPREAD * speaker_shape(speaker, head.n_shape, seed),
        skin=_skin(own),
        light=Light(
            direction=(side * room.uniform(0.2, 0.9), -room.uniform(0.3, 1.0), -1.0),
            strength=room.uniform(0.45, 0.65),
            fill=room.uniform(0.2, 0.35),
            ambient=room.uniform(0.28, 0.42),
        ),
        camera=Camera(width, height, FOCAL_FACTOR * max(width, height)),
        rotation=room.normal(size=3) * (0.06, 0.10, 0.03),
        translation=np.array(
            [room.normal() * 0.015, room.normal() * 0.01, room.uniform(0.38, 0.46)]
        ),
        background=_rgb(room.uniform(), room.uniform(0.05, 0.3), room.uniform(0.35, 0.75)),
    )


def render_motion(head: HeadModel, simulated: SimulatedMotion, scene: Scene) -> Iterator[ByteArray]:
    """The pictures of a session, (height, width, 3) uint8 RGB each, one a frame.

    Args:
        head: The head; its landmarks must have been placed (they tell where the paint goes) and
            its expressions must have the motion's names.
        simulated: True motion.
        scene: How it looks.
    """
    tensors = head_to_tensors(head)
    columns = [simulated.motion.names.index(name) for name in head.expression_names]
    painted = paint_head(head, scene.skin, scene.appearance, scene.shape)
    with HeadRenderer(painted, scene.camera, scene.light, scene.background) as renderer:
        for start in range(0, len(simulated.motion.seconds), BLOCK_FRAMES):
            part = slice(start, start + BLOCK_FRAMES)
            expression, jaw, gaze = (
                simulated.motion.expression[part],
                simulated.motion.jaw[part],
                simulated.gaze[part],
            )
            vertices = face_vertices(head, tensors, scene.shape, expression[:, columns], jaw, gaze)
            for k, points in enumerate(vertices, start=start):
                yield renderer.render(
                    points,
                    scene.rotation + simulated.motion.rotation[k],
                    scene.translation + simulated.motion.translation[k],
                )


def face_vertices(
    head: HeadModel,
    tensors: HeadTensors,
    shape: FloatArray,
    expression: FloatArray,
    jaw: FloatArray,
    gaze: FloatArray,
) -> FloatArray:
    """(T, V, 3) vertices in the head frame, m.

    Args:
        head: The head.
        tensors: The same as tensors.
        shape: (S,) shape coefficients.
        expression: (T, E) in the head's order.
        jaw: (T, 3) rotation vectors, rad.
        gaze: (T, 2) turn of both eyes: to the subject's left, up; rad.
    """
    n_frames = len(jaw)
    pose = torch.zeros(n_frames, len(head.joint_names), 3)
    pose[:, head.jaw_joint] = torch.as_tensor(jaw, dtype=torch.float32)
    # gaze to the subject's left turns an eye about y, up turns it about -x
    left_up = torch.as_tensor(gaze, dtype=torch.float32)
    for name in EYES:
        if name in head.joint_names:
            eye = head.joint_names.index(name)
            pose[:, eye, 1], pose[:, eye, 0] = left_up[:, 0], -left_up[:, 1]
    shapes = torch.as_tensor(shape, dtype=torch.float32).expand(n_frames, -1)
    moved = torch.as_tensor(expression, dtype=torch.float32)
    return np.asarray(head_vertices(tensors, shapes, moved, pose).numpy())


def _skin(rng: np.random.Generator) -> Skin:
    tone = rng.uniform(0.35, 0.95)
    hue = rng.uniform(0.045, 0.075)
    hair = rng.uniform(0.08, 0.45)
    return Skin(
        skin=_rgb(hue, rng.uniform(0.30, 0.48), tone),
        lips=_rgb(rng.uniform(0.98, 1.02) % 1.0, rng.uniform(0.42, 0.55), 0.82 * tone),
        brows=_rgb(0.07, rng.uniform(0.3, 0.6), min(0.6 * hair, 0.4 * tone)),
        iris=_rgb(
            rng.choice([0.08, 0.09, 0.30, 0.58]), rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.5)
        ),
        hair=_rgb(0.08, rng.uniform(0.2, 0.6), hair),
        flush=rng.uniform(0.2, 0.5),
    )


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)
