"""All that a training run consists of at a moment, taken down and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from facedyn_app.recognizer.checkpoint import taken
from facedyn_app.recognizer.course import Course, Look
from facedyn_app.recognizer.sampler import SessionBatches

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of every parameter."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
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

    def taken_down(
        self, best: Mapping[str, Tensor], course: Course
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors and the plain values from which the run can go on.

        Args:
            best: The best weights so far.
            course: How far the run has come.
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
        state: dict[str, Any] = {
            "course": asdict(course),
            "random": self.rng.bit_generator.state,
            "order": self.batches.order,
        }
        return tensors, state

    def taken_up(
        self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]
    ) -> tuple[dict[str, Tensor], Course]:
        """Put the parts into the state that `taken_down` has given; returns its arguments.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: It does not fit these parts.
        """
        device = self.generator.device
        self.trainee.load_state_dict(taken(tensors, "trainee."))
        self.averaged.load_state_dict(taken(tensors, "averaged."))
        best = {k: v.to(device) for k, v in taken(tensors, "best.").items()}
        for name, parameter in self.trainee.named_parameters():
            self.adam.state[parameter] = {
                kind: _placed(kind, tensors[f"{kind}.{name}"], device) for kind in MOMENTS
            }
        self.generator.set_state(tensors["random.augment"])
        torch.set_rng_state(tensors["random.torch"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], device)
        told = dict(state["course"])
        looks = [Look(**look) for look in told.pop("looks")]
        self.rng.bit_generator.state = state["random"]
        self.batches.order = [int(k) for k in state["order"]]
        return best, Course(**told, looks=looks)


def _placed(kind: str, tensor: Tensor, device: torch.device) -> Tensor:
    return tensor if kind == "step" else tensor.to(device)
