"""A video and its mirror image: what is exact by construction, and a real clip once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.mirror import check_sides, measure_mirror, mirrored_motion, motion
from facedyn_app.errors import InputError, MismatchError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import HeadFit
from tests.sessions import altered, resting_fit


def _fit(head: HeadModel) -> HeadFit:
    rng = np.random.default_rng(0)
    n = 4
    return resting_fit(
        head,
        np.arange(n) / 25,
        expression=rng.uniform(size=(n, head.n_expression)),
        jaw=rng.normal(size=(n, 3)),
    )


def test_motion_changes_sides(head: HeadModel) -> None:
    fit = _fit(head)
    names, n = head.expression_names, head.n_expression
    mirrored = mirrored_motion(head, fit)
    left, right = names.index("eyeBlinkLeft"), names.index("eyeBlinkRight")
    np.testing.assert_array_equal(mirrored[:, left], fit.motion.expression[:, right])
    np.testing.assert_array_equal(mirrored[:, n:], fit.motion.jaw * [1, -1, -1])
    back = altered(fit, expression=mirrored[:, :n], jaw=mirrored[:, n:])
    np.testing.assert_array_equal(mirrored_motion(head, back), motion(fit))


def test_sides_are_told_by_names(head: HeadModel) -> None:
    check_sides(head)
    numbered = tuple(f"expression_{k:03d}" for k in range(head.n_expression))
    with pytest.raises(MismatchError, match="not named by sides"):
        check_sides(replace(head, expression_names=numbered))
    alone = ("eyeBlinkLeft", *numbered[1:])
    with pytest.raises(MismatchError, match="'eyeBlinkLeft' has no counterpart"):
        check_sides(replace(head, expression_names=alone))


def test_a_real_clip(head: HeadModel, shared: Path, tmp_path: Path) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    found = measure_mirror(head, video, tmp_path)
    assert found.n_frames == 72
    assert found.n_compared > 65
    versions = {"video", "plain", "mirrored", "by hand", "plain, mean", "mirrored, mean"}
    assert set(found.invalid) == versions
    assert found.encoding.median_percent is not None
    assert found.fit.median_percent is not None
    assert found.encoding.median_percent < 10
    assert 0 < found.fit.median_percent < 60
    assert found.scores.n_channels > 5
    assert found.by_hand.n_channels > 5
    assert found.scores.median_percent is not None
    assert found.mean_scores.median_percent is not None
    assert found.mean_scores.median_percent < found.scores.median_percent / 2
    assert found.mean_fit.n_channels > 5
    made = sorted(path.name for path in tmp_path.iterdir())
    assert [name.split("-")[1] for name in made] == ["mirrored", "plain"]


def test_the_same_one_of_several_faces_is_compared(
    head: HeadModel, several_faces: Path, tmp_path: Path
) -> None:
    found = measure_mirror(head, several_faces, tmp_path)
    assert found.n_compared > 30
    assert found.encoding.r is not None
    assert found.encoding.r > 0.8
    assert found.scores.r is not None
    assert found.scores.r > 0.5


def test_no_video(head: HeadModel, tmp_path: Path) -> None:
    video = tmp_path / "film.mp4"
    video.write_text("no film", encoding="utf-8")
    with pytest.raises(InputError, match=r"film\.mp4"):
        measure_mirror(head, video, tmp_path)
