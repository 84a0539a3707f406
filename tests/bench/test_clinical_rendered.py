"""Clinical measures from pixels: a rendered face's palsy, synkinesis and blinks are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.clinical import measure_clinical
from facedyn_app.bench.clinical_floor import side_values
from facedyn_app.bench.clinical_script import (
    Script,
    act,
    mirrored_truth,
    session_of_truth,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.workflows.heads import quiet_drawing


@pytest.mark.slow
def test_what_is_put_in_comes_out_of_pixels(head: HeadModel, tmp_path: Path) -> None:
    quiet_drawing()
    found = measure_clinical(head, head, 2, 1, tmp_path)
    assert found.blink_f1 >= 0.9
    assert np.abs(found.onset_errors).max() < 1.0 / 12.0
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
