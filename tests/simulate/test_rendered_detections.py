"""Simulated faces shown to the landmarker: in parts, by several processes, in any appearance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Appearance, random_appearance
from facedyn_app.landmarks import Landmarker
from facedyn_app.progress import Progress
from facedyn_app.settings import ONE_PICTURE
from facedyn_app.simulate.rendered_detections import (
    RenderedDetections,
    any_appearance,
    detect_population,
    detect_rendered,
    join_detections,
)

SEED = 5


@pytest.fixture(scope="module")
def landmarker() -> Iterator[Landmarker]:
    with Landmarker(ONE_PICTURE) as model:
        yield model


def assert_equal(one: RenderedDetections, other: RenderedDetections) -> None:
    assert one.camera == other.camera
    for column in fields(RenderedDetections):
        if column.name != "camera":
            np.testing.assert_array_equal(
                getattr(one, column.name), getattr(other, column.name), err_msg=column.name
            )


def test_joined_parts_equal_one_run(head: HeadModel, landmarker: Landmarker) -> None:
    def see(first: int, n_faces: int) -> RenderedDetections:
        detect = landmarker.detect_face
        return detect_rendered(head, detect, n_faces=n_faces, n_pictures=2, seed=SEED, first=first)

    whole = see(0, 3)
    assert set(whole.face) == {0, 1, 2}
    assert whole.shape.shape == (len(whole.face), head.n_shape)
    assert_equal(whole, join_detections([see(0, 1), see(1, 2)]))


def test_the_number_of_processes_does_not_matter(head: HeadModel) -> None:
    told: list[Progress] = []
    alone = detect_population(head, n_faces=2, n_pictures=2, seed=SEED)
    shared = detect_population(
        head, n_faces=2, n_pictures=2, seed=SEED, jobs=2, on_progress=told.append
    )
    assert_equal(alone, shared)
    assert [(one.done, one.total) for one in told] == [(1, 2), (2, 2)]


def test_the_appearance_changes_what_is_seen_and_not_what_is_true(
    head: HeadModel, landmarker: Landmarker
) -> None:
    def see(appearance: Appearance) -> RenderedDetections:
        return detect_rendered(
            head,
            landmarker.detect_face,
            n_faces=1,
            n_pictures=2,
            seed=SEED,
            draw_appearance=lambda _: appearance,
        )

    plain = see(Appearance())
    varied = see(replace(random_appearance(np.random.default_rng(1)), texture=1.0))
    for name in ("shape", "expression", "jaw", "rotation", "translation"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(varied, name))
    assert (plain.scores != varied.scores).any()


def test_a_third_of_the_faces_are_plain() -> None:
    drawn = [any_appearance(np.random.default_rng([1, k])) for k in range(300)]
    assert 0.26 < np.mean([one == Appearance() for one in drawn]) < 0.41
