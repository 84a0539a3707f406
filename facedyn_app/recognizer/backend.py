"""Back-end: whitening within speakers, learnt once, adapted at every enrolment.

Windows of one speaker differ from each other, in some directions far more than in others. With the
covariance S within speakers, `S = L L'`, the coordinates `L^-1 (x - m)` differ equally in all
directions, and the cosine of two windows there says whether they are of one speaker (within-class
covariance normalisation: Hatch, Kajarekar and Stolcke 2006; Dehak et al. 2011). Descriptors and the
network's embedding are whitened each for itself and their cosines summed.

No direction is thrown away as long as there are few: discriminant directions of 30 speakers are
those of these 30, and people seen for the first time are told apart worse in them than in all.

K descriptors, P and Q whitened coordinates of descriptors and embedding, D = P + Q.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.linalg import cholesky, eigh, qr, solve_triangular

from facedyn_app.recognizer.scoring import Block, ScoreSpace, identity_block
from facedyn_app.records import BoolArray, Embedding, FloatArray, IntArray

LEAST_DEVIATION = 1e-9
MOST_DIRECTIONS = 1024
"""Whitened coordinates kept, those in which speakers differ most."""
LEAST_WITHIN = 1e-3
"""Least deviation within speakers, of that of all windows."""
LEAST_SEEN = 1e-3
"""Least share of windows in which something is taken as seen."""
BETWEEN_SHRINKAGE = 0.03
"""Share of the covariance between speakers replaced by a multiple of the identity."""
FARTHEST = 1e3
"""Largest coordinate, in deviations within speakers: farther out lie only tracking slips."""
NETWORK_WEIGHT = 0.3
"""Of the network's cosine beside the descriptors'; chosen on half of the people of two corpora."""
MOST_PRIOR = 100
"""Training windows that count at most, where a library's own speakers adapt the back-end.

Few: how people differ from one recording to the next is another thing in every study. Chosen on
people who were neither trained on nor known (handbook/recognizer.md).
"""
PRIOR_SPEAKERS = 3
"""Speakers that what the training says of all counts as, against how a library's own differ.

