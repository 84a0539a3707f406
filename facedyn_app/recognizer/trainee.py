"""Trainee: the network with its additive-margin softmax over the training speakers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.settings import Settings


class MarginSoftmax(nn.Module):
    """Cross-entropy of scaled cosines, the own speaker's less a margin.

    Wang et al. 2018, arXiv 1801.05599:

    loss = -log(exp(s (cos_y - m)) / (exp(s (cos_y - m)) + sum over k != y of exp(s cos_k))).

    Args:
        n_speakers: Training speakers.
        n_embedding: D.
        margin: m.
        scale: s.
    """

    def __init__(self, n_speakers: int, n_embedding: int, margin: float, scale: float) -> None:
        super().__init__()
        self.speakers = nn.Parameter(torch.randn(n_speakers, n_embedding) / n_embedding**0.5)
        self.margin, self.scale = margin, scale

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of (B, D) embeddings of length 1 with their (B,) speakers."""
        cosines = embeddings @ nn.functional.normalize(self.speakers, dim=1).T
        own = self.margin * nn.functional.one_hot(labels, len(self.speakers)).to(cosines.dtype)
        return nn.functional.cross_entropy(self.scale * (cosines - own), labels)


class Trainee(nn.Module):
    """A network with all that only training needs.

    Args:
        network: What is trained.
        margin: Softmax over the training speakers; None for none.
    """

    def __init__(self, network: EmbeddingNetwork, margin: MarginSoftmax | None) -> None:
        super().__init__()
        self.network, self.margin = network, margin

    def forward(self, windows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D) embeddings for the contrastive loss, and the margin loss (0 without)."""
        embedded = self.network(windows)
        extra = embedded.new_zeros(()) if self.margin is None else self.margin(embedded, labels)
        return embedded, extra


def margin_softmax(settings: Settings, n_speakers: int) -> MarginSoftmax | None:
    """The margin softmax that the settings ask for; None where its loss weighs nothing."""
    plan = settings.train
    if plan.margin_weight <= 0.0:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed + 2)
        return MarginSoftmax(n_speakers, settings.network.embedding, plan.margin, plan.margin_scale)
