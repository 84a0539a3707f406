"""The ceiling of a face's movement: what is kept, what gives way, and the liveliest speakers."""

import numpy as np
import pytest

from facedyn_app.simulate.ceiling import MOST_LOWER, MOST_UPPER, UPPER, below_ceiling, give_way
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.signals import near_ceiling


def test_small_values_are_kept_and_large_ones_come_near_the_ceiling() -> None:
    values = np.array([0.0, 1.0, 2.0, 4.0, 400.0])
    expected = [0.0, 1.0 / (1.0 + 1 / 256) ** 0.25, 2.0 / (17 / 16) ** 0.25, 4.0 / 2**0.25, 4.0]
    np.testing.assert_allclose(near_ceiling(values, 4.0), expected, rtol=1e-8)


def test_the_weak_give_way_to_the_strong() -> None:
    values = np.array([[0.9, 0.5, 0.1], [0.4, 0.4, 0.4], [0.2, 0.0, 0.0], [0.0, 0.0, 0.0]])
    left = give_way(values, np.array([1.0, 0.6, 0.2, 0.0]))
    np.testing.assert_allclose(
        left, [[0.7, 0.3, 0.0], [0.2, 0.2, 0.2], [0.2, 0.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-12
    )


def test_the_parts_of_the_face_have_ceilings_of_their_own() -> None:
    lips = [f"mouth{k}" for k in range(12)]
    face = {name: np.array([0.02, 0.9]) for name in lips} | {"browInnerUp": np.array([0.3, 0.3])}
    left = below_ceiling(face)
    assert list(left) == ["browInnerUp", *lips]
    assert left["browInnerUp"] == pytest.approx(0.3, abs=1e-3)
    assert left["mouth0"][0] == pytest.approx(0.02, abs=1e-5)
    assert 0.9 * MOST_LOWER < sum(left[name][1] for name in lips) < MOST_LOWER


def test_the_liveliest_speakers_move_no_more_than_a_face_can() -> None:
    sums, moving = [], []
    for speaker in range(30):
        motion = simulate_motion(speaker, 0, 10.0, seed=3).motion
        upper = [k for k, name in enumerate(motion.names) if name.startswith(UPPER)]
        sums.append(motion.expression[:, upper].sum(axis=1).max())
        moving.append(int((motion.expression.std(axis=0) >= 0.15).sum()))
    blinks_squint_and_frown = 1.0  # they come after
    assert max(sums) < MOST_UPPER + blinks_squint_and_frown
    assert max(moving) <= 28
    assert np.median(moving) >= 10
