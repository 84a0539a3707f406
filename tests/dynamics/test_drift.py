"""The drift-to-noise ratio against hand-worked sessions and made ones of known drift."""

import numpy as np
import pytest

from facedyn_app.dynamics.drift import NEEDS_TWO_SESSIONS, drift_label, measure_drift
from facedyn_app.dynamics.drift_chunks import n_effective
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.records import DriftReport, FloatArray
from facedyn_app.settings import TrustSettings
from tests.dynamics.wander import N_SHAPE, ar1


def made_speaker(
    rng: np.random.Generator, drift: float, n: int = 40, n_sessions: int = 3
) -> list[tuple[str, FloatArray]]:
    """Wobbling sessions whose offsets lie `drift` noise units apart in expectation."""
    person = rng.standard_normal(N_SHAPE)
    sessions = []
    for i in range(n_sessions):
        offset = rng.standard_normal(N_SHAPE) * drift / np.sqrt(2)
        sessions.append((f"visit {i}", person + offset + ar1(rng, n, 0.75)))
    return sessions


def measured(sessions: list[tuple[str, FloatArray]], n_bootstrap: int = 200) -> DriftReport:
    return measure_drift("anna", sessions, np.random.default_rng(5), n_bootstrap)


def test_two_sessions_worked_by_hand() -> None:
    # means (1, 0) and (4, 4), 5 apart; unbiased variances 2 and 4, so noise sqrt(3)
    first = np.array([[0.0, 0.0], [2.0, 0.0]])
    second = np.array([[4.0, 2.0], [4.0, 4.0], [4.0, 6.0]])
    report = measured([("a", first), ("b", second)])
    assert report.noise == pytest.approx(np.sqrt(3))
    assert report.drift == pytest.approx(5.0)
    assert report.dnr == pytest.approx(5 / np.sqrt(3))
    # sessions this short count as one independent chunk: 25 - 2/1 - 4/1
    assert report.drift_corrected == pytest.approx(np.sqrt(19))
    # long sessions would show variances of 2 (1/2 + 1) and 4 (2/3 + 1)
    assert report.dnr_corrected == pytest.approx(np.sqrt(19 / np.mean([3, 20 / 3])))
    assert [s.distance for s in report.sessions] == pytest.approx([5.0, 5.0])
    assert [s.noise for s in report.sessions] == pytest.approx([np.sqrt(2), 2.0])
    assert [s.split_half_drift for s in report.sessions] == pytest.approx([2.0, 4.0])
    assert [s.n_chunks for s in report.sessions] == [2, 3]
    assert report.note == ""


def test_distance_is_to_the_mean_of_the_other_sessions() -> None:
    wobble = np.array([[0.1, 0.0], [-0.1, 0.0]])
    means = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 8.0]])
    report = measured([(str(i), mean + wobble) for i, mean in enumerate(means)])
    assert report.drift == pytest.approx((6 + 8 + 10) / 3)
    assert [s.distance for s in report.sessions] == pytest.approx(
        [5.0, np.hypot(6, 4), np.hypot(3, 8)]
    )


def test_without_drift_the_corrected_ratio_is_far_below_the_plain_one() -> None:
    rng = np.random.default_rng(0)
    reports = [measured(made_speaker(rng, 0.0), 0) for _ in range(40)]
    plain = np.mean([r.dnr for r in reports if r.dnr is not None])
    corrected = np.mean([r.dnr_corrected for r in reports if r.dnr_corrected is not None])
    assert plain > 0.45  # the wander of 40 chunks alone: sqrt(2 / 5.7)
    assert corrected < 0.35 * plain


def test_the_corrected_ratio_grows_with_the_drift_and_meets_it() -> None:
    rng = np.random.default_rng(1)
    means = []
    for drift in (0.0, 0.5, 1.0, 2.0):
        values = [measured(made_speaker(rng, drift), 0).dnr_corrected for _ in range(20)]
        means.append(np.mean([v for v in values if v is not None]))
    assert np.all(np.diff(means) > 0.3)
    assert means[2:] == pytest.approx([1.0, 2.0], rel=0.1)


def test_interval_holds_the_measured_ratio_and_is_as_wide_as_repetitions_scatter() -> None:
    rng = np.random.default_rng(2)
    offsets = rng.standard_normal((3, N_SHAPE))
    ratios, widths = [], []
    for _ in range(40):
        sessions = [(str(i), offset + ar1(rng, 120, 0.5)) for i, offset in enumerate(offsets)]
        first = measured(sessions).sessions[0]
        assert first.dnr is not None
        assert first.dnr_interval is not None
        assert first.dnr_interval[0] < first.dnr < first.dnr_interval[1]
        ratios.append(first.dnr)
        widths.append(first.dnr_interval[1] - first.dnr_interval[0])
    low, high = np.quantile(ratios, (0.05, 0.95))
    assert 0.6 < np.mean(widths) / (high - low) < 1.5


