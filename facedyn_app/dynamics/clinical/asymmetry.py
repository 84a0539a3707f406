"""Left against right: difference and ratio with intervals, the program's own bias taken off.

What the program measures of the left side less that of the right is d = D + b, with D the face's
own difference and b the program's. Of the mirror image of the same recording it measures, left and
right named as in that picture, d' = -D + b. So b = (d + d') / 2 and D = (d - d') / 2. Where there
is no fit of the mirror image, b is taken from a file of what it was in recordings that had one.
Half of b is in each side, with opposite signs: it is taken off them, and their intervals hold half
of its uncertainty, so that the sides, their difference and their ratio agree with each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import norm

from facedyn_app.assets import model_file
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.how_fitted import LANDMARKS, SKIN
from facedyn_app.dynamics.clinical.light import light_kind, light_ratio
from facedyn_app.records import FloatArray, Session

FLOOR_FILE = "clinical_floor.json"
FLOOR_FORMAT, FLOOR_VERSION = "facedyn-clinical-floor", 3
NOT_TOLD = "no difference that can be told"


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the interval that is to hold it; NaN where it is not known."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of its width."""
        return 0.5 * (self.high - self.low)

    def scaled(self, factor: float) -> Interval:
        """The interval of a multiple."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Interval(factor * self.value, low, high)


UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Floor:
    """The program's own left-right difference of one measure, b over the size of what is measured.

    Attributes:
        bias: Its mean over recordings.
        sd: Standard deviation between recordings of what is left of a difference that is not the
            face's, once that mean is taken off.
        residual: The same once this recording's own b is taken off, by its mirror image.
        own: Whether bias and sd are of recordings without a b of their own: their landmarks are the
            mean with those of the mirrored pictures.
    """

    bias: float
    sd: float
    residual: float
    own: bool = False


N_COMPARED = 10
"""Measures of a recording whose sides are compared: so many times smaller is the chance that each
of them is called different (Bonferroni), so that it holds for all of them together."""
LEAST_SIZE = {"": 0.02}
"""Size below which a difference no longer shrinks with what is measured: 1 mm, or this ratio."""


def size_of(left: float, right: float, unit: str) -> float:
    """What a bias is a share of: `sqrt(m^2 + m0^2)` of the mean m of both sides, m0 = 1 mm."""
    return float(np.hypot(0.5 * (left + right), LEAST_SIZE.get(unit, 1.0)))


Floors = Mapping[str, Mapping[str, Floor]]
"""By statistic and measure."""


@cache
def measured_floors() -> Mapping[str, Mapping[str, Floors]]:
    """The floors that come with the program (`bench clinical --floor`).

    By what is fitted (`how_fitted`) and how the face is lit (`light.light_kind`).

    Raises:
        InputError: The file is missing, or has other bytes than it should.
        ValueError: It is of another format.
    """
    content = json.loads(model_file(FLOOR_FILE).read_text(encoding="utf-8"))
    if content.get("format") != FLOOR_FORMAT or content.get("version") != FLOOR_VERSION:
        raise ValueError(f"'{FLOOR_FILE}' has an unknown format")
    return {
        fitted_to: {
            light: {
                statistic: {name: Floor(**values) for name, values in measures.items()}
                for statistic, measures in floors.items()
            }
            for light, floors in of_lights.items()
        }
        for fitted_to, of_lights in content["floors"].items()
    }


def floors_of(session: Session) -> Floors:
    """The floors of a session; of other recordings where it needs them.

    Raises:
        InputError: As `measured_floors`.
    """
    of_lights = measured_floors()[SKIN if session.optical_flow else LANDMARKS]
    floors = of_lights[light_kind(light_ratio(session))]
    if not session.mirrored_mean:
        return floors
    return {
        statistic: {name: Floor(0.0, one.residual, one.residual, True) for name, one in of.items()}
        for statistic, of in floors.items()
    }


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Left against right of one measure.

    Attributes:
        left: Of the left side, its half of the program's own difference taken off.
        right: Of the right side, likewise.
        difference: Left less right, the program's own taken off.
        ratio: Left over right, the same taken off; NaN where no difference can be told.
        bias: What was taken off the difference.
        floor: Size below which a difference is the program's.
        told: Whether the difference can be told: beyond the floor, its interval without 0.
        mirrored: Whether the bias is that of this recording, by the fit of its mirror image or in
            its landmarks.
    """

    left: Interval
    right: Interval
    difference: Interval
    ratio: Interval
    bias: float
    floor: float
    told: bool
    mirrored: bool


