"""Copies of a take are told from other takes by their motion, simulated as slow noise."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.dynamics.same_take import (
    MOST_CHANNELS,
    RATE,
    SAME_TAKE,
    SIGNATURE,
    nearest_takes,
    take_match,
    take_signature,
    take_tracks,
)
from facedyn_app.records import FloatArray, Session
from tests.sessions import resting_session

NAMES = tuple(f"channel {k}" for k in range(12))


def performance(seed: int, seconds: float = 20.0) -> FloatArray:
    """(N, 12) motion of a take, 120 samples a second, no faster than 3 Hz."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 120)
    spectrum = np.fft.rfft(rng.normal(size=(n, len(NAMES))), axis=0)
    spectrum[np.fft.rfftfreq(n, 1 / 120) > 3.0] = 0.0
    values = np.fft.irfft(spectrum, n, axis=0)
    return np.asarray(0.2 * values / values.std(axis=0))


def measured(
    motion: FloatArray, *, fps: float = 30.0, start: float = 0.0, noise: float = 0.0, seed: int = 99
) -> Session:
    """A session as a camera of some rate would give it from some moment on."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(start, len(motion) / 120, 1 / fps)
    values = motion[np.minimum((seconds * 120).astype(int), len(motion) - 1)]
    values = values + noise * rng.normal(size=values.shape)
    return resting_session(
        seconds - start, names=NAMES, expression=values.astype(np.float32), head_id="h"
    )


@pytest.mark.parametrize("fps", [15.0, 25.0, 30.0, 60.0])
@pytest.mark.parametrize("start", [0.0, 1.3])
def test_a_copy_is_the_same_take_at_its_lag(fps: float, start: float) -> None:
    motion = performance(1)
    copy = measured(motion, fps=fps, start=start, noise=0.1)
    match = take_match(take_tracks(copy), take_tracks(measured(motion)))
    assert match.same
    assert match.lag_seconds == pytest.approx(start, abs=1.0 / RATE)


def test_another_take_is_not_the_same() -> None:
    found = [
        take_match(
            take_tracks(measured(performance(k))), take_tracks(measured(performance(k + 50)))
        ).correlation
        for k in range(10)
    ]
    assert max(found) < SAME_TAKE / 2


def test_halves_of_a_recording_are_two_takes() -> None:
    motion = performance(2, 40.0)
    first, second = measured(motion[:2400]), measured(motion[2400:])
    assert not take_match(take_tracks(first), take_tracks(second)).same


def test_one_jump_in_each_makes_no_take() -> None:
    """A jump of the measurement outweighs all motion and stands in both."""
    first, second = performance(3), performance(4)
    first[1200:1230] += 20.0
    second[700:730] += 20.0
    assert not take_match(take_tracks(measured(first)), take_tracks(measured(second))).same


def test_frames_without_a_face_are_left_out() -> None:
    motion = performance(5)
    session = measured(motion, noise=0.05)
    session.motion.valid[100:200] = False
    session.motion.expression[100:200] = np.nan
    assert take_match(take_tracks(session), take_tracks(measured(motion))).same


def test_what_is_short_other_or_still_cannot_be_told() -> None:
    tracks = take_tracks(measured(performance(6)))
    short = take_tracks(measured(performance(6)[:240]))
    still = take_tracks(measured(np.zeros((2400, len(NAMES)))))
    nothing = measured(performance(6))
    nothing.motion.valid[:] = False
    others = take_tracks(resting_session(np.arange(300) / 30.0, names=("a", "b")))
    for other in (short, still, take_tracks(nothing), others):
        assert take_match(tracks, other).correlation == 0.0


def test_what_a_file_states_bounds_no_memory() -> None:
    """Two frames 300 years apart, of a head with thousands of channels."""
    names = tuple(str(k) for k in range(5000))
    session = resting_session(
        np.array([0.0, 0.1, 1700.0, 1e10]), names=names, expression=np.ones((4, 5000), np.float32)
    )
    tracks = take_tracks(session)
    assert tracks.values.shape == (round(1700 * RATE) + 1, MOST_CHANNELS + 3)
    assert tracks.there.sum() == 3


def test_the_correlation_is_that_of_a_slow_twin() -> None:
    """At the best lag: the sums of the docstring, moment by moment and channel by channel."""
    a = take_tracks(measured(performance(7), noise=0.1))
    b = take_tracks(measured(performance(7), start=2.0, noise=0.1, seed=5))
    match = take_match(a, b)
    lag = round(match.lag_seconds * RATE)
    sd = [np.sqrt((t.values**2).sum(axis=0) / t.there.sum()) for t in (a, b)]
    weight = np.where(np.minimum(*sd) > 0, 1 / np.sqrt(np.maximum(sd[0] * sd[1], 1e-12)), 0.0)
    product = own_a = own_b = 0.0
    for t in range(len(a.values)):
        if 0 <= t + lag < len(b.values) and a.there[t] and b.there[t + lag]:
            product += float(weight @ (a.values[t] * b.values[t + lag]))
            own_a += float(weight @ a.values[t] ** 2)
            own_b += float(weight @ b.values[t + lag] ** 2)
    assert match.correlation == pytest.approx(product / np.sqrt(own_a * own_b), abs=1e-6)
    assert lag == round(-2.0 * RATE)


def test_the_signature_finds_the_copy_among_many() -> None:
    takes = [take_tracks(measured(performance(k, 10.0 + k % 7))) for k in range(60)]
    signatures = [take_signature(tracks) for tracks in takes]
    assert all(one.shape[1] == SIGNATURE and np.abs(one).max() <= 1.0 for one in signatures)
    copy = take_signature(take_tracks(measured(performance(17, 13.0), fps=15.0, noise=0.1)))
    assert nearest_takes(copy, signatures, 3)[0] == 17
    unknown = take_signature(take_tracks(measured(performance(500))))
    assert 17 not in nearest_takes(unknown, signatures, 1)
    assert nearest_takes(copy, [], 3) == ()
