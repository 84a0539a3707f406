"""Coherency between channels, band by band: how the parts of a face move together.

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
