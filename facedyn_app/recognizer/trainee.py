"""Trainee: the network with its losses, additive-margin softmax and supervised contrast."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.settings import Settings


def supervised_contrastive_loss(vectors: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Mean over anchors of the mean over their positives, outside the logarithm.

    Khosla et al. 2020, arXiv 2004.11362, equation 2:

    loss_i = -1 / |P(i)| sum over p in P(i) of
             log(exp(z_i . z_p / tau) / sum over a != i of exp(z_i . z_a / tau)),
    P(i) the others with the anchor's label; an anchor without any is skipped.

    Args:
        vectors: (B, D) of length 1.
        labels: (B,) integers.
        temperature: tau.

    Returns:
        The loss; 0 (with a gradient of 0) when no anchor has a positive.
    """
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positive = (labels[:, None] == labels[None, :]) & ~itself
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, -torch.inf)
    log_share = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    n_positive = positive.sum(dim=1)
    of_anchor = log_share.masked_fill(~positive, 0.0).sum(dim=1) / n_positive.clamp(min=1)
    anchors = n_positive > 0
    return -(of_anchor * anchors).sum() / anchors.sum().clamp(min=1)


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