More tell strangers from two or three known people better, fewer tell the known people apart better:
chosen on people who were neither trained on nor known (handbook/recognizer.md).
"""
CENTRE_SPEAKERS = 2
"""Likewise, against their mean: a face is seen otherwise in every study, and there is one of it."""
EMPHASIS = 0.4
"""Power by which directions in which a gallery's speakers differ are emphasised, 0..1."""
MOST_ADAPTING = 4000
"""Windows of a library, evenly taken, that adapt the back-end: a bound on time."""
MOST_ADAPTING_SPEAKERS = 2000
"""Speakers, the first ones, that adapt the back-end: whoever comes to more leaves the space as it
is, and all who are in it already where they are."""
ADAPTATION = (
    NETWORK_WEIGHT,
    PRIOR_SPEAKERS,
    CENTRE_SPEAKERS,
    EMPHASIS,
    MOST_ADAPTING,
    MOST_ADAPTING_SPEAKERS,
)
"""Constants on which an adapted space depends, beside back-end and gallery."""


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """From vectors to coordinates in which windows of one speaker differ equally everywhere.

    Attributes:
        centre: (K,) float32 mean of the training speakers.
        scale: (K,) float32 standard deviations of windows within speakers.
        projection: (K, P) float32 of half precision, from standardised vectors to coordinates.
    """

    centre: FloatArray
    scale: FloatArray
    projection: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a centre and a scale for every row of the projection."""
        if not len(self.centre) == len(self.scale) == len(self.projection):
            raise ValueError("Whitening needs a centre and a scale for every row")

    @property
    def whole(self) -> bool:
        """Whether all K directions are kept, so that what is not seen can take no part."""
        n_rows, n_directions = self.projection.shape
        return bool(n_rows == n_directions)

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """(N, P) float32 coordinates of (N, K) vectors; what is NaN takes no part.

        Of all values x_u that what is not seen may have, with the rows P_u of the projection, those
        are taken for which the coordinates c + x_u P_u are shortest: c less its part in the span of
        P_u. With the precision within speakers, P P' = S^-1, x_u is then what is usual beside what
        is seen, x_o, and the product with a vector y of which all is seen becomes x_o S_oo^-1 y_o:
        that of what both have. That needs all K directions; with fewer what is NaN counts as the
        mean.
        """
        standard = (vectors - self.centre) / self.scale
        unseen = np.isnan(standard)
        coordinates = np.nan_to_num(standard) @ self.projection
        if unseen.any() and self.whole:
            for lacking in np.unique(unseen, axis=0):
                rows = (unseen == lacking).all(axis=1)
                span = qr(self.projection[lacking].T, mode="economic")[0]
                coordinates[rows] -= (coordinates[rows] @ span) @ span.T
        return np.asarray(coordinates, dtype=np.float32)


def fit_whitening(
    vectors: FloatArray,
    labels: IntArray,
    most_directions: int = MOST_DIRECTIONS,
    least_shrinkage: float = 0.0,
) -> Whitening:
    """Learn the covariance within speakers, its correlations shrunk (Ledoit and Wolf).

    Args:
        vectors: (N, K) of windows; NaN where a recording lacks a channel.
        labels: (N,) speakers 0..G - 1, each with a window at least.
        most_directions: Where K is more, the generalised eigenvectors of the covariances between
            and within speakers with the largest eigenvalues are kept.
        least_shrinkage: Of the correlations, 0..1, however many windows they are learnt from.
    """
    centre = np.nan_to_num(np.nanmean(vectors, axis=0, dtype=np.float64))
    total = np.nan_to_num(np.nanstd(vectors, axis=0, dtype=np.float64))
    scale = np.maximum(total, LEAST_DEVIATION).astype(np.float32)
    x = (vectors - centre.astype(np.float32)) / scale
    seen = np.isfinite(x)
    means = speaker_means(x, labels)
    # what is not seen says nothing of how windows of one speaker differ
    residual = np.where(seen, x - means[labels], 0.0)
    share_seen = np.sqrt(np.maximum(seen.mean(axis=0), LEAST_SEEN))
    residual /= share_seen
    deviation = np.maximum(np.sqrt((residual**2).mean(axis=0)), LEAST_WITHIN).astype(np.float32)
    scale *= deviation
    means /= deviation
    within, _ = shrunk_covariance(residual / deviation, least_shrinkage)
    middle = means.mean(axis=0)
    lower = cholesky(within, lower=True)
    width = len(lower)
    projection = solve_triangular(lower, np.eye(width), lower=True).T
    if width > most_directions:
        between = np.cov(means.T.astype(np.float64), bias=False) if len(means) > 1 else within
        shrunk = (1.0 - BETWEEN_SHRINKAGE) * between
        shrunk[np.diag_indices(width)] += BETWEEN_SHRINKAGE * np.trace(between) / width
        kept = (width - most_directions, width - 1)
        projection = projection @ eigh(projection.T @ shrunk @ projection, subset_by_index=kept)[1]
    return Whitening(
        centre=(centre + scale * middle).astype(np.float32),
        scale=scale,
        projection=projection.astype(np.float16).astype(np.float32),
    )


def speaker_means(vectors: FloatArray, labels: IntArray) -> FloatArray:
    """(G, K) mean of what is seen of each speaker of (N, K) vectors with (N,) labels 0..G - 1.

    What is NaN is not seen; where all of a speaker is, the mean is 0.
    """
    counts = np.zeros((int(labels.max()) + 1, vectors.shape[1]))
    means = np.zeros_like(counts)
    np.add.at(counts, labels, np.isfinite(vectors))
    np.add.at(means, labels, np.nan_to_num(vectors))
    return np.asarray(means / np.maximum(counts, 1.0))


def shrunk_covariance(residuals: FloatArray, least: float = 0.0) -> tuple[FloatArray, float]:
    """(F, F) covariance of centred (N, F) rows, shrunk to a multiple of the identity, and how far.

    After Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
    matrices".
    With m = tr(S) / F, d^2 = |S - m I|^2 and b^2 = sum_n |x_n x_n' - S|^2 / N^2 (Frobenius), the
    shrinkage is min(b^2, d^2) / d^2, or `least` where that is more.
    """
    n, width = residuals.shape
    covariance = residuals.T @ residuals / n
    mean = np.trace(covariance) / width
    spread = float((covariance**2).sum() - width * mean**2)
    fourth = float(((residuals**2).sum(axis=1) ** 2).sum())
    error = (fourth / n - float((covariance**2).sum())) / n
    share = float(np.clip(error / spread, max(least, 1e-6), 1.0)) if spread > 0.0 else 1.0
    covariance *= 1.0 - share
    covariance[np.diag_indices(width)] += share * mean
    return covariance, share


@dataclass(frozen=True, slots=True, eq=False)
class Backend:
    """Whitening of descriptors and network, learnt from the training speakers.

    Attributes:
        descriptors: Whitening of the descriptors.
        network: Whitening of the network's embedding.
        resting: (C,) channels whose rest throughout a recording tells of the speaker; where another
            rests, it was not measured (motion_windows.py).
        n_windows: Windows that what was learnt counts as, where a gallery adapts it.
    """

    descriptors: Whitening
    network: Whitening
    resting: BoolArray
    n_windows: int

    @property
    def sizes(self) -> tuple[int, int]:
        """P and Q, coordinates of descriptors and of the network's embedding."""
        return self.descriptors.projection.shape[1], self.network.projection.shape[1]

    def coordinates(self, described: FloatArray, embedded: FloatArray) -> FloatArray:
        """(W, P + Q) float32 coordinates of windows, in the half precision in which they are kept.

        Args:
            described: (W, K) descriptors.
            embedded: (W, M) embeddings by the network.
        """
        both = np.concatenate([self.descriptors(described), self.network(embedded)], axis=1)
        near = np.clip(both, -FARTHEST, FARTHEST).astype(np.float16)
        return np.asarray(near, dtype=np.float32)

    def space(
        self,
        gallery: Mapping[str, Sequence[Embedding]],
        network_weight: float = NETWORK_WEIGHT,
    ) -> ScoreSpace:
        """The score space of a gallery, whose own speakers adapt it.

        The library's windows within speakers count beside those of the training (covariance 1),
        of which `n_windows` count, its speakers' mean beside theirs (0), and the
        directions in which its speakers differ are emphasised. Nothing is trained: a gallery of
        one is compared as the training left it, a large one by itself.

        Args:
            gallery: Each enrolled speaker's embeddings; may be empty. Of more speakers than
                `MOST_ADAPTING_SPEAKERS` those count that come first.
            network_weight: Of the network's cosine; the descriptors' has the rest.
        """
        first = dict(islice(gallery.items(), MOST_ADAPTING_SPEAKERS))
        windows, labels = _windows(first, sum(self.sizes))
        blocks = []
        ends = np.cumsum((0, *self.sizes))
        weights = (1.0 - network_weight, network_weight)
        for start, end, weight in zip(ends[:-1], ends[1:], weights, strict=True):
            blocks.append(self._adapted(windows[:, start:end], labels, weight))
        return ScoreSpace(tuple(blocks))

    def _adapted(self, windows: FloatArray, labels: IntArray, weight: float) -> Block:
        width = windows.shape[1]
        if not len(windows) or weight == 0.0:
            return identity_block(width, weight)
        means = speaker_means(windows, labels)
        centre = means.sum(axis=0) / (len(means) + CENTRE_SPEAKERS)
        residual = (windows - means[labels]).astype(np.float32)
        n_prior, n_own = self.n_windows, len(windows) - len(means)
        scatter = residual.T @ residual + n_prior * np.eye(width, dtype=np.float32)
        lower = cholesky(scatter / (n_prior + n_own), lower=True)
        whiten = solve_triangular(lower, np.eye(width, dtype=np.float32), lower=True).T
        if len(means) > 1:
            whiten = whiten @ _between_speakers((means - means.mean(axis=0)) @ whiten)
        return Block(centre.astype(np.float32), whiten.astype(np.float32), weight)


