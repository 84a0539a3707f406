"""Recognizer: a head's channels, network, back-end and calibration, together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from facedyn_app.dynamics.features import feature_names
from facedyn_app.errors import MismatchError
from facedyn_app.recognizer.backend import Backend
from facedyn_app.recognizer.descriptors import describe
from facedyn_app.recognizer.motion_windows import MotionWindows, feature_windows, moving_channels
from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.recognizer.ranking import RankedMatches, rank
from facedyn_app.recognizer.scoring import Calibration, Gallery, ScoreSpace, compared_gallery
from facedyn_app.records import Embedding, FloatArray, Session
from facedyn_app.settings import FeatureSettings, NetworkSettings

WINDOWS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)  # no slots: they would leave no room for the fingerprint
class Recognizer:
    """Everything that turns sessions of one head into ranked speakers.

    Attributes:
        head_id: The head whose coefficients it reads.
        expression_names: The E expression channels it reads, by name.
        features: How motion is sampled and cut.
        sizes: Sizes of the network.
        network: The network, in evaluation mode.
        backend: Whitening of descriptors and of the network's embedding.
        calibration: From scores to probabilities.
        training: What it was trained on and how: plain JSON values.
        metrics: What was measured on held-out sessions: plain JSON values.
        from_simulation: Whether it has learnt from simulated speakers alone, not from people.
    """

    head_id: str
    expression_names: tuple[str, ...]
    features: FeatureSettings
    sizes: NetworkSettings
    network: EmbeddingNetwork
    backend: Backend
    calibration: Calibration
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    from_simulation: bool = False

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the network's inputs, in order."""
        return feature_names(self.expression_names, self.features)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that its embeddings depend on."""
        texts = [self.head_id, *self.expression_names, repr(self.features), repr(self.sizes)]
        digest = hashlib.sha256("\n".join(texts).encode())
        for name, value in sorted(self.network.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().numpy().tobytes())
        digest.update(self.backend.resting.tobytes() + str(self.backend.n_windows).encode())
        if self.backend.descriptors.whole:  # embedded otherwise by earlier programs
            digest.update(b"what is not seen takes no part")
        for part in (self.backend.descriptors, self.backend.network):
            for array in (part.centre, part.scale, part.projection):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]

    def embed(self, session: Session) -> Embedding:
        """Embed a session's motion windows.

        Raises:
            MismatchError: The session is of another head than the recognizer.
            TooLittleError: The session has no stretch that is long enough.
        """
        return self.embed_windows(self.windows(session))

    def embed_windows(self, cut: MotionWindows) -> Embedding:
        """Embed windows that are cut already."""
        return motion_embedding(self.network, self.backend, cut)

    def windows(self, session: Session) -> MotionWindows:
        """The windows of a session as the network reads them; raises what `embed` raises."""
        return feature_windows(session, self.features, self.head_id, self.expression_names)

    def space(self, gallery: Mapping[str, Sequence[Embedding]]) -> ScoreSpace:
        """The score space of a gallery, adapted to its speakers."""
        return self.backend.space(gallery)

    def gallery(self, embeddings: Mapping[str, Sequence[Embedding]]) -> Gallery:
        """Speakers as recordings are compared with them, in a space adapted to them.

        Args:
            embeddings: Each speaker's enrolled sessions.

        Raises:
            TooLittleError: There is no speaker.
        """
        return compared_gallery(embeddings, self.space(embeddings))

    def rank(self, probe: Embedding, gallery: Gallery) -> RankedMatches:
        """Rank enrolled speakers, most probable first.

        Raises:
            MismatchError: The embeddings come from another recognizer.
        """
        check_embeddings(probe, gallery)
        return rank(probe, gallery, self.calibration)

    def threshold(self, false_accept_rate: float, n_enrolled: int) -> float:
        """Probability below which the best match is "not in the gallery"."""
        return self.calibration.threshold(false_accept_rate, n_enrolled)


def motion_embedding(network: EmbeddingNetwork, backend: Backend, cut: MotionWindows) -> Embedding:
    """The whitened coordinates of windows: descriptors, then the network's embedding."""
    scale = learnt_scale(network)
    present = cut.present & (moving_channels(cut.values, scale) | backend.resting)
    described = describe(cut.values, cut.rate_hz, scale, present)
    embedded = embed_windows(network, cut.values)
    return Embedding(backend.coordinates(described, embedded), cut.spans)


def learnt_scale(network: EmbeddingNetwork) -> FloatArray:
    """(F,) standard deviations of the features in training; 0 for those that never moved."""
    return np.asarray((network.scale * network.live).cpu().numpy())


def check_embeddings(probe: Embedding, gallery: Gallery) -> None:
    """Make sure that a probe and a gallery were embedded alike.

    Raises:
        MismatchError: Their embeddings have different lengths.
    """
    asked, enrolled = probe.vectors.shape[1], gallery.directions.shape[1]
    if asked != enrolled:
        raise MismatchError(
            f"The probe's embedding has {asked} numbers, the gallery's {enrolled}: "
            "they come from different recognizers.",
            "Embed both with the same recognizer.",
        )


def embed_windows(network: EmbeddingNetwork, cut: FloatArray) -> FloatArray:
    """(W, D) float32 unit vectors of (W, T, F) windows, a batch at a time."""
    device = network.scale.device
    vectors = []
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(cut), WINDOWS_AT_ONCE):
            batch = torch.as_tensor(cut[start : start + WINDOWS_AT_ONCE], dtype=torch.float32)
            vectors.append(network(batch.to(device)).cpu().numpy())
    network.train(was_training)
    return np.concatenate(vectors)
