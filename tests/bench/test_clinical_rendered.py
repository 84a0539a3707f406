"""Clinical measures from pixels: a rendered face's palsy, synkinesis and blinks are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.clinical import measure_clinical
from facedyn_app.bench.clinical_floor import floors_by_light, measure_floors, side_values
from facedyn_app.bench.clinical_rendered import (
    SYMMETRIC_SHAPES,
    full_closure,
    lopsided_shapes,
)
from facedyn_app.bench.clinical_script import (
    FULL,
    Script,
    ScriptedBlink,
    act,
    mirrored_truth,
    session_of_truth,
)
from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Session
from facedyn_app.workflows.heads import quiet_drawing


@pytest.mark.slow
def test_what_is_put_in_comes_out_of_pixels(head: HeadModel, tmp_path: Path) -> None:
    quiet_drawing()
    found = measure_clinical(head, head, 2, 1, tmp_path)
    for blinks in found.blinks:
        assert blinks.f1 >= 0.9
        assert np.abs(blinks.onset_errors).max() < 1.0 / blinks.fps
    true, measured = found.weakness.T
    assert (np.diff(measured) > 0.0).all()
    assert np.abs(measured - true).max() < 0.15
    closure = {
        amount: found.synkinesis[found.synkinesis[:, 0] == amount, 1].mean()
        for amount in (0.0, 0.1, 0.3)
    }
    assert closure[0.0] < closure[0.1] < closure[0.3]


def test_the_programs_own_difference_of_a_true_session_is_the_tables(head: HeadModel) -> None:
    simulated = act(Script(tasks=("smile",)), head.expression_names, 20.0, np.random.default_rng(0))
    true = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
    values = side_values(head, true, mirrored_truth(true))
    left, right, other_left, other_right = values["range", "commissure_excursion"]
    # the same activation on both sides: nothing but the landmark table tells them apart
    assert left == pytest.approx(other_left)
    assert right == pytest.approx(other_right)
    assert left == pytest.approx(right, rel=0.02)


def test_the_floor_is_that_of_the_faces_that_leave_most(head: HeadModel) -> None:
    def pair(palsy: float) -> tuple[Session, Session]:
        script = Script(tasks=("smile",), palsy=palsy)
        simulated = act(script, head.expression_names, 20.0, np.random.default_rng(0))
        true = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
        return true, mirrored_truth(true)

    alike, lopsided = [pair(0.0)] * 2, [pair(0.3)] * 2
    least, most = (
        measure_floors(head, alike, of)["range"]["commissure_excursion"]
        for of in ([alike, alike], [alike, lopsided])
    )
    assert least["residual"] < 0.02
    # of the mean of 1 and 0.7 the difference is 0.35
    assert most["residual"] == pytest.approx(0.35, abs=0.03)
    assert most["sd"] == pytest.approx(most["residual"], abs=1e-4)


def test_each_kind_of_light_has_the_floor_of_its_own_faces(head: HeadModel) -> None:
    def pair(palsy: float, light: float) -> tuple[Session, Session]:
        script = Script(tasks=("smile",), palsy=palsy)
        simulated = act(script, head.expression_names, 20.0, np.random.default_rng(0))
        true = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
        ratio = np.full(len(true.motion.seconds), light, np.float32)
        true = replace(true, light_ratio=ratio)
        return true, mirrored_truth(true)

    faces = [pair(0.0, 1.1), pair(0.0, 0.9), pair(0.3, 1.5), pair(0.3, 0.6)]
    found = floors_by_light(head, faces, [faces])
    residual = {k: of["range"]["commissure_excursion"]["residual"] for k, of in found.items()}
    assert residual["even"] < 0.02
    assert residual["one side"] == pytest.approx(0.35, abs=0.03)
    # half of all faces are off by as much
    assert residual["not known"] == pytest.approx(0.35 / np.sqrt(2.0), abs=0.03)
    with pytest.raises(TooLittleError, match="light is 'one side'"):
        floors_by_light(head, faces, [faces, faces[:2]])


def test_a_blink_shuts_the_lids_of_any_head(head: HeadModel) -> None:
    other = replace(head, head_id="another", exprdirs=0.8 * np.asarray(head.exprdirs))
    full = full_closure(other)
    assert full_closure(head) == FULL
    assert FULL < full < 1.2
    assert full == pytest.approx(full_closure(replace(head, head_id="same")) / 0.8, abs=0.03)
    simulated = act(
        Script((ScriptedBlink(0.5),), seconds=2.0),
        other.expression_names,
        50.0,
        np.random.default_rng(0),
        full,
    )
    blinks = simulated.motion.expression[:, other.expression_names.index("eyeBlinkLeft")]
    assert blinks.max() == pytest.approx(full, abs=0.02)


def test_shapes_that_are_lopsided_are_known(head: HeadModel) -> None:
    assert not (lopsided_shapes(head) < SYMMETRIC_SHAPES).any()
    crooked = np.array(head.shapedirs, np.float64)
    # to one side all over: its mirror image goes to the other
    crooked[:, :, 3] = np.array([0.002, 0.0, 0.0])
    assert 3 in lopsided_shapes(replace(head, shapedirs=crooked))