def _between_speakers(means: FloatArray) -> FloatArray:
    """(P, P) emphasis of the directions in which the G speakers of a gallery differ.

    With the eigenvectors V and eigenvalues l of the covariance of their whitened means, shrunk to
    the identity as if it stood on `PRIOR_SPEAKERS` more, V diag((l / (1 + l))^a): a = 1 is what a
    Gaussian model of speakers says (PLDA), a = 0 leaves all directions alike.

    Args:
        means: (G, P) centred.
    """
    n_speakers, width = means.shape
    share = PRIOR_SPEAKERS / (PRIOR_SPEAKERS + n_speakers)
    between = (1.0 - share) * (means.T @ means / (n_speakers - 1)).astype(np.float32)
    between[np.diag_indices(width)] += share * float((means**2).sum()) / (n_speakers - 1) / width
    values, vectors = eigh(between)
    values = np.maximum(values, 1e-9)
    return np.asarray(vectors * (values / (1.0 + values)) ** EMPHASIS)


def _windows(gallery: Mapping[str, Sequence[Embedding]], width: int) -> tuple[FloatArray, IntArray]:
    """(N, D) windows of a gallery, at most `MOST_ADAPTING`, and (N,) their speakers from 0 on."""
    n_all = sum(len(one.vectors) for own in gallery.values() for one in own)
    every = max(1, -(-n_all // MOST_ADAPTING))
    parts = [np.concatenate([one.vectors for one in own])[::every] for own in gallery.values()]
    if not parts:
        return np.zeros((0, width), dtype=np.float32), np.zeros(0, dtype=np.int64)
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return np.concatenate(parts), labels
