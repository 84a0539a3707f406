"""Training batches: sessions of P speakers times K windows, and the augmentation of windows.

Gains stay as they are: how much each part of the face moves is the person's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import TooLittleError
from facedyn_app.records import IntArray


class SessionBatches:
    """Endless batches of sessions, for one random window of each.

    Speakers come in shuffled rounds, so that all are seen about equally often. A speaker gives
    `n_windows` different sessions, or as many as they have; one with a single session is only ever
    a negative.

    Args:
        speakers: The speaker of each session.
        n_speakers: P, or as many as there are.
        n_windows: K.
        rng: Source of randomness.

    Attributes:
        order: The speakers still to come in this round; with the state of `rng` it says what
            follows.

    Raises:
        TooLittleError: Nobody has two sessions, or there is only one speaker.
    """

    def __init__(
        self,
        speakers: Sequence[str],
        n_speakers: int,
        n_windows: int,
        rng: np.random.Generator,
    ) -> None:
        sessions: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(speakers):
            sessions[name].append(index)
        if len(sessions) < 2 or max(len(own) for own in sessions.values()) < 2:
            raise TooLittleError(
                "Training needs at least two speakers, and two sessions of at least one of them.",
                "Add more recordings.",
            )
        self.order: list[int] = []
        self._groups = list(sessions.values())
        self._n_speakers = min(n_speakers, len(self._groups))
        self._n_windows, self._rng = n_windows, rng

    def __iter__(self) -> SessionBatches:
        return self

    def __next__(self) -> IntArray:
        """The numbers of the sessions of the next batch."""
        if len(self.order) < self._n_speakers:
            self.order = [int(i) for i in self._rng.permutation(len(self._groups))]
        chosen = [self._groups[self.order.pop()] for _ in range(self._n_speakers)]
        return np.concatenate([self._rng.permutation(own)[: self._n_windows] for own in chosen])


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strength of the changes to training windows.

    Attributes:
        noise: Largest added noise, share of a channel's standard deviation.
        drop: Share of channels silenced.
        stretch: Largest change of speed, share.
        recentre_share: Share of windows centred on their own mean instead of the session's,
            since a short probe has a mean of its own.
    """

    noise: float = 0.1
    drop: float = 0.05
    stretch: float = 0.04
    recentre_share: float = 0.5


def augment(
    windows: Tensor,
    scale: Tensor,
    rate_hz: float,
    augmentation: Augmentation,
    generator: torch.Generator,
) -> Tensor:
    """Change windows at random; velocities change with their channels.

    Args:
        windows: (B, T, 2 F) channels, then their velocities per second.
        scale: (2 F,) standard deviations of the features.
        rate_hz: Frames per second.
        augmentation: How far.
        generator: Source of randomness, on the windows' device.

    Returns:
        (B, T, 2 F) changed windows.
    """
    n_batch, n_steps, n_features = windows.shape
    half = n_features // 2

    def uniform(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator, device=windows.device)

    def normal(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, device=windows.device)

    windows = _stretched(windows, 1.0 + augmentation.stretch * (2.0 * uniform(n_batch) - 1.0))
    kept = (uniform(n_batch, 1, half) >= augmentation.drop).to(windows.dtype)
    moving = (windows[..., :half].abs().amax(dim=1, keepdim=True) > 0.0).to(windows.dtype)
    level = augmentation.noise * uniform(n_batch, 1, 1) * scale[:half] * moving
    noise = level * normal(n_batch, n_steps, half)
    noise_velocity = torch.gradient(noise, spacing=1.0 / rate_hz, dim=1)[0]
    channels = windows[..., :half] * kept + noise
    own_mean = uniform(n_batch, 1, 1) < augmentation.recentre_share
    channels = channels - own_mean * channels.mean(dim=1, keepdim=True)
    return torch.cat([channels, windows[..., half:] * kept + noise_velocity], dim=2)


def _stretched(windows: Tensor, speed: Tensor) -> Tensor:
    """Windows played at another speed about their middle; the ends are held."""
    _, n_steps, n_features = windows.shape
    middle = 0.5 * (n_steps - 1)
    step = torch.arange(n_steps, device=windows.device, dtype=windows.dtype)
    at = (middle + (step[None] - middle) * speed[:, None]).clamp(0, n_steps - 1)
    low = at.floor().long().clamp(max=n_steps - 2)
    share = (at - low)[..., None]
    rows = low[..., None].expand(-1, -1, n_features)
    mixed = windows.gather(1, rows) * (1.0 - share) + windows.gather(1, rows + 1) * share
    half = n_features // 2
    return torch.cat([mixed[..., :half], mixed[..., half:] * speed[:, None, None]], dim=2)
