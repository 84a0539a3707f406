"""Rankings of large galleries: exact, lazily made, and half precision where it ranks alike."""

import numpy as np
import pytest

from facedyn_app.recognizer.ranking import rank
from facedyn_app.recognizer.scoring import Gallery, plain_space, uncalibrated
from facedyn_app.records import Embedding, FloatArray

N, D = 3000, 64
RNG = np.random.default_rng(4)


def unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def probe(of: FloatArray, noise: float) -> Embedding:
    rows = unit(of + noise * RNG.normal(size=(5, D)))
    starts = 5.0 * np.arange(5)
    return Embedding(rows, np.stack([starts, starts + 10.0], axis=1))


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    names = tuple(f"S-{k}" for k in range(N))
    return Gallery(names, unit(RNG.normal(size=(N, D))), plain_space(D))


def test_it_ranks_as_a_loop_over_the_speakers_does(gallery: Gallery) -> None:
    asked = probe(gallery.directions[17], 0.1)
    found = rank(asked, gallery, uncalibrated())
    mean = unit(asked.vectors.mean(axis=0, keepdims=True))[0]
    slow = {
        name: float(mean @ one) for name, one in zip(gallery.names, gallery.directions, strict=True)
    }
    assert [match.name for match in found] == sorted(slow, key=lambda name: -slow[name])
    assert found[0].name == "S-17"
    assert found[0].score == pytest.approx(slow["S-17"], abs=1e-6)
    np.testing.assert_allclose(
        found[0].window_scores, asked.vectors @ gallery.directions[17], atol=1e-6
    )
    assert len(found) == N
    assert [match.name for match in found[:3]] == [found[k].name for k in range(3)]
    assert found[-1].score == min(match.score for match in found)


def test_equal_scores_stay_in_the_order_of_the_gallery() -> None:
    same = np.repeat(unit(RNG.normal(size=(1, D))), 4, axis=0)
    found = rank(
        probe(same[0], 0.1), Gallery(("d", "c", "b", "a"), same, plain_space(D)), uncalibrated()
    )
    assert [match.name for match in found] == ["d", "c", "b", "a"]


def test_half_precision_ranks_otherwise(gallery: Gallery) -> None:
    # why directions are kept in single precision
    asked = gallery.directions[17] + unit(RNG.normal(size=(1, D)))[0]
    exact, half = (
        np.argsort(-(kind @ asked), kind="stable")
        for kind in (gallery.directions, gallery.directions.astype(np.float16).astype(np.float32))
    )
    assert exact[0] == half[0] == 17
    assert (exact != half).any()
