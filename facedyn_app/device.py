"""The device that torch computes on."""

from __future__ import annotations

import torch

from facedyn_app.errors import InputError
from facedyn_app.settings import DEVICES


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
