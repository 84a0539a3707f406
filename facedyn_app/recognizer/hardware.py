"""Where training runs: device, precision and, under `torchrun`, several processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import torch

from facedyn_app.device import choose_device

if TYPE_CHECKING:
    from lightning_fabric import Fabric

OWN_THREADS: Final = torch.get_num_threads()
"""What torch has chosen for this machine."""


def use_threads(n_threads: int) -> None:
    """Let torch compute with so many threads, in the calling thread and in those to come.

    Args:
        n_threads: How many; 0 for what torch has chosen itself.
    """
    torch.set_num_threads(n_threads or OWN_THREADS)


def make_fabric(device: str, mixed_precision: bool | None) -> Fabric:
    """Lightning Fabric for one device, or for those that `torchrun` has started us on.

    Args:
        device: "auto", "cpu" or "cuda".
        mixed_precision: Whether products are taken in bfloat16; None: on a CUDA device only, since
            few CPUs are faster that way.

    Raises:
        InputError: The device is not there.
    """
    # imported where a training begins: the window starts without it
    from lightning_fabric import Fabric

    kind = choose_device(device).type
    mixed = kind == "cuda" if mixed_precision is None else mixed_precision
    n_here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    n_machines = int(os.environ.get("WORLD_SIZE", "1")) // n_here
    fabric = Fabric(
        accelerator=kind,
        devices=n_here,
        num_nodes=n_machines,
        strategy="ddp" if n_here * n_machines > 1 else "auto",
        precision="bf16-mixed" if mixed else "32-true",
    )
    fabric.launch()
    return fabric
