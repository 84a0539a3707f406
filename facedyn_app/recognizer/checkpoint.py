"""Checkpoints of an unfinished training: all that it needs to go on as if it had not stopped.

One safetensors file, replaced as a whole: the tensors, and in its header a JSON text with the
rest. Nothing in it is executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import torch as safe_torch
from torch import Tensor, nn

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.files import atomic_file
from facedyn_app.folder_files import PLAIN, FolderFiles
from facedyn_app.recognizer.batches import SessionBatches
from facedyn_app.recognizer.history import History, Validation
from facedyn_app.recognizer.reading import NO_TENSORS

FORMAT, VERSION = "facedyn-training", 1
FILE = "checkpoint.safetensors"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""AdamW's state of every parameter."""

_MOST_BYTES = 1 << 31
_HINT = "Delete that folder and train again."


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointDir:
    """Folder of an unfinished training: prepared motion and checkpoint.

    Attributes:
        folder: Prepared motion and checkpoint.
        identity: Says which sessions and settings these are of.
        files: What is read and written with; the motion is a library's.
    """

    folder: Path
    identity: str
    files: FolderFiles = PLAIN

    @property
    def begun(self) -> bool:
        """Whether a checkpoint is there."""
        return (self.folder / FILE).is_file()


def write_checkpoint(
    checkpoint_dir: CheckpointDir, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
) -> None:
    """Write tensors and plain values; an older checkpoint stays until this one is whole.

    Raises:
        OutputError: It cannot be written.
    """
    head = {"format": FORMAT, "version": VERSION, "identity": checkpoint_dir.identity, **state}
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = safe_torch.save(plain, metadata={"state": json.dumps(head, allow_nan=False)})
    path = checkpoint_dir.folder / FILE
    with atomic_file(path) as file, checkpoint_dir.files.writing(file, path) as out:
        out.write(content)


def read_checkpoint(checkpoint_dir: CheckpointDir) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and plain values that `write_checkpoint` has kept.

    Raises:
        InputError: The file is missing, damaged, or of another version.
        MismatchError: It is of another training.
    """
    path = checkpoint_dir.folder / FILE
    try:
        content = checkpoint_dir.files.read(path, _MOST_BYTES)
        state = json.loads(_metadata(content).get("state", "null"))
        tensors = safe_torch.load(content)
    except (OSError, *NO_TENSORS) as error:
        raise _damaged(path, "it is no safetensors file, or not whole") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _damaged(path, f"its format is not '{FORMAT}'")
    if state.get("version") != VERSION:
        raise _damaged(path, f"it is of version {state.get('version')}, this is {VERSION}")
    if state.get("identity") != checkpoint_dir.identity:
        raise MismatchError(
            f"The unfinished training in '{path.parent}' is of other sessions or settings.",
            "Give the same ones again, or delete that folder and train anew.",
        )
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in tensors.values()):
        raise _damaged(path, "it holds numbers that are not finite")
    return tensors, state


def _metadata(content: bytes) -> dict[str, str]:
    """The texts in the head of a safetensors file: its length in 8 bytes, then JSON."""
    length = int.from_bytes(content[:8], "little")
    found = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    if not isinstance(found, dict):
        raise TypeError(found)
    return found


def with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    n = len(prefix)
    return {name[n:]: value for name, value in tensors.items() if name.startswith(prefix)}


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"The unfinished training '{path}' cannot be used: {reason}.", _HINT)


def unusable(checkpoint_dir: CheckpointDir, error: Exception) -> InputError:
    """The error for a checkpoint whose parts do not fit the training."""
    return _damaged(checkpoint_dir.folder / FILE, f"its parts do not fit ({type(error).__name__})")


@dataclass(frozen=True, slots=True, eq=False)
class RunState:
    """The parts of a run that change while it goes on.

    Attributes:
        trainee: The network with what only training needs.
        averaged: The network with averaged weights.
        adam: The optimizer of the trainee's parameters.
        generator: Of the augmentation.
        rng: Of batches and cuts.
        batches: The sampler.
    """

    trainee: nn.Module
    averaged: nn.Module
    adam: torch.optim.AdamW
    generator: torch.Generator
    rng: np.random.Generator
    batches: SessionBatches

    def state_dict(
        self, best: Mapping[str, Tensor], history: History
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors and the plain values from which the run can go on.

        Args:
            best: The best weights so far.
            history: How far the run has come.
        """
        tensors = {f"trainee.{k}": v for k, v in self.trainee.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in best.items()}
        for name, parameter in self.trainee.named_parameters():
            moments = self.adam.state.get(parameter, {})
            tensors |= {f"{kind}.{name}": moments[kind] for kind in MOMENTS if kind in moments}
        tensors["random.augment"] = self.generator.get_state()
        tensors["random.torch"] = torch.get_rng_state()
        if self.generator.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.generator.device)
        values = asdict(history)
        values["looks"] = values.pop("validations")
        state: dict[str, Any] = {
            "course": values,
            "random": self.rng.bit_generator.state,
            "order": self.batches.order,
        }
        return tensors, state

    def load_state_dict(
        self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
    ) -> tuple[dict[str, Tensor], History]:
        """Put the parts into the state that `state_dict` has given; returns its arguments.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: It does not fit these parts.
        """
        device = self.generator.device
        self.trainee.load_state_dict(with_prefix(tensors, "trainee."))
        self.averaged.load_state_dict(with_prefix(tensors, "averaged."))
        best = {k: v.to(device) for k, v in with_prefix(tensors, "best.").items()}
        for name, parameter in self.trainee.named_parameters():
            self.adam.state[parameter] = {
                kind: _on_device(kind, tensors[f"{kind}.{name}"], device) for kind in MOMENTS
            }
        self.generator.set_state(tensors["random.augment"])
        torch.set_rng_state(tensors["random.torch"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], device)
        values = dict(state["course"])
        validations = [Validation(**one) for one in values.pop("looks")]
        self.rng.bit_generator.state = state["random"]
        self.batches.order = [int(k) for k in state["order"]]
        return best, History(**values, validations=validations)


def _on_device(kind: str, tensor: Tensor, device: torch.device) -> Tensor:
    return tensor if kind == "step" else tensor.to(device)
