"""Device, threads and engine: what of this machine the program computes with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock, Thread
from typing import Final

import torch

from facedyn_app.errors import InputError
from facedyn_app.settings import DEVICES

OWN_THREADS: Final = torch.get_num_threads()
"""Threads that torch has chosen for this machine."""
THREADS_VARIABLE: Final = "OMP_NUM_THREADS"
"""The variable of the environment by which a process is told how many threads to compute with."""
_changing_threads = Lock()


def n_cores() -> int:
    """Cores of the processor that the system lets this process have."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(n_threads: int) -> None:
    """Let torch compute with so many threads, in the calling thread and in those to come.

    Args:
        n_threads: How many; 0 for what torch has chosen itself.
    """
    torch.set_num_threads(n_threads or OWN_THREADS)


def use_one_thread() -> int:
    """Let torch compute in the calling thread alone, and as before in all others.

    torch keeps the number for the calling thread and for threads to come; a thread of its own
    gives those to come their number back. Two at once would take the other's 1 for that number.

    Returns:
        How many threads the calling one had.
    """
    with _changing_threads:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        restore = Thread(target=torch.set_num_threads, args=(before,))
        restore.start()
        restore.join()
    return before


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute in the calling thread alone meanwhile; gives how many threads it had.

    Threads that share out small products wait for each other by turning in circles: on a machine
    that others use, too, that takes up to ten times as long.
    """
    before = use_one_thread()
    try:
        yield before
    finally:
        torch.set_num_threads(before)


def choose_device(name: str) -> torch.device:
    """The device of a name of "auto", "cpu" or "cuda".

    Raises:
        InputError: CUDA was asked for and there is none, or the name is another.
    """
    if name not in DEVICES:
        raise InputError(f"There is no device '{name}'.", "Use auto, cpu or cuda.")
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise InputError("No CUDA device was found on this machine.", "Use --device cpu or auto.")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def mediapipe_is_there() -> bool:
    """Whether MediaPipe is installed; it may still lack a library of the system."""
    return find_spec("mediapipe") is not None
