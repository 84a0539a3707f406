"""Quality control on simulated sessions whose faults are known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.dynamics.session_qc import measure_session_qc
from facedyn_app.records import INVALID_REASONS, Session
from tests.sessions import altered, resting_session

FPS = 25.0


def made(times: np.ndarray, *, noise: float = 0.0, seed: int = 0) -> Session:
    """A face that nods slowly, with white noise of a known deviation on everything."""
    n = len(times)
    rng = np.random.default_rng(seed)

    def trembling(width: int) -> np.ndarray:
        return (noise * rng.standard_normal((n, width))).astype(np.float32)

    rotation = trembling(3)
    rotation[:, 0] += 0.2 * np.sin(times)
    return resting_session(
        times,
        expression=trembling(4),
        names=("a", "b", "c", "d"),
        jaw=trembling(3),
        rotation=rotation,
        translation=trembling(3),
        error_px=np.full(n, 2.0, np.float32),
    )


def test_even_times_have_no_faults() -> None:
    found = measure_session_qc(made(np.arange(100) / FPS))
    assert (found.n_frames, found.n_dropped, found.gaps) == (100, 0, ())
    assert found.seconds == pytest.approx(4.0)
    assert found.step_ms == pytest.approx(40.0)
    assert found.invalid == {}
    assert found.n_repeated is None


def test_missing_frames_and_gaps_are_counted() -> None:
    times = np.arange(100) / FPS
    kept = np.delete(times, [10, 20, 21, *range(50, 75)])
    found = measure_session_qc(made(kept))
    assert found.n_dropped == 28
    (gap,) = found.gaps
    assert gap == pytest.approx((49 / FPS, 26 / FPS))


def test_jitter_is_the_deviation_of_the_noise_whatever_the_motion() -> None:
    found = measure_session_qc(made(np.arange(5000) / FPS, noise=0.01)).jitter
    assert found.rotation_deg == pytest.approx(math.degrees(0.01), rel=0.05)
    assert found.jaw_deg == pytest.approx(math.degrees(0.01), rel=0.05)
    assert found.translation_mm == pytest.approx(10.0, rel=0.05)
    assert found.expression == pytest.approx(0.01, rel=0.05)
    still = measure_session_qc(made(np.arange(500) / FPS)).jitter
    assert still.rotation_deg < 0.02


def test_frames_that_are_not_valid_are_counted_by_reason_and_tremble_not() -> None:
    session = made(np.arange(100) / FPS, noise=0.01)
    reason = np.zeros(100, np.uint8)
    reason[:50] = INVALID_REASONS.index("blurred")
    reason[50:60] = INVALID_REASONS.index("no face")
    rotation = session.motion.rotation.copy()
    rotation[:60] = np.nan
    half = altered(session, valid=reason == 0, invalid_reason=reason, rotation=rotation)
    found = measure_session_qc(half)
    assert found.invalid == {"no face": 10, "blurred": 50}
    assert found.jitter.rotation_deg == pytest.approx(math.degrees(0.01), rel=0.3)
    assert measure_session_qc(replace(half, invalid_reason=None)).invalid == {"unknown": 60}
    nothing = altered(half, valid=np.zeros(100, bool))
    assert math.isnan(measure_session_qc(nothing).jitter.rotation_deg)


def test_every_second_has_its_means() -> None:
    session = made(np.arange(100) / FPS)
    valid = np.ones(100, bool)
    valid[25:35] = False
    face_px = session.face_px.copy()
    face_px[75:] = np.nan
    brightness = np.repeat([0.2, 0.4, 0.6, 0.8], 25).astype(np.float32)
    found = measure_session_qc(
        altered(session, valid=valid, face_px=face_px, brightness=brightness)
    )
    each = found.each_second
    assert each.seconds == pytest.approx([0.5, 1.5, 2.5, 3.5])
    assert each.valid_percent == pytest.approx([100.0, 60.0, 100.0, 100.0])
    assert each.error_percent_face[:3] == pytest.approx([1.0, 1.0, 1.0])
    assert math.isnan(each.error_percent_face[3])
    assert each.brightness_percent == pytest.approx([20.0, 40.0, 60.0, 80.0])


def test_repeated_pictures_are_counted() -> None:
    repeated = np.zeros(100, bool)
    repeated[[3, 4, 50]] = True
    assert (
        measure_session_qc(replace(made(np.arange(100) / FPS), repeated=repeated)).n_repeated == 3
    )


def test_one_frame_has_no_step() -> None:
    found = measure_session_qc(made(np.array([0.0])))
    assert math.isnan(found.step_ms)
    assert (found.n_dropped, found.gaps) == (0, ())
    assert math.isnan(found.jitter.jaw_deg)


def test_a_time_stamp_of_another_day_does_not_make_a_day_of_seconds() -> None:
    times = np.append(np.arange(50) / FPS, 1.7e9)
    found = measure_session_qc(made(times))
    assert len(found.each_second.seconds) == 3
    assert len(found.gaps) == 1
