"""Videos and landmarks of rendered heads whose shape, motion, camera and light are known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from facedyn_app.bench.cases import POPULATION, AppearanceKind, Case, make_take
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import (
    Appearance,
    random_appearance,
    random_beard,
    random_glasses,
)
from facedyn_app.headmodel.rendering.render import head_to_camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    N_BLENDSHAPES,
    N_LANDMARKS,
    BoolArray,
    ByteArray,
    FloatArray,
    Landmarks,
)
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.rendering import (
    FOCAL_FACTOR,
    Scene,
    make_scene,
    render_motion,
    with_appearance,
)
from facedyn_app.video import SIMULATED, write_video

RENDERING = 2
"""Raised whenever the same case would give another video."""
CLEAN_CRF, NOISY_CRF = 20, 52
ENCODER_EFFORT = 8
CAMERA_NOISE = 2.5  # standard deviation, of 255
N_NOISE_FIELDS = 8
DISTANCE_M = 0.62
MOUTH = np.array([0.0, -0.025, 0.115])  # m, in the head frame of any head
HAND_SIZE = np.array([0.055, 0.035])  # m
HAND_EVERY_S, HAND_FOR_S = 3.0, 1.0
NOISE_SHARE = 0.004  # of face height, in landmarks that are found without a picture
NOISE_SEED = 20261


@dataclass(frozen=True, slots=True, eq=False)
class RenderedTruth:
    """What is true of a case's video.

    Attributes:
        case: The case.
        simulated: The motion; expression in the order of the head's names, and jaw.
        scene: Shape, camera, light, and where the head is.
        rotation: (T, 3) the head's rotation vectors, rad.
        translation: (T, 3) m.
        covered: (T,) bool, whether the hand is before the mouth.
    """

    case: Case
    simulated: SimulatedMotion
    scene: Scene
    rotation: FloatArray
    translation: FloatArray
    covered: BoolArray


def make_truth(head: HeadModel, case: Case) -> RenderedTruth:
    """The truth of a case; the same arguments always give the same."""
    simulated = make_take(case.take, case.motion, case.seconds, head.expression_names)
    scene = make_scene(head, case.face, 0, seed=POPULATION, width=case.width, height=case.height)
    # as large in the picture through any lens
    distance = DISTANCE_M * case.focal / FOCAL_FACTOR
    placed = scene.translation * [1.0, 1.0, 0.0] + [0.0, 0.0, distance]
    camera = replace(scene.camera, focal_px=case.focal * max(case.width, case.height))
    scene = replace(scene, translation=placed, camera=camera)
    scene = with_appearance(scene, case_appearance(case))
    covered = np.zeros(len(simulated.motion.seconds), dtype=np.bool_)
    if case.occluded:
        covered = simulated.motion.seconds % HAND_EVERY_S > HAND_EVERY_S - HAND_FOR_S
    return RenderedTruth(
        case=case,
        simulated=simulated,
        scene=scene,
        rotation=scene.rotation + simulated.motion.rotation,
        translation=scene.translation + simulated.motion.translation,
        covered=covered,
    )


def case_appearance(case: Case) -> Appearance:
    """The appearance of a case's face; always the same for a face and a kind."""
    if not case.varied:
        return Appearance()
    rng = np.random.default_rng([POPULATION, case.face, 7])
    return replace(
        random_appearance(rng),
        glasses=random_glasses(rng) if case.appearance is AppearanceKind.GLASSES else None,
        beard=random_beard(rng) if case.appearance is AppearanceKind.BEARD else None,
    )


def truth_video(
    head: HeadModel, truth: RenderedTruth, folder: Path, on_progress: OnProgress = ignore
) -> Path:
    """The video of a case, rendered where it is not in the folder yet.

    Args:
        head: The head, its landmarks placed.
        truth: What to show.
        folder: Where videos are kept.
        on_progress: Told of every frame; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written.
    """
    case = truth.case
    digest = hashlib.sha256(_key(head, truth).encode()).hexdigest()[:10]
    path = folder / f"{head.head_id} {case.name} {digest}.mp4".replace(" ", "_")
    if not path.is_file():
        pictures = _filmed(head, truth, on_progress)
        crf = NOISY_CRF if case.noisy else CLEAN_CRF
        write_video(path, pictures, truth.simulated.fps, crf, ENCODER_EFFORT, SIMULATED)
    return path


def _key(head: HeadModel, truth: RenderedTruth) -> str:
    """What a video depends on, as text."""
    facts = asdict(truth.case)
    if truth.case.varied:
        facts["appearance"] = asdict(truth.scene.appearance)
    else:
        del facts["appearance"]  # videos rendered before there were others are still right
    return json.dumps([RENDERING, head.sha256, facts], sort_keys=True)


def _filmed(head: HeadModel, truth: RenderedTruth, on_progress: OnProgress) -> Iterator[ByteArray]:
    """The rendered pictures with the hand and the camera's noise."""
    rng = np.random.default_rng([POPULATION, truth.case.face, truth.case.motion])
    size = (truth.case.height, truth.case.width, 3)
    fields = rng.normal(0.0, CAMERA_NOISE, (N_NOISE_FIELDS, *size)).astype(np.float32)
    n_frames = len(truth.simulated.motion.seconds)
    for number, picture in enumerate(render_motion(head, truth.simulated, truth.scene)):
        on_progress(Progress(f"rendering {truth.case.name}", number, n_frames))
        if truth.covered[number]:
            picture = _with_hand(picture, truth, number)
        field = np.roll(fields[rng.integers(N_NOISE_FIELDS)], int(rng.integers(size[1])), axis=1)
        yield np.clip(np.rint(picture + field), 0, 255).astype(np.uint8)


def _with_hand(picture: ByteArray, truth: RenderedTruth, number: int) -> ByteArray:
    """An ellipse of the face's own colour before the mouth."""
    mouth = head_to_camera(MOUTH[None], truth.rotation[number], truth.translation[number])
    x, y = truth.scene.camera.project(mouth)[0]
    width, height = truth.scene.camera.focal_px * HAND_SIZE / mouth[0, 2]
    colour = tuple(int(0.85 * value) for value in truth.scene.skin.skin)
    covered = np.ascontiguousarray(picture)
    place, axes = (round(x), round(y)), (round(width), round(height))
    cv2.ellipse(covered, place, axes, 25.0, 0.0, 360.0, colour, cv2.FILLED, cv2.LINE_AA)
    return covered


def simulated_landmarks(head: HeadModel, case: Case) -> Landmarks:
    """What a landmarker with a little independent noise would see of a case, without rendering.

    Args:
        head: The head, its landmarks placed.
        case: What it does, and the camera.
    """
    truth = make_truth(head, case)
    simulated, scene = truth.simulated, truth.scene
    index = placed_landmarks(head).index
    rows = np.arange(len(index))
    places = landmark_positions(
        head, rows, scene.shape, simulated.motion.expression, simulated.motion.jaw
    )
    n_frames = len(simulated.motion.seconds)
    points = np.zeros((n_frames, N_LANDMARKS, 2), np.float32)
    for k in range(n_frames):
        placed = head_to_camera(places[k], truth.rotation[k], truth.translation[k])
        points[k, index] = scene.camera.project(placed)
    face_px = np.ptp(points[:, index, 1], axis=1)
    noise = np.random.default_rng(NOISE_SEED).normal(size=points.shape)
    points += (NOISE_SHARE * face_px[:, None, None] * noise).astype(np.float32)
    scores = np.zeros((n_frames, N_BLENDSHAPES), np.float32)
    return Landmarks(simulated.motion.seconds, points, scores, case.width, case.height)
