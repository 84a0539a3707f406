"""Attentive statistics pooling (Okabe et al. 2018, arXiv 1803.10963)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST_VARIANCE = 1e-5


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
