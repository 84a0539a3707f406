"""How far a face moves, on motion whose span is known."""

import numpy as np
import pytest

from facedyn_app.dynamics.motion_range import channel_pairs, measure_motion_range
from facedyn_app.records import Session
from tests.sessions import altered, resting_session

N = 1001


def made() -> Session:
    """Channels that run evenly from 0 to 0.8, 0.4 and 1; the jaw opens by 20 degrees."""
    ramp = np.linspace(0.0, 1.0, N)
    jaw = np.zeros((N, 3), np.float32)
    jaw[:, 0] = np.radians(20.0) * ramp
    return resting_session(
        np.arange(N) / 25.0,
        expression=np.outer(ramp, [0.8, 0.4, 1.0]).astype(np.float32),
        names=("smileLeft", "smileRight", "jawOpen"),
        jaw=jaw,
    )


def test_spans_are_those_of_the_middle_of_the_frames() -> None:
    found = measure_motion_range(made())
    assert found.jaw_deg == pytest.approx(18.0, abs=0.05)
    assert found.expression == pytest.approx([0.72, 0.36, 0.9], abs=0.005)
    assert found.asymmetry("smile") == pytest.approx(1.0 / 3.0, abs=0.01)


def test_a_slip_in_few_frames_and_frames_that_are_not_valid_do_not_count() -> None:
    session = made()
    expression, valid = session.motion.expression.copy(), session.motion.valid.copy()
    expression[:10] = 5.0
    valid[500:] = False
    expression[500:] = np.nan
    found = measure_motion_range(altered(session, expression=expression, valid=valid))
    assert found.expression[2] == pytest.approx(0.45, abs=0.02)


def test_nothing_valid_has_no_span_and_a_face_at_rest_no_asymmetry() -> None:
    session = made()
    assert np.isnan(
        measure_motion_range(altered(session, valid=np.zeros(N, bool))).expression
    ).all()
    rest = measure_motion_range(
        altered(session, expression=np.zeros_like(session.motion.expression))
    )
    assert np.isnan(rest.asymmetry("smile"))


def test_pairs_are_found_by_their_names() -> None:
    names = ("eyeBlinkLeft", "eyeBlinkRight", "jawLeft", "jawOpen", "mouthRight")
    assert channel_pairs(names) == ("eyeBlink",)
