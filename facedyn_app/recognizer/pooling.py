"""Attentive statistics pooling (Okabe et al. 2018, arXiv 1803.10963), and its statistics' norm."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

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
