"""Actions of the mouth that are combinations of the sculptor's own."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray
from open_head.actions import LEFT, as_commonly_meant


@pytest.fixture(scope="module")
def as_sculpted() -> HeadModel:
    return load_head("open-head-1")


@pytest.fixture(scope="module")
def as_meant() -> HeadModel:
    return load_head("open-head-2")


def test_each_side_is_a_sum_of_the_actions_of_its_own_side(as_sculpted: HeadModel) -> None:
    numbers = np.eye(as_sculpted.n_expression).reshape(as_sculpted.n_expression, -1, 1)
    actions = dict(zip(as_sculpted.expression_names, numbers, strict=True))
    made = as_commonly_meant(actions)
    row = as_sculpted.expression_names.index
    assert made["mouthUpperUpRight"][row("mouthUpperUpRight")] == 1.18
    assert made["mouthUpperUpRight"][row("mouthFrownRight")] == -0.21
    assert made["mouthUpperUpRight"].sum() == pytest.approx(1.18 + 0.24 - 0.21)
    assert made["mouthRight"][row("mouthFrownLeft")] == -0.49
    assert made["mouthRight"][row("mouthLeft")] == -0.29
    assert made["mouthFunnel"][row("mouthPressRight")] == made["mouthFunnel"][row("mouthPressLeft")]
    changed = {name for name in actions if not np.array_equal(made[name], actions[name])}
    assert changed == {*LEFT, "mouthRight", "mouthSmileRight", "mouthUpperUpRight"}


def test_the_head_moves_as_its_forerunner_can(as_sculpted: HeadModel, as_meant: HeadModel) -> None:
    assert as_meant.expression_names == as_sculpted.expression_names
    for same in ("v_template", "faces", "shapedirs", "posedirs", "J_regressor", "weights"):
        assert np.array_equal(getattr(as_meant, same), getattr(as_sculpted, same)), same
    sculpted = np.moveaxis(as_sculpted.exprdirs.astype(np.float64), 2, 0)
    made = as_commonly_meant(dict(zip(as_sculpted.expression_names, sculpted, strict=True)))
    wanted = np.stack([made[name] for name in as_meant.expression_names], axis=2)
    assert np.abs(as_meant.exprdirs - wanted).max() < 1e-7


def test_lips_open_to_a_funnel_and_go_to_the_side(
    as_sculpted: HeadModel, as_meant: HeadModel
) -> None:
    """Landmarks 13 and 14 are the middle of the lips' inner edge, 61 and 291 the corners."""

    def moved(one: HeadModel, name: str, number: int) -> FloatArray:
        rows = np.flatnonzero(placed_landmarks(one).index == number)
        expression = np.zeros((2, one.n_expression))
        expression[1, one.expression_names.index(name)] = 1.0
        before, after = landmark_positions(
            one, rows, np.zeros(one.n_shape), expression, np.zeros((2, 3))
        )
        return np.asarray(after[0] - before[0])

    for one, least in ((as_sculpted, 0.0), (as_meant, 0.004)):
        opening = moved(one, "mouthFunnel", 13)[1] - moved(one, "mouthFunnel", 14)[1]
        assert opening > least
    aside = [
        sum(moved(one, "mouthLeft", n)[0] for n in (61, 291)) for one in (as_sculpted, as_meant)
    ]
    assert aside[1] > 1.3 * aside[0] > 0
