"""An unfinished training on disk: all that it needs to go on as if it had not stopped.

One safetensors file, replaced as a whole: the tensors, and in its header a JSON text with the
rest. Nothing in it is executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors import torch as safe_torch
from torch import Tensor

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.files import atomic_file

FORMAT, VERSION = "facedyn-training", 1
FILE = "checkpoint.safetensors"
_HINT = "Delete that folder and train again."


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Where a training keeps what it needs to go on.

    Attributes:
        folder: Prepared motion and checkpoint.
        identity: Says which sessions and settings these are of.
    """

    folder: Path
    identity: str

    @property
    def begun(self) -> bool:
        """Whether a checkpoint is there."""
        return (self.folder / FILE).is_file()


def write_checkpoint(work: Work, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors and plain values; an older checkpoint stays until this one is whole.

    Raises:
        OutputError: It cannot be written.
    """
    head = {"format": FORMAT, "version": VERSION, "identity": work.identity, **state}
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = safe_torch.save(plain, metadata={"state": json.dumps(head, allow_nan=False)})
    with atomic_file(work.folder / FILE) as file:
        file.write(content)


def read_checkpoint(work: Work) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and plain values that `write_checkpoint` has kept.

    Raises:
        InputError: The file is missing, damaged, or of another version.
        MismatchError: It is of another training.
    """
    path = work.folder / FILE
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {}).get("state", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, RecursionError, safetensors.SafetensorError) as error:
        raise _damaged(path, "it is no safetensors file, or not whole") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _damaged(path, f"its format is not '{FORMAT}'")
    if state.get("version") != VERSION:
        raise _damaged(path, f"it is of version {state.get('version')}, this is {VERSION}")
    if state.get("identity") != work.identity:
        raise MismatchError(
            f"The unfinished training in '{work.folder}' is of other sessions or settings.",
            "Give the same ones again, or delete that folder and train anew.",
        )
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in tensors.values()):
        raise _damaged(path, "it holds numbers that are not finite")
    return tensors, state


def taken(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    n = len(prefix)
    return {name[n:]: value for name, value in tensors.items() if name.startswith(prefix)}


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"The unfinished training '{path}' cannot be used: {reason}.", _HINT)


def unusable(work: Work, error: Exception) -> InputError:
    """The error for a checkpoint whose parts do not fit the training."""
    return _damaged(work.folder / FILE, f"its parts do not fit ({type(error).__name__})")