def test_the_same_generator_gives_the_same_report() -> None:
    sessions = made_speaker(np.random.default_rng(3), 1.0)
    assert (
        measured(sessions).sessions[0].dnr_interval == measured(sessions).sessions[0].dnr_interval
    )


def test_one_session_has_noise_and_split_half_but_no_ratio() -> None:
    report = measured(made_speaker(np.random.default_rng(4), 0.0, n_sessions=1))
    assert report.dnr is None
    assert report.drift is None
    assert report.dnr_corrected is None
    assert report.noise > 0
    (session,) = report.sessions
    assert session.split_half_drift > 0
    assert session.dnr is None
    assert session.dnr_interval is None
    assert report.note == NEEDS_TWO_SESSIONS
    assert report.note.startswith("Needs two sessions")
    assert drift_label(report, TrustSettings()) == "unknown"


def test_labels() -> None:
    rng = np.random.default_rng(6)
    assert drift_label(measured(made_speaker(rng, 0.0)), TrustSettings()) == "stable"
    assert drift_label(measured(made_speaker(rng, 3.0)), TrustSettings()) == "drifts"


def test_a_ratio_above_the_threshold_whose_interval_is_not_may_drift() -> None:
    report = measured(made_speaker(np.random.default_rng(6), 1.0))
    assert report.dnr_corrected is not None
    assert report.dnr_corrected_interval is not None
    low = report.dnr_corrected_interval[0]
    assert low < report.dnr_corrected
    between = TrustSettings(max_dnr=0.5 * (low + report.dnr_corrected))
    assert drift_label(report, between) == "may drift"
    assert drift_label(report, TrustSettings(max_dnr=0.99 * low)) == "drifts"
    assert drift_label(report, TrustSettings(max_dnr=1.01 * report.dnr_corrected)) == "stable"


def test_chunks_with_nan_do_not_count() -> None:
    sessions = made_speaker(np.random.default_rng(7), 1.0)
    holes = [(name, np.insert(shapes, 3, np.nan, axis=0)) for name, shapes in sessions]
    assert measured(holes).dnr == measured(sessions).dnr


def test_a_session_of_one_chunk_is_left_out_and_named() -> None:
    sessions = made_speaker(np.random.default_rng(8), 1.0)
    short = ("glimpse", np.zeros((1, N_SHAPE)))
    report = measured([short, *sessions])
    assert [s.name for s in report.sessions] == ["visit 0", "visit 1", "visit 2"]
    assert report.dnr == measured(sessions).dnr
    assert "'glimpse'" in report.note


def test_only_glimpses_are_too_little() -> None:
    with pytest.raises(TooLittleError, match="'anna'"):
        measured([("a", np.zeros((1, 3))), ("b", np.full((4, 3), np.nan))])


def test_sessions_of_different_heads_do_not_mix() -> None:
    with pytest.raises(MismatchError, match="of 3 and 5 coefficients"):
        measured([("a", np.zeros((4, 3))), ("b", np.zeros((4, 5)))])


def test_a_frozen_shape_has_no_ratio() -> None:
    report = measured([("a", np.zeros((8, 3))), ("b", np.ones((8, 3)))])
    assert report.dnr is None
    assert report.drift == pytest.approx(np.sqrt(3))
    assert "does not vary" in report.note


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("n", [20, 60, 240])
def test_effective_chunks_predict_how_far_means_wander(n: int, decay: float) -> None:
    rng = np.random.default_rng(int(100 * decay) + n)
    predicted, seen = [], []
    for _ in range(60):
        series = ar1(rng, n, decay)
        predicted.append(series.var(axis=0, ddof=1).sum() / n_effective(series))
        seen.append((series.mean(axis=0) ** 2).sum())
    assert np.mean(predicted) == pytest.approx(np.mean(seen), rel=0.3)


def test_a_few_seconds_of_a_slow_wander_are_less_than_one_chunk() -> None:
    rng = np.random.default_rng(0)
    series = [ar1(rng, 8, 0.78) for _ in range(100)]
    spread = np.mean([s.var(axis=0, ddof=1).sum() for s in series])
    wander = np.mean([(s.mean(axis=0) ** 2).sum() for s in series])
    assert spread / wander < 1.0
    assert np.median([n_effective(s) for s in series]) == pytest.approx(spread / wander, rel=0.2)


def test_effective_chunks_are_few_in_a_slow_wander_and_all_without() -> None:
    ramp = np.linspace(0, 1, 30)[:, None]
    zigzag = np.tile([[1.0], [-1.0]], (15, 1))
    assert n_effective(ramp) < 3
    assert n_effective(zigzag) == 30
    assert n_effective(np.ones((9, 2))) == 9
    assert n_effective(np.array([[0.0], [1.0]])) == 1
