"""Change of a person's measures from one session to another, and what of it can be told.

The standard error of measurement comes from halves of sessions: the halves' difference e_i varies
by twice a half's variance, and a whole session by half of a half's, so that

    SEM = sqrt(mean(e_i^2)) / 2,   smallest change told = z sqrt(2) SEM

(Bland and Altman, Measurement error, BMJ 313, 1996; Weir, J. Strength Cond. Res. 19, 2005). What
differs between days, light and seat, is not in it: the true one is larger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import Interval
from facedyn_app.dynamics.clinical.measures import BY_NAME, SIDES
from facedyn_app.dynamics.clinical.session import STATISTICS, ClinicalMeasures


@dataclass(frozen=True, slots=True)
class Change:
    """One measure in two sessions.

    Attributes:
        measure: Its name, or "blink_rate".
        statistic: "rest" or "range"; "rate" of blinks.
        side: "left", "right", or empty for what has no sides.
        unit: Of the values.
        first: In the earlier session.
        second: In the later one.
        change: Second less first.
        smallest: Smallest change that can be told; NaN where the halves do not tell it.
        told: Whether this one can.
    """

    measure: str
    statistic: str
    side: str
    unit: str
    first: Interval
    second: Interval
    change: Interval
    smallest: float
    told: bool


def measure_change(
    first: ClinicalMeasures,
    second: ClinicalMeasures,
    all_sessions: Sequence[ClinicalMeasures],
    settings: ClinicalSettings,
) -> tuple[Change, ...]:
    """What changed from one session to another.

    Args:
        first: The earlier session.
        second: The later one.
        all_sessions: All sessions of the person, whose halves tell the noise.
        settings: Coverage of the intervals.
    """
    found = []
    for statistic in STATISTICS:
        for name in BY_NAME:
            noise = _standard_errors(all_sessions, statistic, name)
            pairs = zip(
                _values(first, statistic, name), _values(second, statistic, name), strict=False
            )
            for side, (one, other) in enumerate(pairs):
                label = SIDES[side] if BY_NAME[name].sided else ""
                error = float(noise[side]) if side < len(noise) else math.nan
                found.append(
                    _change(name, statistic, label, BY_NAME[name].unit, one, other, error, settings)
                )
    return (*found, *_blink_rate(first, second, settings))


def _values(measures: ClinicalMeasures, statistic: str, name: str) -> tuple[Interval, ...]:
    sides = measures.sides.get(statistic, {}).get(name)
    if sides is not None:
        return sides.left, sides.right
    midline = measures.midline.get(statistic, {}).get(name)
    return () if midline is None else (midline,)


def _standard_errors(
    sessions: Sequence[ClinicalMeasures], statistic: str, name: str
) -> tuple[float, ...]:
    """SEM of each side, from the halves of all sessions; NaN where none has any."""
    halves = [
        one.halves[statistic][name] for one in sessions if name in one.halves.get(statistic, {})
    ]
    if not halves:
        return ()
    apart = np.stack([half[0] - half[1] for half in halves])
    return tuple(float(value) for value in 0.5 * np.sqrt(np.nanmean(apart**2, axis=0)))


def _change(
    name: str,
    statistic: str,
    side: str,
    unit: str,
    first: Interval,
    second: Interval,
    error: float,
    settings: ClinicalSettings,
) -> Change:
    value = second.value - first.value
    low = value - math.hypot(second.value - second.low, first.high - first.value)
    high = value + math.hypot(second.high - second.value, first.value - first.low)
    z = float(norm.ppf(0.5 + 0.5 * settings.confidence))
    smallest = z * math.sqrt(2.0) * error
    beyond = low > 0.0 or high < 0.0
    told = bool(beyond and abs(value) > smallest)
    return Change(
        name, statistic, side, unit, first, second, Interval(value, low, high), smallest, told
    )


def _blink_rate(
    first: ClinicalMeasures, second: ClinicalMeasures, settings: ClinicalSettings
) -> tuple[Change, ...]:
    rates = [rate_interval(one, settings) for one in (first, second)]
    if rates[0] is None or rates[1] is None:
        return ()
    return (_change("blink_rate", "rate", "", "1/min", rates[0], rates[1], 0.0, settings),)


def rate_interval(measures: ClinicalMeasures, settings: ClinicalSettings) -> Interval | None:
    """Blinks a minute with the exact interval of a Poisson count (Garwood, Biometrika 28, 1936).

    None where blinks could not be counted.
    """
    summary = measures.blink_summary
    if summary is None or not summary.seconds > 0.0:
        return None
    tail, scale = 0.5 * (1.0 - settings.confidence), 60.0 / summary.seconds
    low = 0.5 * float(chi2.ppf(tail, 2 * summary.n)) if summary.n else 0.0
    high = 0.5 * float(chi2.ppf(1.0 - tail, 2 * summary.n + 2))
    return Interval(scale * summary.n, scale * low, scale * high)
