"""The network: motion windows to embeddings of length 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedyn_app.recognizer.conformer import ConformerBlock, Subsampling
from facedyn_app.recognizer.coordination import Coordination
from facedyn_app.recognizer.pooling import AttentiveStatistics, BatchStandardised
from facedyn_app.settings import NetworkSettings

LARGEST_INPUT = 6.0
"""Scaled features beyond this are cut: a tracking slip must not decide who somebody is."""


class EmbeddingNetwork(nn.Module):
    """What every network shares: scaling, attentive pooling, embedding.

    The pooled statistics pass a BatchNorm without affine part, as in MFA-Conformer: each is then
    told in units of how much it differs between windows. Channels that never moved in training
    are left out, whatever they do later.

    A window may have any length of at least 8 frames.

    Args:
        n_features: F, features of a frame.
        channels: C, what `encode` gives for each step.
        settings: Sizes.
    """

    scale: Tensor
    live: Tensor

    def __init__(self, n_features: int, channels: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.n_embedding = settings.embedding
        self.register_buffer("scale", torch.ones(n_features))
        self.register_buffer("live", torch.ones(n_features))
        self.pooling = AttentiveStatistics(channels, settings.width)
        self.embedding = nn.Sequential(
            BatchStandardised(2 * channels),
            nn.Dropout(settings.statistics_dropout),
            nn.Linear(2 * channels, settings.embedding),
        )

    def encode(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, T / 4, C) steps."""
        raise NotImplementedError

    def forward(self, windows: Tensor) -> Tensor:
        """Embed windows.

        Args:
            windows: (B, T, F) motion features in their own units.

        Returns:
            (B, D) embeddings, each of length 1.
        """
        return nn.functional.normalize(self.embed(self._scaled(windows)), dim=1)

    def embed(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, D) embeddings of any length."""
        y: Tensor = self.embedding(self.pooling(self.encode(scaled)))
        return y

    def settle(self, scale: Tensor, windows: Tensor) -> None:
        """Take what is usual from the training sessions, before training.

        Args:
            scale: (F,) standard deviations of the features; 0 for those that never move.
            windows: (B, T, F) windows of many sessions.
        """
        self.live.copy_(scale > 0.0)
        self.scale.copy_(torch.where(scale > 0.0, scale, 1.0))

    def _scaled(self, windows: Tensor) -> Tensor:
        scaled = (windows / self.scale).clamp(-LARGEST_INPUT, LARGEST_INPUT)
        return scaled * self.live


class MotionNetwork(EmbeddingNetwork):
    """Conformer blocks, the outputs of all side by side, and how channels move together.

    Concatenating the blocks' outputs follows MFA-Conformer (Zhang et al. 2022,
    arXiv 2203.15249). The blocks see what a face does; the coherencies, which no gain changes, add
    how its parts are timed against each other (coordination.py).

    Args:
        n_features: F, features of a frame.
        settings: Sizes.
    """

    def __init__(self, n_features: int, settings: NetworkSettings) -> None:
        super().__init__(n_features, settings.width * settings.n_blocks, settings)
        self.subsampling = Subsampling(n_features, settings.width)
        self.blocks = nn.ModuleList(
            ConformerBlock(settings.width, settings.n_heads, settings.kernel, settings.dropout)
            for _ in range(settings.n_blocks)
        )
        self.coordination = Coordination(n_features // 2, settings.n_bands, settings.n_mixtures)
        self.timing = nn.Sequential(
            nn.Dropout(settings.dropout), nn.Linear(self.coordination.n_out, settings.embedding)
        )

    def embed(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, D) embeddings of any length."""
        # half precision would spoil phases of a few degrees
        with torch.autocast(scaled.device.type, enabled=False):
            timed: Tensor = self.timing(self.coordination(_velocities(scaled).float()))
        return super().embed(scaled) + timed

    def settle(self, scale: Tensor, windows: Tensor) -> None:
        """Take what is usual from the training sessions: the features' scale, the coherencies."""
        super().settle(scale, windows)
        self.coordination.learn_spread(_velocities(self._scaled(windows)))

    def encode(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, T / 4, C) steps."""
        x = self.subsampling(scaled)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return torch.cat(outputs, dim=2)


def _velocities(scaled: Tensor) -> Tensor:
    """The velocities of features: as coherent as the channels, and without any offset."""
    return scaled[..., scaled.shape[2] // 2 :]


class GruNetwork(EmbeddingNetwork):
    """A bidirectional GRU in the Conformer's place, for comparison: the plain choice.

    Args:
        n_features: F, features of a frame.
        settings: Sizes; heads and kernel do not count here.
    """

    def __init__(self, n_features: int, settings: NetworkSettings) -> None:
        super().__init__(n_features, 2 * settings.width, settings)
        self.subsampling = Subsampling(n_features, settings.width)
        self.layers = nn.GRU(
            settings.width, settings.width, num_layers=2, batch_first=True, bidirectional=True
        )

    def encode(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, T / 4, C) steps."""
        outputs: Tensor = self.layers(self.subsampling(scaled))[0]
        return outputs
