"""The network: motion windows to embeddings of length 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedyn_app.recognizer.conformer import ConformerBlock, Subsampling
from facedyn_app.recognizer.pooling import AttentiveStatistics
from facedyn_app.settings import NetworkSettings

LARGEST_INPUT = 6.0
"""Scaled features beyond this are cut: a tracking slip must not decide who somebody is."""


class MotionNetwork(nn.Module):
    """Subsampling, Conformer blocks, attentive pooling over all blocks' outputs, embedding.

    Concatenating the blocks' outputs follows MFA-Conformer (Zhang et al. 2022,
    arXiv 2203.15249). A window may have any length of at least 8 frames.

    Args:
        n_features: F, features of a frame.
        settings: Sizes.
    """

    scale: Tensor

    def __init__(self, n_features: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(n_features))
        self.subsampling = Subsampling(n_features, settings.width)
        self.blocks = nn.ModuleList(
            ConformerBlock(settings.width, settings.n_heads, settings.kernel, settings.dropout)
            for _ in range(settings.n_blocks)
        )
        joined = settings.width * settings.n_blocks
        self.pooling = AttentiveStatistics(joined, settings.width)
        self.embedding = nn.Sequential(
            nn.LayerNorm(2 * joined), nn.Linear(2 * joined, settings.embedding)
        )
        self.projection = nn.Sequential(
            nn.Linear(settings.embedding, settings.embedding),
            nn.SiLU(),
            nn.Linear(settings.embedding, settings.embedding),
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Embed windows.

        Args:
            windows: (B, T, F) motion features in their own units.

        Returns:
            (B, D) embeddings, each of length 1.
        """
        x = self.subsampling((windows / self.scale).clamp(-LARGEST_INPUT, LARGEST_INPUT))
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        pooled = self.pooling(torch.cat(outputs, dim=2))
        return nn.functional.normalize(self.embedding(pooled), dim=1)

    def project(self, embeddings: Tensor) -> Tensor:
        """(B, D) embeddings to (B, D) unit vectors on which the loss is taken in training."""
        return nn.functional.normalize(self.projection(embeddings), dim=1)
