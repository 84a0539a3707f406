"""The skin that was left out: its halves, and a person's clip in which the head comes nearer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from facedyn_app.bench.skin import half, measure_skin
from facedyn_app.fitting.surface_points import surface_points
from facedyn_app.headmodel.model import HeadModel


def test_the_halves_are_the_whole_and_nothing_twice(head: HeadModel) -> None:
    points = surface_points(head, torch.zeros(head.n_shape))
    first, second = (half(points, second=which).area for which in (False, True))
    assert not (first * second).any()
    assert torch.equal(first + second, 2.0 * points.area)
    assert 0.8 < float(first.sum() / second.sum()) < 1.25


def test_skin_that_was_left_out_stays_nearer_to_itself(head: HeadModel, shared: Path) -> None:
    found = measure_skin(head, shared / "data" / "videos" / "pyfeat_single_face.mp4")
    assert found.video == "pyfeat_single_face.mp4"
    assert 60 < found.n_compared <= 72
    assert found.variance_ratio == pytest.approx((found.skin / found.landmarks) ** 2)
    assert 0.4 < found.variance_ratio < 1.0
