"""Landmarks placed on first use, kept by the head's hash, and shown in a picture."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.landmark_embedding.embedding import place_landmarks
from facedyn_app.headmodel.landmark_embedding.prepare import prepare_head, read_table, table_file
from facedyn_app.headmodel.landmark_embedding.synthetic_views import (
    STANDARD_VIEWS,
    SyntheticViews,
    view_grid,
    view_placement,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.render import head_to_camera
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.reports.head_pictures import (
    landmark_picture,
    weight_colour,
)
from tests.headmodel.placement_check import compare_placements, places

SHA256 = 64 * "a"


@pytest.fixture
def unplaced(tiny_head: HeadModel) -> HeadModel:
    return replace(tiny_head, landmarks=None, sha256=SHA256)


class Knowing:
    """A landmarker that knows where the points are: it projects places of the mesh."""

    def __init__(self, head: HeadModel, truth: FloatArray, *showings: SyntheticViews) -> None:
        self._head, self._truth = head, truth
        self._shown = [(s, view) for s in showings for view in s.views]
        self.n_pictures = 0

    def __call__(self, _image: ByteArray) -> FloatArray:
        showing, view = self._shown[self.n_pictures % len(self._shown)]
        self.n_pictures += 1
        placed = view_placement(self._head, view, showing.distance)
        return showing.camera.project(head_to_camera(self._truth, *placed))


def front_of(head: HeadModel) -> FloatArray:
    """Places (L, 3) on the front of a head."""
    centres = head.v_template[head.faces].mean(axis=1)
    return np.asarray(centres[centres[:, 2] > 0.06])


def test_landmarks_are_placed_once_and_then_kept(unplaced: HeadModel, tmp_path: Path) -> None:
    truth = front_of(unplaced)
    knowing = Knowing(unplaced, truth, STANDARD_VIEWS)
    reports: list[Progress] = []
    cache = tmp_path / "new" / "cache"
    head = prepare_head(unplaced, knowing, cache, reports.append)
    assert head.landmarks is not None
    n = knowing.n_pictures
    assert n == reports[-1].total == len(reports)
    assert [report.done for report in reports] == list(range(n))
    error = np.linalg.norm(places(head, head.landmarks) - truth[head.landmarks.index], axis=1)
    assert np.median(error) < 1e-3

    again = prepare_head(unplaced, knowing, cache)
    assert knowing.n_pictures == n
    assert again.landmarks is not None
    np.testing.assert_array_equal(again.landmarks.face, head.landmarks.face)
    np.testing.assert_allclose(again.landmarks.weight, head.landmarks.weight, atol=1e-6)
    assert prepare_head(head, knowing, tmp_path / "never") is head
    assert [file.name for file in cache.iterdir()] == [f"landmarks-1-{SHA256}.npz"]


def test_a_cancel_leaves_nothing_behind(unplaced: HeadModel, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 40:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare_head(
            unplaced, Knowing(unplaced, front_of(unplaced), STANDARD_VIEWS), tmp_path, stop
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["text", "cut", "other mesh", "index"])
def test_a_damaged_cache_is_not_used(
    damage: str, unplaced: HeadModel, tiny_head: HeadModel, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = table_file(unplaced, tmp_path)
    assert path is not None
    table = tiny_head.landmarks
    assert table is not None
    index, face = table.index, table.face
    if damage == "other mesh":
        face = face + 10**6
    if damage == "index":
        index = index[::-1]
    np.savez(
        path, landmark_index=index, landmark_face=face,
        landmark_bary=table.bary, landmark_weight=table.weight,
    )  # fmt: skip
    if damage == "text":
        path.write_text("not a table", encoding="ascii")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    with caplog.at_level(logging.WARNING):
        assert read_table(unplaced, tmp_path) is None
    assert str(path) in caplog.text


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    unplaced: HeadModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    knowing = Knowing(unplaced, front_of(unplaced), STANDARD_VIEWS)
    with caplog.at_level(logging.WARNING):
        head = prepare_head(unplaced, knowing, tmp_path / "file")
    assert head.landmarks is not None
    assert "not kept" in caplog.text


def test_two_placements_of_known_points_agree(unplaced: HeadModel) -> None:
    one = replace(STANDARD_VIEWS, views=STANDARD_VIEWS.views[:9], styles=STANDARD_VIEWS.styles[:1])
    other = replace(one, views=view_grid((-8, 8), (-24, -12, 0, 12, 24)), distance=0.9)
    truth = front_of(unplaced)
    knowing = Knowing(unplaced, truth, one, one, one, other, other, other)
    found = compare_placements(unplaced, knowing, view_sets=(one, other))
    assert len(found.index) > 0.9 * len(truth)
    assert found.median < 5e-4

    shift = np.array([0.004, 0.0, 0.0])

    def moved(image: ByteArray) -> FloatArray:
        pixels = Knowing.__call__(knowing, image)
        second = (knowing.n_pictures - 1) % 57 >= 27
        return pixels + second * 0.004 * other.camera.focal_px / other.distance * np.array([1, 0])

    apart = compare_placements(unplaced, moved, view_sets=(one, other))
    assert 0.6 * shift[0] < apart.median < 1.4 * shift[0]


def test_the_picture_shows_good_and_bad_landmarks() -> None:
    head = load_head("open-head-2")
    table = head.landmarks
    assert table is not None
    good = replace(head, landmarks=replace(table, weight=np.ones_like(table.weight)))
    bad = replace(head, landmarks=replace(table, weight=np.zeros_like(table.weight)))
    pictures = [landmark_picture(shown) for shown in (good, bad)]
    assert pictures[0].shape == pictures[1].shape
    height, width = pictures[0].shape[:2]
    assert width > 2.5 * height
    legend = 64
    for picture, weight in zip(pictures, (1.0, 0.0), strict=True):
        colour = np.array(weight_colour(weight))
        dots = (np.abs(picture[:-legend].astype(int) - colour) < 25).all(axis=2)
        per_view = [view.sum() for view in np.array_split(dots, 3, axis=1)]
        assert min(per_view) > 800
    assert weight_colour(0.5) == (220, 190, 30)


def test_a_head_without_landmarks_has_no_picture(unplaced: HeadModel) -> None:
    with pytest.raises(TooLittleError, match="tiny-head"):
        landmark_picture(unplaced)


def test_a_head_without_a_file_is_not_kept(unplaced: HeadModel, tmp_path: Path) -> None:
    made = replace(unplaced, sha256=None)
    head = prepare_head(made, Knowing(made, front_of(made), STANDARD_VIEWS), tmp_path)
    assert head.landmarks is not None
    assert not list(tmp_path.iterdir())


def test_a_head_that_is_never_found_is_refused(unplaced: HeadModel) -> None:
    with pytest.raises(TooLittleError, match="tiny-head"):
        place_landmarks(unplaced, lambda _image: None)
