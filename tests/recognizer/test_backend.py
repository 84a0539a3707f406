"""The back-end: whitening within speakers, adaptation to a library, cosines that add up."""

import numpy as np
import pytest

from facedyn_app.recognizer.backend import Backend, Whitening, fit_whitening
from facedyn_app.recognizer.scoring import Block, ScoreSpace, plain_space
from facedyn_app.records import Embedding, FloatArray, IntArray


def made_vectors(rng: np.random.Generator, n_speakers: int = 30) -> tuple[FloatArray, IntArray]:
    labels = np.repeat(np.arange(n_speakers, dtype=np.int64), 40)
    mix = np.array([[3.0, 0.0, 0.0], [2.0, 0.5, 0.0], [0.0, 0.0, 1.0]])
    within = rng.normal(size=(len(labels), 3)) @ mix
    return within + rng.normal(size=(n_speakers, 3))[labels], labels


def test_whitened_windows_differ_equally_within_speakers() -> None:
    vectors, labels = made_vectors(np.random.default_rng(0))
    found = fit_whitening(vectors, labels)(vectors)
    means = np.stack([found[labels == k].mean(axis=0) for k in range(30)])
    residual = found - means[labels]
    np.testing.assert_allclose(residual.T @ residual / len(found), np.eye(3), atol=0.1)
    np.testing.assert_allclose(means.mean(axis=0), 0.0, atol=0.02)


def test_the_directions_kept_are_those_in_which_speakers_differ() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(40), 20)
    vectors = rng.normal(size=(800, 5))
    vectors[:, 3] += 5.0 * rng.normal(size=40)[labels]
    found = fit_whitening(vectors, labels, most_directions=1)
    weight = np.abs(found.projection[:, 0] / found.scale)
    assert weight.argmax() == 3
    assert weight[3] > 3.0 * np.delete(weight, 3).max()


def test_what_is_missing_takes_no_part_in_the_product() -> None:
    """As if only what both have had been whitened: x_o S_oo^-1 y_o, whatever y_u is."""
    vectors, labels = made_vectors(np.random.default_rng(2))
    vectors[::3, 1] = np.nan
    found = fit_whitening(vectors, labels)
    assert np.isfinite(found.projection).all()
    rng = np.random.default_rng(3)
    asked, known = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    asked[:2, 1], asked[2, [0, 2]] = np.nan, np.nan
    within = np.linalg.inv((found.projection @ found.projection.T).astype(float))
    products = (found(asked) * found(known)).sum(axis=1)
    for x, y, product in zip(asked, known, products, strict=True):
        seen = np.isfinite(x)
        a, b = ((one - found.centre) / found.scale for one in (x, y))
        expected = a[seen] @ np.linalg.solve(within[np.ix_(seen, seen)], b[seen])
        assert product == pytest.approx(expected, abs=2e-3)
    np.testing.assert_array_equal(found(np.full((1, 3), np.nan)), 0.0)


def test_with_few_directions_what_is_missing_counts_as_usual() -> None:
    vectors, labels = made_vectors(np.random.default_rng(2))
    found = fit_whitening(vectors, labels, most_directions=2)
    row = vectors[:1].copy()
    row[0, 1] = np.nan
    usual = np.where(np.isnan(row), found.centre, row)
    np.testing.assert_allclose(found(row), found(usual), atol=1e-5)


def test_what_is_missing_in_half_of_the_windows_does_not_blur_the_speakers() -> None:
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(40), 60)
    vectors = rng.normal(size=(len(labels), 2))
    vectors[:, 0] += 10.0 * rng.normal(size=40)[labels]
    vectors[rng.random(len(labels)) < 0.5, 0] = np.nan
    found = fit_whitening(vectors, labels)
    np.testing.assert_allclose(found.scale, 1.0, rtol=0.05)
    np.testing.assert_allclose(found.projection, np.eye(2), atol=0.1)


SPANS = np.tile([0.0, 10.0], (200, 1))


def backend(p: int, q: int, n_windows: int = 100) -> Backend:
    parts = [Whitening(np.zeros(n), np.ones(n), np.eye(n, dtype=np.float32)) for n in (p, q)]
    return Backend(parts[0], parts[1], np.zeros(1, dtype=bool), n_windows)


def test_the_product_is_the_weighted_sum_of_cosines() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 1, 7))
    space = backend(4, 3).space({}, network_weight=0.25)
    cosines = [
        float(x[0] @ y[0] / np.linalg.norm(x) / np.linalg.norm(y))
        for x, y in ((a[:, :4], b[:, :4]), (a[:, 4:], b[:, 4:]))
    ]
    found = float(space.directions(a)[0] @ space.directions(b)[0])
    assert found == pytest.approx(0.75 * cosines[0] + 0.25 * cosines[1])
    np.testing.assert_allclose(np.linalg.norm(space.directions(a)), 1.0)
    with pytest.raises(ValueError, match="sum to 1"):
        ScoreSpace((Block(np.zeros(2), np.eye(2), 0.5),))


def test_directions_in_which_a_gallery_differs_are_emphasised() -> None:
    rng = np.random.default_rng(6)
    far = np.array([5.0, 1.0, 1.0, 1.0, 1.0])
    enrolled = {}
    for k in range(30):
        vectors = far * rng.normal(size=5) + rng.normal(size=(50, 5))
        enrolled[f"s{k}"] = [Embedding(vectors.astype(np.float32), SPANS[:50])]
    whiten = backend(3, 2).space(enrolled).blocks[0].whiten
    lengths = np.linalg.norm(whiten, axis=1)
    assert lengths[0] > 1.05 * lengths[1:].max()


def gallery(
    rng: np.random.Generator, n_speakers: int, spread: FloatArray
) -> dict[str, list[Embedding]]:
    found: dict[str, list[Embedding]] = {}
    for k in range(n_speakers):
        # speakers differ as much as their windows in every direction: none is emphasised
        vectors = (spread * (rng.normal(size=5) + rng.normal(size=(200, 5)))).astype(np.float32)
        found[f"s{k}"] = [Embedding(vectors, SPANS)]
    return found


def test_a_library_adapts_the_space_as_far_as_it_is_large() -> None:
    rng = np.random.default_rng(4)
    spread = np.array([1.0, 1.0, 10.0, 1.0, 1.0])

    def share(n_prior: int, n_speakers: int) -> float:
        """How long a step along the wide direction is, beside one along another."""
        whiten = backend(3, 2, n_prior).space(gallery(rng, n_speakers, spread)).blocks[0].whiten
        lengths = np.linalg.norm(whiten, axis=1)
        return float(lengths[2] / lengths[:2].mean())

    # a variance of 100 against 1: alone 0.1, beside the prior more
    assert share(1000, 20) == pytest.approx(np.sqrt(5000 / (1000 + 4000 * 100)), rel=0.5)
    assert 1.5 * share(1000, 20) < share(2000, 2) < 0.6


def test_a_gallery_of_nobody_is_compared_as_trained() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(6, 5))
    space = backend(3, 2).space({}, network_weight=0.0)
    plain = plain_space(3).directions(vectors[:, :3])
    np.testing.assert_allclose(space.directions(vectors)[:, :3], plain)
    np.testing.assert_array_equal(space.directions(vectors)[:, 3:], 0.0)
