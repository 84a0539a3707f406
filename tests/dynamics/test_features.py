import dataclasses

import numpy as np
import pytest

from facedyn_app.dynamics.features import (
    columns_by_name,
    feature_names,
    interpolate,
    motion_features,
    resample,
)
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.recognizer.motion_windows import windows
from facedyn_app.records import FloatArray, Session
from facedyn_app.settings import FeatureSettings
from tests.sessions import altered, resting_session

SETTINGS = FeatureSettings()


def make_session(
    expression: FloatArray, fps: float = 25.0, invalid: tuple[int, int] | None = None
) -> Session:
    """A session with the given (T, 2) activations; frames a..b-1 may be invalid."""
    n = len(expression)
    valid = np.ones(n, dtype=bool)
    jaw = np.zeros((n, 3), np.float32)
    expression = expression.astype(np.float32)
    if invalid is not None:
        valid[slice(*invalid)] = False
        expression[~valid] = np.nan
        jaw[~valid] = np.nan
    return resting_session(
        np.arange(n) / fps,
        valid=valid,
        expression=expression,
        names=("smile", "blink"),
        jaw=jaw,
        fps=fps,
    )


def test_a_constant_offset_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    motion = rng.uniform(size=(200, 2))
    plain = motion_features(make_session(motion), SETTINGS)
    shifted = motion_features(make_session(motion + np.array([0.3, -0.2])), SETTINGS)
    np.testing.assert_allclose(plain.values, shifted.values, atol=1e-5)
    np.testing.assert_allclose(plain.values[:, :5].mean(axis=0), 0.0, atol=1e-6)


def test_the_velocity_of_a_ramp_is_its_slope() -> None:
    seconds = np.arange(200) / 25.0
    ramp = np.stack([0.1 * seconds, -0.05 * seconds], axis=1)
    track = motion_features(make_session(ramp), SETTINGS)
    slope = track.values[:, columns_by_name(track.names, ("velocity:smile", "velocity:blink"))]
    np.testing.assert_allclose(slope, np.tile([0.1, -0.05], (len(slope), 1)), atol=1e-4)


def test_names_say_what_the_columns_are() -> None:
    track = motion_features(make_session(np.zeros((100, 2))), SETTINGS)
    assert track.names == feature_names(("smile", "blink"), SETTINGS)
    assert track.names[:3] == ("smile", "blink", "jaw_x")
    assert track.names[5] == "velocity:smile"
    assert columns_by_name(track.names, ("frown",)) is None


def test_a_short_gap_is_bridged_and_a_long_one_ends_the_segment() -> None:
    seconds = np.arange(400) / 25.0
    ramp = np.stack([seconds, seconds], axis=1)
    short = motion_features(make_session(ramp, invalid=(100, 104)), SETTINGS)
    assert short.segments == ((0, 400),)
    np.testing.assert_allclose(np.diff(short.values[:, 0]), 0.04, atol=1e-4)
    long = motion_features(make_session(ramp, invalid=(100, 150)), SETTINGS)
    assert long.segments == ((0, 100), (100, 350))
    assert long.seconds[99] == pytest.approx(99 / 25)
    assert long.seconds[100] == pytest.approx(150 / 25)
    assert np.isfinite(long.values).all()
    np.testing.assert_allclose(long.values[:, 5], 1.0, atol=1e-3)


def test_another_frame_rate_gives_the_same_motion() -> None:
    def wave(fps: float) -> FloatArray:
        t = np.arange(int(8 * fps)) / fps
        return np.stack([np.sin(2 * np.pi * 1.5 * t), np.cos(2 * np.pi * t)], axis=1)

    at_25 = motion_features(make_session(wave(25.0)), SETTINGS).values
    for fps, tolerance in ((30.0, 0.03), (60.0, 0.03), (240.0, 0.02)):
        other = motion_features(make_session(wave(fps), fps), SETTINGS).values
        n = min(len(at_25), len(other))
        np.testing.assert_allclose(other[5 : n - 5, :2], at_25[5 : n - 5, :2], atol=tolerance)


def test_a_fast_source_does_not_fold_down() -> None:
    times = np.arange(2400) / 240.0
    flicker = np.sin(2 * np.pi * 49.0 * times)[:, None]
    grid = np.arange(10, 240) / 25.0
    assert np.abs(interpolate(times, flicker, grid)).max() > 0.9
    assert np.abs(resample(times, flicker, grid, 25.0)).max() < 0.1


def test_frames_minutes_apart_are_no_motion() -> None:
    """They would be interpolated to thirty rows a second, gigabytes of them."""
    session = make_session(np.random.default_rng(0).uniform(size=(100, 2)), fps=1 / 90)
    with pytest.raises(TooLittleError, match="no stretch"):
        motion_features(session, SETTINGS)


def test_nothing_followed_is_said() -> None:
    nowhere = make_session(np.zeros((50, 2)), invalid=(0, 50))
    with pytest.raises(TooLittleError, match="no stretch"):
        motion_features(nowhere, SETTINGS)


def test_windows_never_cross_a_gap() -> None:
    motion = np.random.default_rng(0).uniform(size=(1000, 2))
    track = motion_features(make_session(motion, invalid=(400, 425)), SETTINGS)
    cut, spans = windows(track, 5.0, 2.5)
    assert cut.shape[1:] == (125, 10)
    gap = (399 / 25.0 + 0.041, 425 / 25.0)
    assert all(end <= gap[0] or start >= gap[1] for start, end in spans)
    np.testing.assert_allclose(spans[:, 1] - spans[:, 0], 5.0, atol=1e-6)
    first = track.values[: cut.shape[1]]
    np.testing.assert_array_equal(cut[0], first)


def test_the_last_window_ends_with_the_segment() -> None:
    track = motion_features(make_session(np.zeros((300, 2))), SETTINGS)
    _, spans = windows(track, 10.0, 5.0)
    np.testing.assert_allclose(spans, [[0.0, 10.0], [2.0, 12.0]], atol=1e-6)


def test_a_short_session_is_one_shorter_window() -> None:
    track = motion_features(make_session(np.zeros((150, 2))), SETTINGS)
    cut, spans = windows(track, 10.0, 5.0)
    assert cut.shape == (1, 150, 10)
    np.testing.assert_allclose(spans, [[0.0, 6.0]], atol=1e-6)
    short = motion_features(make_session(np.zeros((40, 2))), SETTINGS)
    with pytest.raises(TooLittleError, match=r"1\.6 s"):
        windows(short, 10.0, 5.0)


def test_the_gaze_comes_in_where_it_is_asked_for() -> None:
    session = make_session(np.zeros((100, 2)))
    gaze = np.zeros((100, 2, 2), np.float32)
    gaze[:, 1, 0] = np.linspace(-0.2, 0.2, 100)
    with_gaze = dataclasses.replace(SETTINGS, gaze=True)
    track = motion_features(altered(session, gaze=gaze), with_gaze)
    assert track.names == feature_names(("smile", "blink"), with_gaze)
    column = track.names.index("right_eye_yaw")
    assert track.values[:, column] == pytest.approx(np.linspace(-0.2, 0.2, 100), abs=1e-6)
    assert track.values[:, track.names.index("velocity:right_eye_yaw")] == pytest.approx(
        0.4 / 99 * 25, rel=1e-4
    )
    with pytest.raises(MismatchError, match="has no gaze"):
        motion_features(session, with_gaze)
