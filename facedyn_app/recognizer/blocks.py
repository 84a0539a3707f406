"""Blocks of the embedding networks: Conformer, and coherency between channels.

Conformer: Gulati et al. 2020, arXiv 2005.08100. Shapes: B windows, T steps in time, C channels
(`width`), H heads.

Gains change from session to session, and with them every mean and deviation; which part leads and
which follows hardly does. For each band k, complex band-pass filters g_k turn the channels x_c and
a few learnt mixtures of them m_r into z_kc(t) = sum_s g_k(s) x_c(t + s), z_kr likewise, and

    coherency_kcr = sum_t z_kc conj(z_kr) / sqrt(sum_t |z_kc|^2  sum_t |z_kr|^2)

says how strongly a channel goes with a mixture in that band and, by its phase, how far it lags
behind; no gain changes it. Coherency: Nolte et al. 2004, doi 10.1016/j.clinph.2004.04.029. The
filters start as Morlet wavelets and are learnt.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FROM_CYCLES, TO_CYCLES = 0.028, 0.36
"""Middles of the first and the last band, cycles a frame: 0.7 and 9 Hz at 25 frames/s."""
N_FRAMES = 41
"""Length of a filter."""
LONGEST_SPREAD = 0.21
"""Of a filter's envelope, share of its length: it has faded at the ends."""
LEAST_POWER = 1e-8


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


class ChannelCoherency(nn.Module):
    """Coherencies of channels with learnt mixtures of them.

    Args:
        n_channels: C.
        n_bands: K.
        n_mixtures: R.

    Attributes:
        n_out: 2 K C R, the real and then the imaginary parts.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_channels: int, n_bands: int, n_mixtures: int) -> None:
        super().__init__()
        self.n_bands = n_bands
        self.n_out = 2 * n_bands * n_channels * n_mixtures
        # also where only shapes are wanted: torch would import its compiler to work them out
        with torch.device("cpu"):
            self.filters = nn.Parameter(wavelets(n_bands)[:, None])
            self.mixtures = nn.Parameter(torch.randn(n_mixtures, n_channels) / n_channels**0.5)
        self.register_buffer("mean", torch.zeros(self.n_out))
        self.register_buffer("deviation", torch.ones(self.n_out))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) channels to (B, 2 K C R) coherencies in units of their usual deviation."""
        return (self.coherencies(x) - self.mean) / self.deviation

    def coherencies(self, x: Tensor) -> Tensor:
        """(B, T, C) channels to (B, 2 K C R) coherencies, real and imaginary parts, -1..1."""
        n_batch, n_steps, n_channels = x.shape
        each = x.transpose(1, 2).reshape(n_batch * n_channels, 1, n_steps)
        found = nn.functional.conv1d(each, self.filters, padding=N_FRAMES // 2)
        found = found.view(n_batch, n_channels, 2, self.n_bands, n_steps).permute(2, 0, 3, 1, 4)
        mixed = self.mixtures @ found
        (re, im), (mixed_re, mixed_im) = found, mixed.mT
        both_re = re @ mixed_re + im @ mixed_im
        both_im = im @ mixed_re - re @ mixed_im
        power = found.square().sum((0, 4))[..., :, None]
        mixed_power = mixed.square().sum((0, 4))[..., None, :]
        least = (power * mixed_power + LEAST_POWER).rsqrt()
        return torch.cat([(both_re * least).flatten(1), (both_im * least).flatten(1)], dim=1)

    @torch.no_grad()
    def learn_normalisation(self, x: Tensor) -> None:
        """Take the mean and the deviation of each coherency from (B, T, C) usual channels."""
        found = torch.cat([self.coherencies(part) for part in torch.split(x, 64)])
        self.mean.copy_(found.mean(dim=0))
        self.deviation.copy_(found.std(dim=0, correction=0).clamp(min=1e-3))


def wavelets(n_bands: int) -> Tensor:
    """(2 K, L) filters of K bands: Morlet wavelets of zero mean and length 1, real parts first."""
    time = torch.arange(N_FRAMES) - N_FRAMES // 2
    middles = torch.logspace(math.log10(FROM_CYCLES), math.log10(TO_CYCLES), n_bands)[:, None]
    spread = (0.5 / middles).clamp(max=LONGEST_SPREAD * N_FRAMES)
    envelope = torch.exp(-0.5 * (time / spread) ** 2)
    phase = 2.0 * math.pi * middles * time
    real, imaginary = envelope * phase.cos(), envelope * phase.sin()
    real = real - envelope * real.sum(1, keepdim=True) / envelope.sum(1, keepdim=True)
    length = (real.square() + imaginary.square()).sum(1, keepdim=True).sqrt()
    return torch.cat([real / length, imaginary / length])
