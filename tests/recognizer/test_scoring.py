from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.recognizer.accuracy import measure_scores
from facedyn_app.recognizer.model import check_embeddings
from facedyn_app.recognizer.ranking import rank
from facedyn_app.recognizer.scoring import (
    Calibration,
    Gallery,
    TrialsOf,
    against_others,
    compared_gallery,
    covered_seconds,
    fit_calibration,
    plain_space,
    uncalibrated,
)
from facedyn_app.recognizer.trials import EmbeddedTrials, comparison_table, score_trials
from facedyn_app.records import Embedding, FloatArray

SPACE = plain_space(3)


def embedding(*vectors: tuple[float, ...]) -> Embedding:
    rows = np.asarray(vectors, dtype=float)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    starts = 5.0 * np.arange(len(rows))
    return Embedding(rows, np.stack([starts, starts + 10.0], axis=1))


GALLERY = {
    "Ada": [embedding((1, 0, 0)), embedding((1, 0.1, 0))],
    "Ben": [embedding((0, 1, 0))],
    "Cleo": [embedding((0, 0, 1), (0, 0.2, 1))],
}


ENROLLED = compared_gallery(GALLERY, SPACE)


def test_the_nearest_speaker_is_first() -> None:
    matches = rank(embedding((0.1, 1, 0), (0.2, 1, 0)), ENROLLED, uncalibrated())
    assert [match.name for match in matches] == ["Ben", "Ada", "Cleo"]
    cosines = np.array([1 / np.sqrt(1.01), 1 / np.sqrt(1.04)])
    np.testing.assert_allclose(matches[0].window_scores, cosines)
    mean = np.array([0.1 / np.sqrt(1.01) + 0.2 / np.sqrt(1.04), cosines.sum()])
    assert matches[0].score == pytest.approx(mean[1] / np.linalg.norm(mean))
    assert matches[0].probability > matches[1].probability > matches[2].probability


def test_scores_grow_with_the_match() -> None:
    exact = rank(embedding((0, 1, 0)), ENROLLED, uncalibrated())[0]
    near = rank(embedding((0, 1, 0.5)), ENROLLED, uncalibrated())[0]
    assert exact.score == pytest.approx(1.0)
    assert exact.probability > near.probability


def test_scores_against_others_by_hand() -> None:
    found = against_others(np.array([[0.8, 0.5, -0.2], [0.1, 0.1, 0.3]]))
    np.testing.assert_allclose(found, [[0.8, 0.2, -1.2], [-0.1, -0.1, 0.3]])


def test_scores_against_others_keep_the_order_and_the_first() -> None:
    cosines = np.random.default_rng(2).uniform(-1, 1, (50, 7))
    found = against_others(cosines)
    np.testing.assert_array_equal(np.argsort(found, axis=1), np.argsort(cosines, axis=1))
    np.testing.assert_array_equal(found.max(axis=1), cosines.max(axis=1))
    np.testing.assert_array_equal(against_others(cosines[:, :1]), cosines[:, :1])
    assert against_others(cosines[:, :0]).shape == (50, 0)


def test_whom_another_explains_better_is_less_surely_the_one() -> None:
    asked = embedding((1, 0.9, 0))
    found = {match.name: match for match in rank(asked, ENROLLED, uncalibrated())}
    alone = {
        name: rank(asked, compared_gallery({name: GALLERY[name]}, SPACE), uncalibrated())[0]
        for name in ("Ada", "Ben")
    }
    for name, match in alone.items():
        assert found[name].score == pytest.approx(match.score)
    assert found["Ada"].probability == pytest.approx(alone["Ada"].probability)
    assert found["Ben"].probability < alone["Ben"].probability


def test_strangers_are_those_whose_own_speaker_is_not_known() -> None:
    probes = [("Ada", embedding((1, 0.8, 0))), ("Cleo", embedding((0.3, 0, 1)))]
    scores = score_trials(EmbeddedTrials(GALLERY, probes), SPACE)
    assert scores.strangers is not None
    for k, (name, probe) in enumerate(probes):
        others = {other: own for other, own in GALLERY.items() if other != name}
        asked = [(next(iter(others)), probe)]
        alone = score_trials(EmbeddedTrials(others, asked), SPACE).probes
        assert scores.strangers[k] == pytest.approx(alone.max())
    # her recording is less surely Ben's as long as Ada is known
    assert scores.probes[0, 1] < scores.strangers[0] - 0.1


def test_calibration_compares_with_each_speaker_as_if_known_alone() -> None:
    probes = [("Ada", embedding((1, 0.8, 0))), ("Cleo", embedding((0.3, 0, 1)))]
    compared, same, _ = comparison_table(EmbeddedTrials(GALLERY, probes), SPACE)
    asked = [(own, other) for own in ("Ada", "Cleo") for other in GALLERY]
    np.testing.assert_array_equal(same, [own == other for own, other in asked])
    for found, (own, other) in zip(compared, asked, strict=True):
        alone = compared_gallery({other: GALLERY[other]}, SPACE)
        assert found == pytest.approx(rank(dict(probes)[own], alone, uncalibrated())[0].score)


