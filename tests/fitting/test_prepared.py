"""A fitter made ahead is used for the head and the settings it was made of, and for no others."""

from concurrent.futures import Future
from dataclasses import replace

import numpy as np

from facedyn_app.analysis import Prepared
from facedyn_app.fitting.fitter import Fitter, make_fitter
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import FitSettings
from tests.fitting.conftest import make_motion

SETTINGS = FitSettings()


def prepared(head: HeadModel) -> Prepared:
    made: Future[Fitter] = Future()
    made.set_result(make_fitter(head, SETTINGS, "cpu"))
    return Prepared(head, SETTINGS, "cpu", made)


def test_it_is_given_for_what_it_was_made_of_only(face_head: HeadModel) -> None:
    ready = prepared(face_head)
    assert ready.given(face_head, FitSettings(), "cpu") is ready.fitter.result()
    assert ready.given(face_head, replace(SETTINGS, shape_sd=0.5), "cpu") is None
    assert ready.given(face_head, SETTINGS, "auto") is None
    assert ready.given(replace(face_head), SETTINGS, "cpu") is None


def test_it_fits_as_one_made_on_the_spot(face_head: HeadModel) -> None:
    landmarks = make_motion(face_head, 12).landmarks
    fitter = prepared(face_head).given(face_head, SETTINGS, "cpu")
    ahead = fit_session(face_head, landmarks, SETTINGS, device="cpu", fitter=fitter)
    spot = fit_session(face_head, landmarks, SETTINGS, device="cpu")
    np.testing.assert_allclose(ahead.expression, spot.expression, rtol=0, atol=1e-4)
