"""Speed of the recognizer's network, beside the plain transformer encoder that torch brings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from facedyn_app.bench.speed import timed
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.settings import NetworkSettings

N_FEATURES = 84
"""Features of a frame: of 39 expression channels and the jaw, with their velocities."""


@dataclass(frozen=True, slots=True)
class ForwardSpeed:
    """Windows a second that a network embeds, without gradients.

    Attributes:
        network: Of the recognizer's network.
        transformer: Of `torch.nn.TransformerEncoder` of the same width, depth and heads on the
            same subsampled steps.
        full_rate: Of the same encoder on all frames.
        n_windows: Windows embedded at a time.
        n_frames: Frames of a window.
        device: Where.
        n_threads: Threads of the CPU.
    """

    network: float
    transformer: float
    full_rate: float
    n_windows: int
    n_frames: int
    device: str
    n_threads: int


def measure_forward(
    settings: NetworkSettings,
    *,
    n_windows: int = 256,
    n_frames: int = 300,
    device: str = "cpu",
    n_repeats: int = 3,
    on_progress: OnProgress = ignore,
) -> ForwardSpeed:
    """Time the forward pass, the best of some repeats.

    Args:
        settings: Sizes of the network.
        n_windows: Windows at a time.
        n_frames: Frames of a window.
        device: A torch device.
        n_repeats: Repeats of each.
        on_progress: Told of every pass; may raise `Cancelled`.
    """
    windows = torch.randn(n_windows, n_frames, N_FEATURES, device=device)
    network = MotionNetwork(N_FEATURES, settings).to(device).eval()
    plain = {quarter: _Plain(settings, quarter).to(device).eval() for quarter in (True, False)}
    modules: list[nn.Module] = [network, plain[True], plain[False]]
    rates = []
    for k, module in enumerate(modules):
        seconds = []
        for n in range(n_repeats):
            on_progress(Progress("timing the network", k * n_repeats + n, len(modules) * n_repeats))
            with torch.inference_mode():
                seconds.append(timed(partial(module, windows), device))
        rates.append(n_windows / min(seconds))
    return ForwardSpeed(
        network=rates[0],
        transformer=rates[1],
        full_rate=rates[2],
        n_windows=n_windows,
        n_frames=n_frames,
        device=device,
        n_threads=torch.get_num_threads(),
    )


class _Plain(nn.Module):
    """torch's transformer encoder with a mean over time, on every fourth frame or on all."""

    def __init__(self, settings: NetworkSettings, quarter: bool) -> None:
        super().__init__()
        self.step = 4 if quarter else 1
        self.narrow = nn.Linear(N_FEATURES, settings.width)
        layer = nn.TransformerEncoderLayer(
            settings.width,
            settings.n_heads,
            4 * settings.width,
            settings.dropout,
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, settings.n_blocks)
        self.embedding = nn.Linear(settings.width, settings.embedding)

    def forward(self, windows: Tensor) -> Tensor:
        """(B, T, F) to (B, D)."""
        steps = self.encoder(self.narrow(windows[:, :: self.step]))
        y: Tensor = self.embedding(steps.mean(dim=1))
        return y
