"""Verdicts on sessions of known quality."""

import math

import numpy as np

from facedyn_app.dynamics.session_qc import assess_quality, quality_line
from facedyn_app.records import Session
from facedyn_app.settings import TrustSettings
from tests.sessions import altered, resting_session

TRUST = TrustSettings()


def session(
    n: int = 500, n_invalid: int = 0, error_px: float = 1.0, face_px: float = 200.0
) -> Session:
    valid = np.arange(n) >= n_invalid
    columns = np.where(valid[:, None], 0.1, np.nan) * np.ones((n, 3))
    return resting_session(
        np.arange(n) / 25,
        valid=valid,
        expression=columns,
        names=("jawOpen", "smileLeft", "smileRight"),
        jaw=columns,
        rotation=columns,
        translation=columns,
        error_px=np.where(valid, error_px, np.nan),
        face_px=np.where(valid, face_px, np.nan),
    )


def test_a_good_session() -> None:
    quality = assess_quality(session(n_invalid=5), TRUST)
    assert quality.verdict == "good"
    assert quality.reasons == ()
    assert (quality.n_frames, quality.n_valid) == (500, 495)
    assert math.isclose(quality.seconds_valid, 495 / 25)
    assert math.isclose(quality.error_percent_face, 0.5)
    line = "quality: good · 99 % of frames valid · landmark error 0.50 % of face height · "
    assert quality_line(quality) == line + "face 200 px high"


def test_most_frames_missing_is_not_to_be_used() -> None:
    quality = assess_quality(session(n_invalid=285), TRUST)
    assert quality.verdict == "do not use"
    assert quality.reasons[0].startswith("The face could be followed in 43 % of the frames only")


def test_a_share_just_below_the_limit_is_not_shown_as_the_limit() -> None:
    quality = assess_quality(session(n=10_000, n_invalid=1001), TRUST)
    assert quality.verdict == "caution"
    assert "in 89 % of" in quality.reasons[0]


def test_a_small_face_and_a_bad_fit_are_cautions() -> None:
    quality = assess_quality(session(face_px=60.4, error_px=0.7), TRUST)
    assert quality.verdict == "caution"
    assert quality.reasons == (
        "The fitted head misses the landmarks by 1.16 % of the face height; 1 % or less is better.",
        "The face is 60 px high; 100 px or more are better.",
    )


def test_short_recordings() -> None:
    caution = assess_quality(session(n=100), TRUST)
    assert caution.verdict == "caution"
    assert caution.reasons == (
        "The face could be followed for 4.0 s only; 10 s or more are better.",
    )
    assert assess_quality(session(n=50), TRUST).verdict == "do not use"


def test_a_hole_in_the_time_stamps_is_not_time_in_which_the_face_was_seen() -> None:
    whole = session(n=100)
    seconds = np.where(np.arange(100) < 50, whole.motion.seconds, whole.motion.seconds + 60)
    quality = assess_quality(altered(whole, seconds=seconds), TRUST)
    assert 4.0 <= quality.seconds_valid < 4.1


def test_no_face_at_all() -> None:
    quality = assess_quality(session(n_invalid=500), TRUST)
    assert quality.verdict == "do not use"
    assert quality.n_valid == 0
    assert math.isnan(quality.error_percent_face)
    assert quality.reasons == ("No frame shows a face that could be followed.",)
    assert quality_line(quality) == "quality: do not use · 0 % of frames valid"


def test_no_frames_at_all() -> None:
    assert assess_quality(session(n=0), TRUST).verdict == "do not use"
