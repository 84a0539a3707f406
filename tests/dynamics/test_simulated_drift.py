"""What is known of simulated speakers' shape is what the drift-to-noise ratio says of them."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.records import DriftReport


def report(made: Any, seconds: int | None = None) -> DriftReport:
    chunks = [(str(s.session), s.shape_chunks[:seconds]) for s in made]
    return measure_drift("made", chunks, np.random.default_rng(0), n_bootstrap=0)


def sessions(simcorpus: Any, speaker: int, seconds: float, drift: float) -> list[Any]:
    return [simcorpus.simulate_session(speaker, k, seconds, drift=drift) for k in range(3)]


def test_the_ratio_of_a_session_follows_its_true_drift(simcorpus: Any) -> None:
    ratios, truths = [], []
    for speaker in range(30):
        made = sessions(simcorpus, speaker, 30.0, 1.0)
        ratios += [session.dnr for session in report(made).sessions]
        truths += [session.shape_drift for session in made]
    assert spearmanr(ratios, truths)[0] > 0.8


@pytest.mark.slow
def test_without_drift_the_corrected_ratio_may_be_zero(simcorpus: Any) -> None:
    covered = []
    for speaker in range(200):
        interval = report(sessions(simcorpus, speaker, 30.0, 0.0)).dnr_corrected_interval
        assert interval is not None
        covered.append(interval[0] == 0.0)
    assert np.mean(covered) >= 0.9


@pytest.mark.slow
def test_short_and_long_sessions_agree(simcorpus: Any) -> None:
    agree = []
    for speaker in range(60):
        made = sessions(simcorpus, speaker, 60.0, 1.0)
        spans = [report(made, seconds).dnr_corrected_interval for seconds in (5, 20, 60)]
        lows, highs = zip(*(span for span in spans if span is not None), strict=True)
        assert len(lows) == 3
        agree.append(max(lows) <= min(highs))
    assert np.mean(agree) >= 0.9
