"""Rendered recordings of one head in two sessions, and of a head that has changed between them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.dynamics.drift import DRIFTS, drift_label, measure_drift
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray
from facedyn_app.settings import Settings
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.rendering import SHAPE_SPREAD, make_scene, render_motion
from facedyn_app.simulate.speaker import speaker_shape
from facedyn_app.video import SIMULATED, write_video
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.heads import ready_head

SECONDS, FPS, SEED = 20.0, 25.0, 4711


def filmed(
    head: HeadModel, folder: Path, speaker: int, session: int, looks_like: int
) -> FloatArray:
    """The shapes that are estimated from a session of a speaker with a face like that of one."""
    names = head.expression_names
    motion = simulate_motion(speaker, session, SECONDS, fps=FPS, seed=SEED, names=names)
    shape = SHAPE_SPREAD * speaker_shape(looks_like, head.n_shape, SEED)
    scene = replace(make_scene(head, speaker, session, seed=SEED), shape=shape)
    path = folder / f"{speaker}-{session}-{looks_like}.mp4"
    write_video(path, render_motion(head, motion, scene), FPS, effort=8, comment=SIMULATED)
    return analyse_video(path, head, Settings()).session.shape_chunks


@pytest.mark.slow
@pytest.mark.parametrize("speaker", [0, 1, 2])
def test_a_head_that_changes_is_flagged_and_one_that_does_not_is_not(
    speaker: int, tmp_path: Path
) -> None:
    head, settings = ready_head("open-head-2"), Settings()
    first = filmed(head, tmp_path, speaker, 0, speaker)
    same = filmed(head, tmp_path, speaker, 1, speaker)
    changed = filmed(head, tmp_path, speaker, 1, speaker + 100)
    labels = [
        drift_label(
            measure_drift("made", [("first", first), ("second", second)], np.random.default_rng(0)),
            settings.trust,
        )
        for second in (same, changed)
    ]
    assert labels[0] != DRIFTS
    assert labels[1] == DRIFTS
