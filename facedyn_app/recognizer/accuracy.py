"""Accuracy of a recognizer, its uncertainty, and what chance alone would reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.metrics import Interval, SpeakerDraws
from facedyn_app.records import FloatArray, IntArray

FALSE_ALARMS = (0.01, 0.1)
"""False alarm rates at which detection and identification are stated."""

N_GRID = 200
"""Thresholds of each kind on which error rates are drawn anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of N probes and their W windows with the G enrolled speakers, higher is more alike.

    Attributes:
        names: The G speakers.
        own: (N,) column of each probe's speaker.
        probes: (N, G) scores of whole probes, against the others who are known.
        window_own: (W,) column of each window's speaker.
        windows: (W, G) scores of single windows.
        log_odds: (N, G) calibrated log likelihood ratios of the probes; None without calibration.
        strangers: (N,) best score of whole probes with the others, had their own speaker not been
            known; None for the best one above.
    """

    names: tuple[str, ...]
    own: IntArray
    probes: FloatArray
    window_own: IntArray
    windows: FloatArray
    log_odds: FloatArray | None = None
    strangers: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Closed-set, open-set and verification accuracy; all shares are 0..1.

    Attributes:
        n_speakers: Speakers in the gallery.
        n_probes: Sessions asked about.
        n_windows: Windows asked about.
        top1_window: Share of windows whose speaker is ranked first.
        top5_window: Among the first five.
        top1_session: Share of sessions whose speaker is ranked first.
        top5_session: Among the first five.
        top10_session: Among the first ten.
        mrr: Mean of 1 / rank over sessions.
        dir_far1: Sessions detected and identified where 1 % of strangers raise an alarm.
        dir_far10: The same at 10 %.
        eer: Equal error rate of session-speaker comparisons.
        min_dcf: Least detection cost at 1 % same-speaker comparisons; 1 costs saying nothing.
        cllr: Cost of the calibrated log likelihood ratios, bits; None without calibration.
        chance_uniform: 1 / n_speakers.
        chance_majority: Share of the windows of the speaker with the most windows among them.
        lift_uniform: `top1_window / chance_uniform`.
        lift_majority: `top1_window / chance_majority`.
        intervals: 90 % bootstrap intervals over speakers, by the names above.
    """

    n_speakers: int
    n_probes: int
    n_windows: int
    top1_window: float
    top5_window: float
    top1_session: float
    top5_session: float
    top10_session: float
    mrr: float
    dir_far1: float
    dir_far10: float
    eer: float
    min_dcf: float
    cllr: float | None
    chance_uniform: float
    chance_majority: float
    lift_uniform: float
    lift_majority: float
    intervals: Mapping[str, Interval]

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded to four digits."""
        values = asdict(self)
        values["intervals"] = {k: [round(x, 4) for x in v] for k, v in self.intervals.items()}
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}


def measure_scores(scores: Scores, rng: np.random.Generator) -> Accuracy:
    """All measures of scores, with both chances computed from the gallery at hand.

    Args:
        scores: Of probes and their windows.
        rng: For the bootstrap.

    Raises:
        TooLittleError: There are no probes, or fewer than two speakers.
    """
    if not len(scores.own) or len(scores.names) < 2:
        raise TooLittleError(
            "There are no held-out sessions of two speakers to measure the accuracy on.",
            "Record every speaker in two sessions or more.",
        )
    by_probe = per_probe(scores)
    by_window = per_window(scores)
    refused, accepted = error_rates_of(scores)
    draws = SpeakerDraws(scores.own, rng)
    curves = error_curves(scores.probes, scores.own)
    window_draws = SpeakerDraws(scores.window_own, rng)
    means = {name: float(v.mean()) for name, v in {**by_probe, **by_window}.items()}
    intervals = {name: draws.of_mean(v) for name, v in by_probe.items()}
    intervals |= {name: window_draws.of_mean(v) for name, v in by_window.items()}
    intervals["eer"] = draws.of_curves(*curves, metrics.equal_error_rate)
    intervals["min_dcf"] = draws.of_curves(*curves, metrics.min_detection_cost)
    uniform = 1.0 / len(scores.names)
    majority = float(np.bincount(scores.window_own).max() / len(scores.window_own))
    return Accuracy(
        n_speakers=len(scores.names),
        n_probes=len(scores.own),
        n_windows=len(scores.window_own),
        cllr=means.pop("cllr", None),
        **means,
        eer=metrics.equal_error_rate(refused, accepted),
        min_dcf=metrics.min_detection_cost(refused, accepted),
        chance_uniform=uniform,
        chance_majority=majority,
        lift_uniform=means["top1_window"] / uniform,
        lift_majority=means["top1_window"] / majority,
        intervals=intervals,
    )


def error_rates_of(scores: Scores) -> tuple[FloatArray, FloatArray]:
    """Shares refused and accepted, of all comparisons of probes with speakers (`error_rates`)."""
    same, different = metrics.own_and_others(scores.probes, scores.own)
    return metrics.error_rates(same, different)[1:]


def per_probe(scores: Scores) -> dict[str, FloatArray]:
    """(N,) value of each probe, for every measure that is a mean over probes."""
    rank = metrics.ranks(scores.probes, scores.own)
    values: dict[str, FloatArray] = {
        f"top{k}_session": (rank <= k).astype(np.float64) for k in (1, 5, 10)
    }
    values["mrr"] = 1.0 / rank
    for name, rate in zip(("dir_far1", "dir_far10"), FALSE_ALARMS, strict=True):
        values[name] = metrics.open_set_hits(scores.probes, scores.own, rate, scores.strangers)
    if scores.log_odds is not None:
        same, different = metrics.log_likelihood_cost(scores.log_odds, scores.own)
        values["cllr"] = 0.5 * (same + different)
    return values


def per_window(scores: Scores) -> dict[str, FloatArray]:
    """(W,) value of each window, for every measure that is a mean over windows."""
    rank = metrics.ranks(scores.windows, scores.window_own)
    return {f"top{k}_window": (rank <= k).astype(np.float64) for k in (1, 5)}


def error_curves(scores: FloatArray, own: IntArray) -> tuple[FloatArray, FloatArray]:
    """(N, K) each probe's refusals and share of acceptances on a grid of thresholds."""
    same, different = metrics.own_and_others(scores, own)
    tail = 1.0 - np.logspace(-5, 0, N_GRID)
    grid = np.unique(
        np.concatenate(
            [np.quantile(same, np.linspace(0, 1, N_GRID)), np.quantile(different, tail), [np.inf]]
        )
    )
    others = np.sort(different.reshape(len(own), -1), axis=1)
    below = np.stack([np.searchsorted(row, grid, side="left") for row in others])
    return (same[:, None] < grid).astype(np.float64), 1.0 - below / others.shape[1]
