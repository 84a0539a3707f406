"""Speed of a part of the program in frames a second, and the clock that measures it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Speed:
    """One way of doing a thing, and how fast it is.

    Attributes:
        what: The way, in words.
        device: Where it ran.
        n_frames: Frames done.
        seconds: Wall time.
        own: Whether it is the program's way; the others stand beside it for comparison.
        excess_percent: How far the cost reached lies above the fully converged one; None where
            there is no cost.
    """

    what: str
    device: str
    n_frames: int
    seconds: float
    own: bool = False
    excess_percent: float | None = None

    @property
    def frames_per_second(self) -> float:
        """Frames a second of wall time."""
        return self.n_frames / self.seconds


def devices() -> tuple[str, ...]:
    """The devices of this machine that the fit can run on."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def device_name(device: str) -> str:
    """A device in words."""
    if device == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
    return str(torch.cuda.get_device_name(device))


def timed(work: Callable[[], object], device: str = "cuda") -> float:
    """Wall time of a call, s; the device, where it is a GPU, is waited for before and after."""
    _wait_for(device)
    began = time.perf_counter()
    work()
    _wait_for(device)
    return time.perf_counter() - began


def _wait_for(device: str) -> None:
    if device != "cpu" and torch.cuda.is_available():
        torch.cuda.synchronize(device)