def compare_sides(
    draws: FloatArray,
    mirrored: FloatArray | None,
    floor: Floor,
    unit: str,
    settings: ClinicalSettings,
) -> Asymmetry:
    """Compare the sides of one measure.

    Args:
        draws: (1 + B, 2) left and right: the value, then its bootstrap draws.
        mirrored: (1 + B, 2) of the fit of the mirror image, left and right as in that picture, of
            the same frames; None where there is none.
        floor: The program's own difference.
        unit: Of the measure.
        settings: Coverage of the intervals.
    """
    size = size_of(float(draws[0, 0]), float(draws[0, 1]), unit)
    if mirrored is None:
        bias, spread = floor.bias * size, floor.sd * size
        sides = draws - 0.5 * bias * np.array([1.0, -1.0])
    else:
        bias = float(0.5 * (draws[0, 0] - draws[0, 1] + mirrored[0, 0] - mirrored[0, 1]))
        spread = floor.residual * size
        sides = 0.5 * (draws + mirrored[:, ::-1])
    z = float(norm.ppf(0.5 + 0.5 * settings.confidence))
    left, right = (
        _widened(interval_of(sides[:, side], settings), 0.5 * z * spread) for side in (0, 1)
    )
    difference = _widened(interval_of(sides[:, 0] - sides[:, 1], settings), z * spread)
    least = spread * floor_factor(settings)
    beyond = difference.low > 0.0 or difference.high < 0.0
    told = bool(beyond and abs(difference.value) > least)
    return Asymmetry(
        left, right, difference, _ratio(sides, difference, told), bias, least, told,
        mirrored is not None or floor.own,
    )  # fmt: skip


def floor_factor(settings: ClinicalSettings) -> float:
    """How many standard deviations of the program's own difference its floor is."""
    return float(norm.ppf(1.0 - 0.5 * (1.0 - settings.confidence) / N_COMPARED))


def _ratio(draws: FloatArray, difference: Interval, told: bool) -> Interval:
    """`(m + D / 2) / (m - D / 2)` with the mean m of both sides."""
    mean = float(draws[0].mean())
    halves = [0.5 * value for value in (difference.value, difference.low, difference.high)]
    if not told or mean <= 0.0:
        return UNKNOWN
    value, low, high = (
        (mean + half) / (mean - half) if abs(half) < mean else (np.inf if half > 0 else 0.0)
        for half in halves
    )
    return Interval(float(value), float(low), float(high))


def interval_of(draws: FloatArray, settings: ClinicalSettings) -> Interval:
    """The first of (1 + B,) numbers with the percentile interval of the others.

    Efron and Tibshirani, An introduction to the bootstrap (1993), chapter 13; the value itself is
    always within.
    """
    value = float(draws[0])
    known = draws[1:][np.isfinite(draws[1:])]
    if not np.isfinite(value) or not len(known):
        return Interval(value, float("nan"), float("nan"))
    tail = 0.5 * (1.0 - settings.confidence)
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Interval(value, float(min(low, value)), float(max(high, value)))


def _widened(interval: Interval, by: float) -> Interval:
    """With another, independent half width."""
    low = interval.value - float(np.hypot(interval.value - interval.low, by))
    return Interval(
        interval.value, low, interval.value + float(np.hypot(interval.high - interval.value, by))
    )


def block_draws(n_frames: int, block: int, n_draws: int, rng: np.random.Generator) -> FloatArray:
    """(B, T) frame numbers of a moving-block bootstrap.

    Kuensch, The jackknife and the bootstrap for general stationary observations, Ann. Stat. 17
    (1989): blocks of consecutive frames, drawn with repetition, keep what neighbours share.

    Args:
        n_frames: T.
        block: Frames of a block; at most a third of all are taken.
        n_draws: B.
        rng: Source of randomness.
    """
    length = max(1, min(block, n_frames // 3))
    n_blocks = -(-n_frames // length)
    starts = rng.integers(0, n_frames - length + 1, (n_draws, n_blocks, 1))
    return np.asarray((starts + np.arange(length)).reshape(n_draws, -1)[:, :n_frames])
