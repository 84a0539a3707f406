"""Embedding networks: motion windows to embeddings of length 1."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from facedyn_app.recognizer.blocks import ChannelCoherency, ConformerBlock, Subsampling
from facedyn_app.settings import NetworkSettings

LEAST_VARIANCE = 1e-5

MOMENTUM = 0.1
"""Share of a new batch in the running statistics."""


class AttentiveStatistics(nn.Module):
    """Weighted mean and standard deviation over time, weights learnt per channel.

    weights = softmax over t of V tanh(W h_t + b); mean = sum_t w_t h_t;
    deviation = sqrt(sum_t w_t h_t^2 - mean^2).
    """

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.score = nn.Sequential(
            nn.Linear(channels, bottleneck), nn.Tanh(), nn.Linear(bottleneck, channels)
        )

    def forward(self, h: Tensor) -> Tensor:
        """(B, T, C) to (B, 2 C): means, then deviations."""
        weights = torch.softmax(self.score(h), dim=1)
        mean = (weights * h).sum(dim=1)
        variance = (weights * (h - mean[:, None]) ** 2).sum(dim=1)
        return torch.cat([mean, (variance + LEAST_VARIANCE).sqrt()], dim=1)


class BatchStandardised(nn.Module):
    """A BatchNorm without affine part, over the batches of all processes together.

    In training a value is taken over the batch's own mean and deviation, afterwards over their
    running means, so that a window is embedded alone as in a batch. (torch's SyncBatchNorm does
    the same on CUDA devices alone.)

    Args:
        n_features: F.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("variance", torch.ones(n_features))

    def forward(self, x: Tensor) -> Tensor:
        """(B, F) to (B, F)."""
        if not self.training:
            return (x - self.mean) * (self.variance + LEAST_VARIANCE).rsqrt()
        x = x.float()
        mean = _over_processes(x.mean(dim=0))
        variance = _over_processes((x - mean).square().mean(dim=0))
        with torch.no_grad():
            self.mean.lerp_(mean, MOMENTUM)
            self.variance.lerp_(variance, MOMENTUM)
        return (x - mean) * (variance + LEAST_VARIANCE).rsqrt()


def _over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, each with as large a share of the batch."""
    if not (dist.is_available() and dist.is_initialized()):
        return value
    summed: Tensor = all_reduce(value)  # type: ignore[no-untyped-call]
    return summed / dist.get_world_size()


LARGEST_INPUT = 6.0
"""Scaled features beyond this are cut: a tracking slip must not decide who somebody is."""


class EmbeddingNetwork(nn.Module):
    """Base of all networks: scaling, attentive pooling, embedding.

    The pooled statistics pass a BatchNorm without affine part, as in MFA-Conformer: each is then
    given in units of how much it differs between windows. Channels that never moved in training
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

    def fit_normalisation(self, scale: Tensor, windows: Tensor) -> None:
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
    how its parts are timed against each other (blocks.py).

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
        # tensors of this name lie in recognizers' files
        self.coordination = ChannelCoherency(n_features // 2, settings.n_bands, settings.n_mixtures)
        self.timing = nn.Sequential(
            nn.Dropout(settings.dropout), nn.Linear(self.coordination.n_out, settings.embedding)
        )

    def embed(self, scaled: Tensor) -> Tensor:
        """(B, T, F) scaled features to (B, D) embeddings of any length."""
        # half precision would spoil phases of a few degrees
        with torch.autocast(scaled.device.type, enabled=False):
            timed: Tensor = self.timing(self.coordination(_velocities(scaled).float()))
        return super().embed(scaled) + timed

    def fit_normalisation(self, scale: Tensor, windows: Tensor) -> None:
        """Take what is usual from the training sessions: the features' scale, the coherencies."""
        super().fit_normalisation(scale, windows)
        self.coordination.learn_normalisation(_velocities(self._scaled(windows)))

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
