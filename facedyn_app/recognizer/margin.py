"""Additive-margin softmax over the training speakers (Wang et al. 2018, arXiv 1801.05599)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MarginSoftmax(nn.Module):
    """Cross-entropy of scaled cosines, the own speaker's less a margin.

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
