"""Back-end: whitened descriptors and embeddings, learnt once, adapted at every enrolment.

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

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from facedyn_app.recognizer.scoring import Block, ScoreSpace, identity_block
from facedyn_app.recognizer.whitening import Whitening, speaker_means
from facedyn_app.records import BoolArray, Embedding, FloatArray, IntArray

FARTHEST = 1e3
"""Largest coordinate, in deviations within speakers: farther out lie only tracking slips."""


NETWORK_WEIGHT = 0.3
"""Of the network's cosine beside the descriptors'; chosen on half of the people of two corpora."""

MOST_PRIOR = 2000
"""Training windows that count at most, where a library's own speakers adapt the back-end."""

PRIOR_SPEAKERS = 10
"""Speakers that what the training says of all counts as, against how a library's own differ."""

CENTRE_SPEAKERS = 2
"""Likewise, against their mean: a face is seen otherwise in every study, and there is one of it."""

EMPHASIS = 0.4
"""Power by which directions in which a gallery's speakers differ are emphasised, 0..1."""

MOST_ADAPTING = 4000
"""Windows of a library, evenly taken, that adapt the back-end: a bound on time."""

ADAPTATION = (
    NETWORK_WEIGHT,
    PRIOR_SPEAKERS,
    CENTRE_SPEAKERS,
    EMPHASIS,
    MOST_ADAPTING,
)
"""Constants on which an adapted space depends, beside back-end and gallery."""


@dataclass(frozen=True, slots=True, eq=False)
class Backend:
    """Whitening of descriptors and network, learnt from the training speakers.

    Attributes:
        descriptors: Whitening of the descriptors.
        network: Whitening of the network's embedding.
        resting: (C,) channels whose rest throughout a recording is a habit of the speaker's; where
            another rests, it was not measured (motion_windows.py).
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
            gallery: Each enrolled speaker's embeddings; may be empty.
            network_weight: Of the network's cosine; the descriptors' has the rest.
        """
        windows, labels = _windows(gallery, sum(self.sizes))
        blocks = []
        ends = np.cumsum((0, *self.sizes))
        weights = (1.0 - network_weight, network_weight)
        for first, last, weight in zip(ends[:-1], ends[1:], weights, strict=True):
            blocks.append(self._adapted(windows[:, first:last], labels, weight))
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
