"""The focal length of a camera, told by perspective."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.focal import (
    SEEN_SHARE,
    Focal,
    estimate_focal,
    focal_text,
    lowest,
    unfolded,
    with_focal,
)
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from tests.fitting.conftest import WIDTH, make_motion


def test_the_lowest_place_of_a_parabola_and_its_width() -> None:
    places = np.linspace(-0.35, 1.03, 5)
    sd, least = 0.3, places[2] + 0.1
    found = lowest(places, 7.0 + (places - least) ** 2 / (2 * sd**2))
    assert np.log(found.factor) == pytest.approx(least)
    assert found.log_sd == pytest.approx(sd)


@pytest.mark.parametrize("costs", [[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]])
def test_what_falls_towards_an_end_tells_nothing(costs: list[float]) -> None:
    assert lowest(np.linspace(0.0, 3.0, 4), np.array(costs)).log_sd == np.inf


@pytest.mark.parametrize("factor", [0.9, 1.7])
def test_a_turning_head_tells_the_lens(face_head: HeadModel, factor: float) -> None:
    exact = FitSettings(landmark_noise=1e-3, focal_factor=factor, shape_frames=60.0)
    motion = make_motion(face_head, 60, noise_px=0.1, settings=exact)
    fit = fit_session(
        face_head, motion.landmarks, dataclasses.replace(exact, focal_factor=1.2), device="cpu"
    )
    assert fit.focal_log_sd is not None
    assert fit.focal_px == pytest.approx(factor * WIDTH, rel=0.15)


def test_a_lens_that_is_not_told_is_assumed(face_head: HeadModel) -> None:
    settings = FitSettings(landmark_noise=1e-3, most_focal_sd=0.0)
    motion = make_motion(face_head, 20, settings=settings)
    fit = fit_session(face_head, motion.landmarks, settings, device="cpu")
    assert fit.focal_log_sd is None
    assert fit.focal_px == pytest.approx(1.2 * WIDTH)
    fitter = make_fitter(face_head, settings, "cpu")
    assert with_focal(fitter, Focal(2.0, np.inf)) is fitter
    # a head that hardly turns is not even tried
    rest = make_motion(face_head, 20, settings=settings).landmarks.only(np.arange(2))
    assert estimate_focal(fitter, rest).log_sd == np.inf


def test_what_the_landmarker_hides_of_a_lens_is_unfolded() -> None:
    seen = [Focal(1.04, 0.05), Focal(1.163, 0.05), Focal(1.53, 0.05)]
    found = [unfolded(one, has_errors=True) for one in seen]
    assert [one.factor for one in found] == pytest.approx([0.88, 1.2, 2.6], rel=0.02)
    assert {one.log_sd for one in found} == {0.05 / SEEN_SHARE}
    unmeasured = unfolded(seen[2], has_errors=False)
    assert unmeasured == Focal(1.53, 0.05 / SEEN_SHARE)


def test_what_is_assumed_is_said_so() -> None:
    assert focal_text(768.2, None) == "768 px, assumed: the poses do not tell it"
    assert focal_text(768.2, 0.064) == "768 px, +- 6 %"
