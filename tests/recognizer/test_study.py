"""Correlations with known answers, and curves over made embeddings."""

import numpy as np
import pytest

from facedyn_app.progress import ignore
from facedyn_app.recognizer.accuracy import Scores
from facedyn_app.recognizer.metrics import pearson, spearman
from facedyn_app.recognizer.scoring import plain_space
from facedyn_app.recognizer.study import (
    accuracy_by_length,
    accuracy_by_sessions,
    relate_to_drift,
)
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import EmbeddedTrials, LabelledSession
from facedyn_app.records import Embedding
from tests.recognizer.conftest import easy_session, labelled, small_settings


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_spearman_by_hand() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    y = np.array([2.0, 1.0, 40.0, 3.0, 50.0])
    # ranks 2 1 4 3 5: 1 - 6 (1 + 1 + 1 + 1 + 0) / (5 * 24)
    found = spearman(x, y, rng())
    assert found is not None
    assert found.value == pytest.approx(0.8)
    assert found.n == 5


def test_the_p_value_counts_the_orders_that_are_as_far() -> None:
    found = spearman(np.arange(5.0), np.arange(5.0), rng())
    assert found is not None
    # of 120 orders two are perfect, one up and one down
    assert found.p_value == pytest.approx(2 / 120, abs=0.01)


def test_pearson_of_a_noisy_line() -> None:
    x = rng().normal(size=400)
    y = -0.6 * x + 0.8 * np.random.default_rng(1).normal(size=400)
    found = pearson(x, y, rng())
    assert found is not None
    assert found.value == pytest.approx(-0.6, abs=0.1)
    low, high = found.interval
    assert low < found.value < high < -0.45
    assert high - low == pytest.approx(2 * 1.645 * 0.64 / 20, rel=0.2)  # (1 - r^2) / sqrt(n)
    assert found.p_value < 0.001


def test_chance_is_seldom_taken_for_a_correlation() -> None:
    made = np.random.default_rng(4)
    tries = [spearman(made.normal(size=12), made.normal(size=12), made) for _ in range(100)]
    assert sum(found is not None and found.p_value <= 0.1 for found in tries) <= 18


def test_there_is_no_correlation_of_few_or_of_what_stands_still() -> None:
    assert spearman(np.arange(4.0), np.arange(4.0), rng()) is None
    assert pearson(np.ones(9), np.arange(9.0), rng()) is None


def test_speakers_are_related_to_their_own_drift() -> None:
    names = tuple("abcdefg")
    own = np.arange(7)
    window_own = np.repeat(own, 4)
    windows = np.zeros((28, 7))
    for k in range(7):  # speaker k is recognised in 4 - k of their 4 windows, at least in none
        for j in range(4):
            windows[4 * k + j, k if j < 4 - k else (k + 1) % 7] = 1.0
    scores = Scores(names, own, np.eye(7), window_own, windows)
    ratios = {name: (float(k), 0.5 * k) for k, name in enumerate(names) if name != "b"}
    found = relate_to_drift(scores, ratios, rng())
    assert found.speakers == ("a", "c", "d", "e", "f", "g")
    np.testing.assert_allclose(found.accuracy, [1.0, 0.5, 0.25, 0.0, 0.0, 0.0])
    relation = found.correlations["spearman_dnr"]
    assert relation is not None
    assert relation.value < -0.9
    assert set(found.correlations) == {
        *("spearman_dnr", "spearman_dnr_corrected", "pearson_dnr", "pearson_dnr_corrected")
    }


def made_trials() -> EmbeddedTrials:
    """The first session of each speaker looks like the next speaker, the second like himself."""
    eye = np.eye(6)

    def embedding(vector: np.ndarray) -> Embedding:
        return Embedding(vector[None], np.array([[0.0, 10.0]]))

    gallery = {f"s{k}": [embedding(eye[(k + 1) % 6]), *[embedding(eye[k])] * 2] for k in range(6)}
    return EmbeddedTrials(gallery, [(f"s{k}", embedding(eye[k])) for k in range(6)])


def test_more_sessions_of_a_speaker_help() -> None:
    points = accuracy_by_sessions(plain_space(6), made_trials())
    assert [point.x for point in points] == [1.0, 2.0, 3.0]
    assert points[0].accuracy.top1_window == 0.0
    assert points[2].accuracy.top1_window == 1.0


def test_windows_of_each_length_are_whole() -> None:
    recognizer = train(labelled(range(12), range(2)), None, small_settings(30))
    gallery = {
        f"made {k}": [recognizer.embed(easy_session(k, session)) for session in range(2)]
        for k in range(12)
    }
    probes = [LabelledSession(f"made {k}", easy_session(k, 2, seconds=12.0)) for k in range(12)]
    probes.append(LabelledSession("a stranger", easy_session(50, 0)))
    points = accuracy_by_length(recognizer, gallery, probes, ignore, (1.0, 5.0, 12.0, 60.0))
    assert [point.x for point in points] == [1.0, 5.0, 12.0]
    assert [point.accuracy.n_windows for point in points] == [144, 24 + 12, 12]
    assert points[0].accuracy.top1_window < points[2].accuracy.top1_window
