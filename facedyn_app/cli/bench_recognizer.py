"""`facedyn bench recognizer`: how fast the network embeds windows."""

from __future__ import annotations

from dataclasses import asdict

import torch

from facedyn_app.bench.network_speed import ForwardSpeed, measure_forward
from facedyn_app.cli.output import Outcome, number, table
from facedyn_app.progress import OnProgress
from facedyn_app.settings import NetworkSettings


def bench_recognizer(on_progress: OnProgress) -> Outcome:
    """Time the default network on every device, beside torch's own encoder.

    Args:
        on_progress: Called at every pass; may raise Cancelled.
    """
    devices = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count()))]
    sizes = NetworkSettings()
    found = [measure_forward(sizes, device=device, on_progress=on_progress) for device in devices]
    head = ["windows/s", "network", "torch encoder, its steps", "torch encoder, all frames"]
    rows = [
        [_where(one), *(number(x, 0) for x in (one.network, one.transformer, one.full_rate))]
        for one in found
    ]
    what = f"{found[0].n_windows} windows of {found[0].n_frames} frames"
    facts = {"network": asdict(sizes), "speeds": [asdict(one) for one in found]}
    return Outcome(facts, f"{what}\n{table(head, rows, right=(1, 2, 3))}")


def _where(speed: ForwardSpeed) -> str:
    return f"{speed.n_threads} CPU threads" if speed.device == "cpu" else speed.device