def test_an_empty_gallery_and_foreign_embeddings_are_said() -> None:
    with pytest.raises(TooLittleError, match="Nobody is enrolled"):
        compared_gallery({}, SPACE)
    with pytest.raises(MismatchError, match="4 numbers"):
        check_embeddings(embedding((1, 0, 0, 0)), ENROLLED)
    with pytest.raises(ValueError, match="every name"):
        Gallery(("Ada",), ENROLLED.directions, SPACE)


def test_a_recording_points_where_its_windows_point_together() -> None:
    matches = rank(embedding((0, 1, 1), (0, 1, -1)), ENROLLED, uncalibrated())
    assert matches[0].name == "Ben"
    assert matches[0].score == pytest.approx(1.0)
    np.testing.assert_allclose(matches[0].window_scores, 0.5**0.5)


def test_overlapping_windows_are_counted_once() -> None:
    spans = np.array([[2.0, 12.0], [0.0, 10.0], [20.0, 25.0]])
    assert covered_seconds(Embedding(np.eye(3), spans)) == pytest.approx(17.0)


def trials_with(separation: float, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    return rng.normal(separation, 1.0, 400), rng.normal(0.0, 1.0, 4000)


def calibrated() -> Calibration:
    same, other = trials_with(3.0)
    scores = np.concatenate([same, other])
    is_same = np.arange(len(scores)) < len(same)
    return fit_calibration(
        scores, is_same, np.full(len(scores), 10.0), "made trials", TrialsOf.NONE
    )


def test_calibration_finds_the_known_log_odds() -> None:
    calibration = calibrated()
    # two unit normals 3 apart: log odds = 3 score - 4.5
    assert calibration.weight == pytest.approx(3.0, rel=0.15)
    assert calibration.offset == pytest.approx(-4.5, rel=0.15)
    assert calibration.probability(np.array(1.5), 10.0) == pytest.approx(0.5, abs=0.08)


def test_probability_grows_with_the_score() -> None:
    probability = calibrated().probability(np.linspace(-5, 8, 50), 12.0)
    assert (np.diff(probability) > 0).all()
    assert probability[0] < 0.01
    assert probability[-1] > 0.99


def test_the_threshold_keeps_strangers_out() -> None:
    calibration = calibrated()
    assert calibration.threshold(0.05, 1) < calibration.threshold(0.05, 10)
    assert calibration.threshold(0.01, 5) > calibration.threshold(0.1, 5)
    rng = np.random.default_rng(9)
    best = calibration.probability(rng.normal(0.0, 1.0, (20_000, 6)), 10.0).max(axis=1)
    accepted = (best >= calibration.threshold(0.05, 6)).mean()
    assert 0.03 < accepted < 0.07


def test_calibration_needs_both_kinds_of_trials() -> None:
    with pytest.raises(TooLittleError):
        fit_calibration(np.ones(5), np.ones(5, dtype=bool), np.ones(5), "nothing", TrialsOf.NONE)


def test_accuracy_and_both_chances_by_hand() -> None:
    probes = [
        ("Ada", embedding((1, 0.2, 0), (0, 1, 0))),
        ("Ada", embedding((1, 0, 0.1))),
        ("Ben", embedding((0, 0.2, 1))),
    ]
    trials = EmbeddedTrials(gallery=GALLERY, probes=probes)
    scores = score_trials(trials, SPACE, uncalibrated())
    found = measure_scores(scores, np.random.default_rng(0))
    assert (found.n_speakers, found.n_probes, found.n_windows) == (3, 3, 4)
    assert found.top1_window == pytest.approx(2 / 4)
    assert found.top1_session == pytest.approx(1 / 3)
    assert found.chance_uniform == pytest.approx(1 / 3)
    assert found.chance_majority == pytest.approx(3 / 4)
    low, high = found.intervals["top1_session"]
    assert low <= found.top1_session <= high
    with pytest.raises(TooLittleError):
        score_trials(EmbeddedTrials(GALLERY, []), SPACE)


def test_the_false_accept_rate_undoes_the_threshold() -> None:
    calibration = uncalibrated()
    for rate in (0.2, 0.05, 0.01):
        limit = calibration.threshold(rate, 1)
        assert calibration.false_accept_rate(limit) == pytest.approx(rate, rel=0.02)
    assert calibration.false_accept_rate(1.0) == pytest.approx(0.001)
    assert calibration.false_accept_rate(0.0) == pytest.approx(0.5)


def test_probabilities_hold_for_those_whose_trials_they_come_from() -> None:
    held = {
        kind: tuple(
            replace(uncalibrated(), trials=kind).holds_for(simulated=simulated)
            for simulated in (True, False)
        )
        for kind in TrialsOf
    }
    assert held == {
        TrialsOf.NONE: (False, False),
        TrialsOf.SIMULATED: (True, False),
        TrialsOf.PEOPLE: (True, True),
    }
