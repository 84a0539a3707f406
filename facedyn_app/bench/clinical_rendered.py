"""Clinical measures of rendered heads beside those of their true motion, from pixels to numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from facedyn_app.bench.clinical_script import (
    FULL,
    Script,
    act,
    mirrored_truth,
    session_of_truth,
)
from facedyn_app.bench.measurement import usual_settings
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.measures import LOWER_LID, UPPER_LID
from facedyn_app.dynamics.clinical.session import ClinicalMeasures, measure_session
from facedyn_app.headmodel.files.io import list_heads
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import N_LANDMARKS, ByteArray, FloatArray, IntArray, Session
from facedyn_app.settings import VideoSettings
from facedyn_app.simulate.motion import SimulatedMotion
from facedyn_app.simulate.rendering import make_scene, render_motion
from facedyn_app.topology import LIDS, MIRRORED_POINTS
from facedyn_app.video import SIMULATED, write_video
from facedyn_app.workflows.analyse import analyse_video

POPULATION = 6
"""A simulated population of this benchmark's own."""
SYMMETRIC_SHAPES = 24
"""Leading shape directions in use: of the open head two sides are alike in them within some
percent."""
MOST_LOPSIDED = 0.5
"""Share of a shape direction in which the sides differ, beyond which it is not used."""
WIDTH = HEIGHT = 400
CRF, EFFORT = 18, 8
RENDERING = 1
MOST_CLOSURE = 2.0
"""Largest activation that is tried for closed lids."""
TASKS = ("smile", "brow_raise")
SYMMETRIC_FPS = 10.0
"""What symmetric faces do, and how often they are seen."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedCase:
    """What was measured of a rendered face, and what is true of it.

    Attributes:
        script: What it does.
        found: Measured, the program's own difference taken off by the mirror image.
        plain: The same without the fit of the mirror image.
        true: Of the true motion.
        session: The fit.
        mirrored: The fit of the mirror image.
    """

    script: Script
    found: ClinicalMeasures
    plain: ClinicalMeasures
    true: ClinicalMeasures
    session: Session
    mirrored: Session


def rendered_case(
    head: HeadModel,
    film: HeadModel,
    script: Script,
    face: int,
    fps: float,
    folder: Path,
    settings: ClinicalSettings,
    *,
    optical_flow: bool = False,
    on_progress: OnProgress = ignore,
) -> RenderedCase:
    """Render a face, fit the video and its mirror image, and measure.

    Args:
        head: The head that is fitted.
        film: The head that is filmed.
        script: What the face does.
        face: Which face; its light comes from one side.
        fps: Frames a second.
        folder: Where videos are kept.
        settings: Of the measures.
        optical_flow: Whether the skin is followed, too.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written.
    """
    path, simulated, shape = rendered_video(film, script, face, fps, folder, on_progress)
    fits = both_fits(path, head, optical_flow=optical_flow, on_progress=on_progress)
    truth = session_of_truth(simulated, shape, film.head_id)
    events = script.events
    return RenderedCase(
        script,
        measure_session(fits[0], head, settings, events=events, mirrored=fits[1]),
        measure_session(fits[0], head, settings, events=events),
        # a true motion has no difference of the program's to be taken off
        measure_session(truth, film, settings, events=events, mirrored=mirrored_truth(truth)),
        *fits,
    )


def rendered_video(
    head: HeadModel,
    script: Script,
    face: int,
    fps: float,
    folder: Path,
    on_progress: OnProgress = ignore,
) -> tuple[Path, SimulatedMotion, FloatArray]:
    """The video of a face, its true motion and its true shape.

    Args:
        head: The head that is filmed; the open head's faces have two sides alike.
        script: What the face does.
        face: Which face; its light comes from one side.
        fps: Frames a second.
        folder: Where videos are kept.
        on_progress: Told of every frame; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written.
    """
    full, rng = full_closure(head), np.random.default_rng([POPULATION, face])
    simulated = act(script, head.expression_names, fps, rng, full)
    scene = make_scene(head, face, 0, seed=POPULATION, width=WIDTH, height=HEIGHT)
    shape, lopsided = scene.shape.copy(), lopsided_shapes(head)
    lopsided = lopsided[lopsided < SYMMETRIC_SHAPES]
    shape[SYMMETRIC_SHAPES:] = 0.0
    shape[lopsided] = 0.0
    scene = replace(scene, shape=shape)
    facts = [RENDERING, head.sha256, asdict(script), face, simulated.fps]
    facts += [full, *lopsided.tolist()] if full != FULL or len(lopsided) else []
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:10]
    path = folder / f"clinical face {face} {digest}.mp4".replace(" ", "_")
    if path.is_file():
        return path, simulated, shape

    def pictures() -> Iterator[ByteArray]:
        n_frames = len(simulated.motion.seconds)
        for number, picture in enumerate(render_motion(head, simulated, scene)):
            on_progress(Progress(f"rendering face {face}", number, n_frames))
            yield picture

    write_video(path, pictures(), simulated.fps, CRF, EFFORT, SIMULATED)
    return path, simulated, shape


def lopsided_shapes(head: HeadModel) -> IntArray:
    """Numbers of the shape directions in which the two sides of a head's landmarks differ."""
    table = placed_landmarks(head)
    corners = np.asarray(head.shapedirs)[np.asarray(head.faces)[table.face]]
    moved = np.einsum("lk,lkxs->lxs", table.bary, corners)
    row = np.full(N_LANDMARKS, -1)
    row[table.index] = np.arange(len(table.index))
    partner = row[MIRRORED_POINTS[table.index]]
    paired = partner >= 0
    odd = 0.5 * (moved - moved[partner] * np.array([-1.0, 1.0, 1.0])[:, None])[paired]
    share = np.linalg.norm(odd, axis=(0, 1)) / np.linalg.norm(moved[paired], axis=(0, 1))
    return np.flatnonzero(share > MOST_LOPSIDED)


def full_closure(head: HeadModel) -> float:
    """Activation of eyeBlink at which a head's lids meet, of an open head as it is rendered."""
    if head.head_id in list_heads():
        return FULL
    tried = np.linspace(0.0, MOST_CLOSURE, 41)
    expression = np.zeros((len(tried), head.n_expression))
    for name in LIDS:
        expression[:, head.expression_names.index(name)] = tried
    index = placed_landmarks(head).index.tolist()
    numbers = [*UPPER_LID[0], *LOWER_LID[0]]
    rows = np.array([index.index(number) for number in numbers])
    still = np.zeros((len(tried), 3))
    places = landmark_positions(head, rows, np.zeros(head.n_shape), expression, still)
    upper, lower = places[:, :3, 1].mean(axis=1), places[:, 3:, 1].mean(axis=1)
    apart = upper - lower
    return round(float(np.interp(0.0, -apart, tried)), 2)


def both_fits(
    path: Path, head: HeadModel, *, optical_flow: bool = False, on_progress: OnProgress = ignore
) -> tuple[Session, Session]:
    """The fit of a video and that of its mirror image."""
    settings = usual_settings(optical_flow=optical_flow)
    one, other = (
        analyse_video(
            path,
            head,
            replace(settings, video=VideoSettings(mirrored_pixels=mirrored)),
            on_progress=on_progress,
        ).session
        for mirrored in (False, True)
    )
    return one, other
