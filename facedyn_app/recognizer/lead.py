"""Lead of one recognizer over another on the same people, with intervals of the difference.

Two intervals that overlap do not say that the recognizers are equally good, since both err on the
same people. So the same people are drawn for both, and the difference is taken in every draw
(paired bootstrap, Efron 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import (
    Scores,
    error_curves,
    error_rates_of,
    per_probe,
    per_window,
)
from facedyn_app.recognizer.metrics import Interval, SpeakerDraws
from facedyn_app.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Lead:
    """A measure of one recognizer less that of another.

    Attributes:
        difference: -1..1.
        interval: 90 % bootstrap interval over speakers.
    """

    difference: float
    interval: Interval

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded to four digits."""
        bounds = [round(bound, 4) for bound in self.interval]
        return {"difference": round(self.difference, 4), "interval": bounds}


def lead(first: Scores, second: Scores, seed: int) -> dict[str, Lead]:
    """`top1_window`, `top1_session` and `eer` of the first less those of the second.

    Of the equal error rate less is better. The windows need not be the same ones.

    Args:
        first: Scores of some probes.
        second: Scores of probes of the same speakers.
        seed: Of the bootstrap.

    Raises:
        ValueError: They are not probes of the same speakers.
    """
    speakers = sorted({first.names[k] for k in first.own})
    if speakers != sorted({second.names[k] for k in second.own}):
        raise ValueError("lead needs probes of the same speakers")
    ours, theirs = (_drawn(scores, speakers, seed) for scores in (first, second))
    return {
        name: Lead(value - theirs[name][0], metrics.interval(draws - theirs[name][1]))
        for name, (value, draws) in ours.items()
    }


def _drawn(
    scores: Scores, speakers: Sequence[str], seed: int
) -> Mapping[str, tuple[float, FloatArray]]:
    """Measures, each with its (B,) values in the drawn corpora: the same for all recognizers."""

    def draws(own: IntArray) -> SpeakerDraws:
        number = np.asarray([speakers.index(scores.names[k]) for k in own])
        return SpeakerDraws(number, np.random.default_rng(seed))

    probes = draws(scores.own)
    curves = [probes.means(curve) for curve in error_curves(scores.probes, scores.own)]
    errors = [metrics.equal_error_rate(*pair) for pair in zip(*curves, strict=True)]
    return {
        "top1_window": _with_draws(per_window(scores)["top1_window"], draws(scores.window_own)),
        "top1_session": _with_draws(per_probe(scores)["top1_session"], probes),
        "eer": (metrics.equal_error_rate(*error_rates_of(scores)), np.asarray(errors)),
    }


def _with_draws(values: FloatArray, draws: SpeakerDraws) -> tuple[float, FloatArray]:
    return float(values.mean()), draws.means(values[:, None])[:, 0]
