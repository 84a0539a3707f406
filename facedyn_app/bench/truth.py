"""Videos of painted heads whose shape, motion, camera and light are known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from facedyn_app.bench.takes import POPULATION, Take, make_take
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import (
    Appearance,
    random_appearance,
    random_beard,
    random_glasses,
)
from facedyn_app.headmodel.rendering.render import head_to_camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import BoolArray, ByteArray, FloatArray
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


class AppearanceKind(StrEnum):
    """Which kind of appearance a made face has.

    Attributes:
        PLAIN: As the painter paints a head: even skin, no teeth.
        TEETH: Any skin, brows, light, and teeth.
        GLASSES: The same with glasses.
        BEARD: The same with a beard or moustache.
    """

    PLAIN = "plain"
    TEETH = "teeth"
    GLASSES = "glasses"
    BEARD = "beard"


@dataclass(frozen=True, slots=True)
class Case:
    """One video of the benchmark.

    Attributes:
        take: What the face does.
        width: Image width, px.
        height: Image height, px.
        seconds: Length, s.
        face: Which made face.
        motion: Which motion of that kind.
        noisy: Whether it is compressed until it shows.
        occluded: Whether a hand comes before the mouth now and then.
        focal: Focal length of the camera, of the image's longer side.
        appearance: What kind; the shape and the room are the face's own in any.
    """

    take: Take
    width: int = 640
    height: int = 360
    seconds: float = 12.0
    face: int = 0
    motion: int = 0
    noisy: bool = False
    occluded: bool = False
    focal: float = FOCAL_FACTOR
    appearance: AppearanceKind = AppearanceKind.PLAIN

    @property
    def varied(self) -> bool:
        """Whether the face has a second appearance."""
        return self.appearance is not AppearanceKind.PLAIN

    @property
    def clean(self) -> bool:
        """Whether it is talk or actions seen well."""
        return self.take in (Take.TALK, Take.ACTIONS) and not (self.noisy or self.occluded)

    @property
    def name(self) -> str:
        """A name that people can read."""
        lens = [] if self.focal == FOCAL_FACTOR else [f"lens {self.focal:g}"]
        marks = [word for word in ("noisy", "occluded") if getattr(self, word)]
        marks += [f"with {self.appearance}"] if self.varied else []
        who = f"face {self.face} motion {self.motion}"
        return " ".join([str(self.take), f"{self.width}x{self.height}", who, *marks, *lens])


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true of a case's video.

    Attributes:
        case: The case.
        motion: Expression in the order of the head's names, and jaw.
        scene: Shape, camera, light, and where the head is.
        rotation: (T, 3) the head's rotation vectors, rad.
        translation: (T, 3) m.
        covered: (T,) bool, whether the hand is before the mouth.
    """

    case: Case
    motion: SimulatedMotion
    scene: Scene
    rotation: FloatArray
    translation: FloatArray
    covered: BoolArray


def make_truth(head: HeadModel, case: Case) -> Truth:
    """The truth of a case; the same arguments always give the same."""
    motion = make_take(case.take, case.motion, case.seconds, head.expression_names)
    scene = make_scene(head, case.face, 0, seed=POPULATION, width=case.width, height=case.height)
    # as large in the picture through any lens
    distance = DISTANCE_M * case.focal / FOCAL_FACTOR
    placed = scene.translation * [1.0, 1.0, 0.0] + [0.0, 0.0, distance]
    camera = replace(scene.camera, focal_px=case.focal * max(case.width, case.height))
    scene = replace(scene, translation=placed, camera=camera)
    scene = with_appearance(scene, case_appearance(case))
    covered = np.zeros(len(motion.seconds), dtype=np.bool_)
    if case.occluded:
        covered = motion.seconds % HAND_EVERY_S > HAND_EVERY_S - HAND_FOR_S
    return Truth(
        case=case,
        motion=motion,
        scene=scene,
        rotation=scene.rotation + motion.rotation,
        translation=scene.translation + motion.translation,
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
    head: HeadModel, truth: Truth, folder: Path, on_progress: OnProgress = ignore
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
        pictures = _reported(
            _filmed(head, truth), len(truth.motion.seconds), case.name, on_progress
        )
        crf = NOISY_CRF if case.noisy else CLEAN_CRF
        write_video(path, pictures, truth.motion.fps, crf, ENCODER_EFFORT, SIMULATED)
    return path


def _key(head: HeadModel, truth: Truth) -> str:
    """What a video depends on, as text."""
    facts = asdict(truth.case)
    if truth.case.varied:
        facts["appearance"] = asdict(truth.scene.appearance)
    else:
        del facts["appearance"]  # videos rendered before there were others are still right
    return json.dumps([RENDERING, head.sha256, facts], sort_keys=True)


def _reported(
    pictures: Iterable[ByteArray], n_frames: int, name: str, on_progress: OnProgress
) -> Iterator[ByteArray]:
    for number, picture in enumerate(pictures):
        on_progress(Progress(f"rendering {name}", number, n_frames))
        yield picture


def _filmed(head: HeadModel, truth: Truth) -> Iterator[ByteArray]:
    """The rendered pictures with the hand and the camera's noise."""
    rng = np.random.default_rng([POPULATION, truth.case.face, truth.case.motion])
    size = (truth.case.height, truth.case.width, 3)
    fields = rng.normal(0.0, CAMERA_NOISE, (N_NOISE_FIELDS, *size)).astype(np.float32)
    for number, picture in enumerate(render_motion(head, truth.motion, truth.scene)):
        if truth.covered[number]:
            picture = _with_hand(picture, truth, number)
        field = np.roll(fields[rng.integers(N_NOISE_FIELDS)], int(rng.integers(size[1])), axis=1)
        yield np.clip(np.rint(picture + field), 0, 255).astype(np.uint8)


def _with_hand(picture: ByteArray, truth: Truth, number: int) -> ByteArray:
    """An ellipse of the face's own colour before the mouth."""
    mouth = head_to_camera(MOUTH[None], truth.rotation[number], truth.translation[number])
    x, y = truth.scene.camera.project(mouth)[0]
    width, height = truth.scene.camera.focal_px * HAND_SIZE / mouth[0, 2]
    colour = tuple(int(0.85 * value) for value in truth.scene.skin.skin)
    covered = np.ascontiguousarray(picture)
    place, axes = (round(x), round(y)), (round(width), round(height))
    cv2.ellipse(covered, place, axes, 25.0, 0.0, 360.0, colour, cv2.FILLED, cv2.LINE_AA)
    return covered
