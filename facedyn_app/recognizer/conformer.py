"""Conformer blocks (Gulati et al. 2020, arXiv 2005.08100) for sequences of motion features.

Shapes: B windows, T steps in time, C channels (`width`), H heads.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Subsampling(nn.Module):
    """Two convolutions of stride 2: (B, T, F) features to (B, ceil(T / 4), C) steps."""

    def __init__(self, n_features: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_features, width, 5, stride=2, padding=2)
        self.second = nn.Conv1d(width, width, 5, stride=2, padding=2)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, F) to (B, ceil(T / 4), C)."""
        x = nn.functional.silu(self.first(x.transpose(1, 2)))
        x = self.second(x).transpose(1, 2)
        normed: Tensor = self.norm(x)
        return normed


class ChannelDropout(nn.Module):
    """Silences whole channels of a window: frames in a row say much the same, channels do not."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        dropped = nn.functional.dropout1d(x.transpose(1, 2), self.share, self.training)
        return dropped.transpose(1, 2)


class FeedForward(nn.Module):
    """The macaron half: norm, widen four times, swish, narrow."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.SiLU(),
            ChannelDropout(dropout),
            nn.Linear(4 * width, width),
            ChannelDropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        y: Tensor = self.layers(x)
        return y


def relative_positions(n_steps: int, width: int, like: Tensor) -> Tensor:
    """Sinusoids of the distance i - j for all distances T-1 ... -(T-1), (2 T - 1, C)."""
    distance = torch.arange(n_steps - 1, -n_steps, -1, device=like.device, dtype=like.dtype)
    power = torch.arange(0, width, 2, device=like.device, dtype=like.dtype) / width
    angle = distance[:, None] * torch.exp(-math.log(10000.0) * power)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


class RelativeSelfAttention(nn.Module):
    """Self-attention that sees content and distance (Dai et al. 2019, arXiv 1901.02860).

    score_ij = ((q_i + u) . k_j + (q_i + v) . r_(i-j)) / sqrt(C / H), weights = softmax over j,
    with r a linear map of the sinusoids of i - j, and u, v learnt for each head.
    """

    def __init__(self, width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.position = nn.Linear(width, width, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(n_heads, width // n_heads))
        self.position_bias = nn.Parameter(torch.zeros(n_heads, width // n_heads))
        self.out = nn.Linear(width, width)
        self.drop = ChannelDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        n_batch, n_steps, width = x.shape
        mixed = self.query_key_value(self.norm(x)).view(n_batch, n_steps, 3, self.n_heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        far = self.position(relative_positions(n_steps, width, x))
        far = far.view(2 * n_steps - 1, self.n_heads, -1).permute(1, 2, 0)
        by_content = (query + self.content_bias[:, None]) @ key.transpose(2, 3)
        by_distance = (query + self.position_bias[:, None]) @ far
        step = torch.arange(n_steps, device=x.device)
        where = (n_steps - 1) - step[:, None] + step[None, :]
        by_distance = by_distance.gather(3, where.expand(n_batch, self.n_heads, -1, -1))
        weights = torch.softmax((by_content + by_distance) / math.sqrt(query.shape[-1]), dim=-1)
        mixed_values = (weights @ value).transpose(1, 2).reshape(x.shape)
        y: Tensor = self.drop(self.out(mixed_values))
        return y


class Convolution(nn.Module):
    """The convolution module; a LayerNorm of each step stands for the paper's batch norm.

    Batches here are small and of one kind of head, and a single probe must give the same
    embedding alone as in a batch.
    """

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.depth_norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)
        self.drop = ChannelDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        gated = nn.functional.glu(self.widen(self.norm(x)), dim=-1)
        seen = self.depthwise(gated.transpose(1, 2)).transpose(1, 2)
        y: Tensor = self.drop(self.out(nn.functional.silu(self.depth_norm(seen))))
        return y


class ConformerBlock(nn.Module):
    """Half a feed-forward, attention, convolution, half a feed-forward, norm."""

    def __init__(self, width: int, n_heads: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.before = FeedForward(width, dropout)
        self.attention = RelativeSelfAttention(width, n_heads, dropout)
        self.convolution = Convolution(width, kernel, dropout)
        self.after = FeedForward(width, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        x = x + 0.5 * self.before(x)
        x = x + self.attention(x)
        x = x + self.convolution(x)
        x = x + 0.5 * self.after(x)
        y: Tensor = self.norm(x)
        return y
