"""The prior of facial motion: which actions go together, and what it makes of a measurement."""

import numpy as np
import pytest
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.priors import JAW_CHANNELS, PATTERNS, motion_precision
from facedyn_app.records import FloatArray
from facedyn_app.simulate.population import EXPRESSION_NAMES
from facedyn_app.topology import mirrored_channels

LIKE = torch.zeros(0, dtype=torch.float64)
CHANNELS = (*JAW_CHANNELS, *EXPRESSION_NAMES)


def covariance(settings: FitSettings, *, activations: bool = True) -> FloatArray:
    precision = motion_precision(EXPRESSION_NAMES, settings, activations=activations, like=LIKE)
    return np.linalg.inv(precision.numpy())


def correlation(one: str, other: str, common: float = 0.9) -> float:
    C = covariance(FitSettings(coactivation=common))
    i, j = CHANNELS.index(one), CHANNELS.index(other)
    return float(C[i, j] / np.sqrt(C[i, i] * C[j, j]))


def test_what_usually_moves_far_is_expected_to() -> None:
    settings = FitSettings(expression_sd=0.3, jaw_sd=(0.2, 0.05, 0.03))
    deviation = dict(zip(CHANNELS, np.sqrt(np.diag(covariance(settings))), strict=True))
    assert [deviation[name] for name in JAW_CHANNELS] == pytest.approx([0.2, 0.05, 0.03])
    assert np.mean([deviation[name] for name in EXPRESSION_NAMES]) == pytest.approx(0.3, rel=0.02)
    ratio = deviation["browInnerUp"] / deviation["mouthShrugUpper"]
    # each of the brow's patterns comes on both sides and at half its loading on either
    brow = np.sqrt((0.8**2 + 0.6**2 + 0.35**2) * (1.0 + 2 * 0.5**2))
    assert ratio == pytest.approx(brow / 0.15)


def test_activations_without_known_names_move_alike() -> None:
    settings = FitSettings(expression_sd=0.3)
    precision = motion_precision(("a", "b"), settings, activations=True, like=LIKE).numpy()
    assert 1.0 / np.sqrt(np.diag(precision)[3:]) == pytest.approx([0.3, 0.3])


def test_without_a_common_share_or_names_channels_are_independent() -> None:
    for C in (
        covariance(FitSettings(coactivation=0.0)),
        covariance(FitSettings(), activations=False),
    ):
        assert np.array_equal(C, np.diag(np.diag(C)))


def test_prototypes_go_together() -> None:
    assert correlation("browInnerUp", "eyeWideLeft") > 0.4  # surprise 1+2+5
    assert correlation("jawX", "mouthLowerDownRight") > 0.4  # speech
    assert correlation("mouthSmileLeft", "cheekSquintLeft") > 0.4  # happiness 6+12
    assert correlation("eyeWideLeft", "eyeBlinkLeft") < -0.05  # antagonists
    assert abs(correlation("eyeBlinkLeft", "mouthSmileLeft")) < 0.05


def test_both_sides_are_expected_alike_but_one_side_alone_is_possible() -> None:
    # of a pattern on both sides and 0.5 of it on each: 1 / (1 + 0.25) of the common share
    assert correlation("eyeBlinkLeft", "eyeBlinkRight", 0.9) == pytest.approx(0.9 / 1.25, abs=0.05)


def test_lips_may_pucker_without_a_funnel() -> None:
    """Speech rounds the lips with both, a kiss with the pucker alone.

    Loadings of 0.6 together with the funnel and 0.3 alone, both of the prior's common share.
    """
    expected = 0.9 * 0.6 / np.hypot(0.6, 0.3)
    assert correlation("mouthPucker", "mouthFunnel", 0.9) == pytest.approx(expected)


def test_the_prior_is_its_own_mirror_image() -> None:
    C = covariance(FitSettings())
    place = np.array([0, 1, 2, *(3 + mirrored_channels(EXPRESSION_NAMES))])
    sign = np.array([1, -1, -1, *[1] * len(EXPRESSION_NAMES)])
    mirrored = C[np.ix_(place, place)] * sign[:, None] * sign
    assert mirrored == pytest.approx(C, abs=1e-12)


def test_patterns_name_channels_that_exist() -> None:
    known = {*CHANNELS, *(name.removesuffix("Left") for name in CHANNELS if name.endswith("Left"))}
    assert {name for pattern in PATTERNS for name in pattern} <= known


def test_of_two_explanations_the_usual_combination_is_taken() -> None:
    """A raised brow and a wide eye are seen as one sum: both share it, and what is unrelated less.

    With y = x_brow + x_wide + x_sneer measured exactly, the mean of x is C g / (g C g) y.
    """
    names = ("browInnerUp", "eyeWideLeft", "cheekPuff")
    C = covariance(FitSettings())
    g = np.zeros(len(CHANNELS))
    g[[CHANNELS.index(name) for name in names]] = 1.0
    share = dict(zip(CHANNELS, C @ g / (g @ C @ g), strict=True))
    assert share["browInnerUp"] > 1.3 * share["cheekPuff"]
    assert share["eyeWideLeft"] > 1.3 * share["cheekPuff"]
    assert sum(share[name] for name in names) == pytest.approx(1.0)
