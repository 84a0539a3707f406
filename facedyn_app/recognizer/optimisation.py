"""The optimisation behind training: batches, steps, looks at held-out sessions, going on."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from facedyn_app.errors import FacedynError
from facedyn_app.progress import Cancelled, Enough, OnProgress, Progress
from facedyn_app.recognizer.augment import Augmentation, augment
from facedyn_app.recognizer.checkpoint import (
    Work,
    read_checkpoint,
    unusable,
    write_checkpoint,
)
from facedyn_app.recognizer.course import Course, Look, TrainingState
from facedyn_app.recognizer.held_out import HeldOut
from facedyn_app.recognizer.margin import MarginSoftmax
from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.recognizer.run_state import Parts
from facedyn_app.recognizer.sampler import SessionBatches
from facedyn_app.recognizer.supcon import supervised_contrastive_loss
from facedyn_app.recognizer.tracks import TrackSet
from facedyn_app.settings import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PACE_STEPS = 20
"""Steps after which the pace is judged again."""

FEWEST_TO_CHOOSE = 8
"""Held-out speakers from which on they choose the weights and end the training."""

STEPS_PER_ROOT, FEWEST_STEPS = 40.0, 160
"""Steps planned: this times the root of the number of speakers, and no fewer."""

AVERAGE_DECAY = 0.98
"""Of the running average of the weights, which is what is kept."""


class Trainee(nn.Module):
    """A network with all that only training needs.

    Args:
        network: What is trained.
        margin: Softmax over the training speakers; None for none.
    """

    def __init__(self, network: EmbeddingNetwork, margin: MarginSoftmax | None) -> None:
        super().__init__()
        self.network, self.margin = network, margin

    def forward(self, windows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D) embeddings for the contrastive loss, and the margin loss (0 without)."""
        embedded = self.network(windows)
        extra = embedded.new_zeros(()) if self.margin is None else self.margin(embedded, labels)
        return embedded, extra


class Run:
    """One training run: AdamW, warm-up and cosine, gradient clipping, averaged weights.

    Steps, not minutes, set the pace of the step size: the same seed and number of steps give the
    same curve, also when the run was stopped and taken up again. Where the minutes do not suffice
    for the most steps, fewer are planned from the pace so far.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: EmbeddingNetwork,
        tracks: TrackSet,
        held_out: HeldOut | None,
        settings: Settings,
        augmentation: Augmentation,
        work: Work,
    ) -> None:
        self._fabric, self._network, self._tracks = fabric, network, tracks
        self._held_out, self._settings, self._work = held_out, settings, work
        self._augmentation = augmentation
        plan = settings.train
        n_speakers = int(tracks.labels.max()) + 1
        self._raw = Trainee(network, _margin(settings, n_speakers)).to(fabric.device)
        self._averaged = copy.deepcopy(network).eval()
        self._best = self._weights()
        self._adam = torch.optim.AdamW(
            self._raw.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self._trainee, self._optimizer = fabric.setup(self._raw, self._adam)
        self._generator = torch.Generator(fabric.device).manual_seed(plan.seed + fabric.global_rank)
        self._rng = np.random.default_rng(plan.seed)
        self._batches = SessionBatches(
            tracks.speakers, plan.speakers_per_batch, plan.windows_per_speaker, self._rng
        )
        self._parts = Parts(
            self._raw, self._averaged, self._adam, self._generator, self._rng, self._batches
        )
        self.course = Course(plan.max_steps or usual_steps(n_speakers))

    @property
    def _choosing(self) -> bool:
        """Whether enough speakers are held out to choose weights by: of few, chance chooses."""
        return self._held_out is not None and self._held_out.n_speakers >= FEWEST_TO_CHOOSE

    def optimise(self, on_progress: OnProgress) -> dict[str, Tensor]:
        """Step until the plan's steps, minutes or patience are used up.

        Args:
            on_progress: Told of every step, with a `TrainingState` as the partial result. When it
                raises `Cancelled`, a checkpoint is kept first; `Enough` ends the steps here.

        Returns:
            The best weights of the network, or the last where nothing is held out.

        Raises:
            FacedynError: The loss is no longer a number.
            InputError: The checkpoint to go on from is damaged.
        """
        plan = self._settings.train
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(plan.seed + 1)
            if self._work.begun:
                self._go_on()
            try:
                self._steps(on_progress)
            except Enough:
                self._look()  # the newest weights may be the best
        return self._best

    def _steps(self, on_progress: OnProgress) -> None:
        course, plan = self.course, self._settings.train
        started = time.monotonic() - 60.0 * course.minutes
        while course.step < course.planned and (
            course.looks_since_best < plan.patience or not self._choosing
        ):
            loss = self._step()
            course.step += 1
            course.minutes = (time.monotonic() - started) / 60.0
            if course.step % PACE_STEPS == 0:
                self._replan()
            if course.step % plan.check_steps == 0 or course.step == course.planned:
                self._look()
                self._keep()
            self._tell(loss, on_progress)

    def _tell(self, loss: float, on_progress: OnProgress) -> None:
        course = self.course
        state = TrainingState(
            step=course.step,
            planned=course.planned,
            minutes=course.minutes,
            loss=loss,
            looks=tuple(course.looks),
            best_step=course.best_step,
        )
        try:
            on_progress(Progress("training", course.step, course.planned, state))
        except Cancelled:
            self._keep()
            raise

    def _replan(self) -> None:
        course, plan = self.course, self._settings.train
        left = (plan.budget_minutes - course.minutes) * course.step / max(course.minutes, 1e-9)
        planned = min(course.most_steps, course.step + max(0, int(left)))
        course.planned = int(self._fabric.broadcast(planned))

    def _step_size(self) -> float:
        plan, step = self._settings.train, self.course.step + 1
        warm = min(1.0, step / max(1, plan.warmup_steps))
        wave = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.course.planned)))
        return plan.learning_rate * warm * (0.02 + 0.98 * wave)

    def _step(self) -> float:
        plan, features = self._settings.train, self._settings.features
        fabric, tracks = self._fabric, self._tracks
        # whole seconds: of every length there is, the allocator would keep blocks of its own
        longer_s = round(max(0.0, features.window_s - plan.window_s) * self._rng.uniform() ** 2)
        wanted = round((plan.window_s + longer_s) * features.rate_hz)
        batch, length = tracks.fitting(next(self._batches), wanted)
        batch = batch[: len(batch) // fabric.world_size * fabric.world_size]
        cut = tracks.cut(batch, length, self._rng)
        mine = slice(fabric.global_rank, None, fabric.world_size)
        labels = torch.as_tensor(tracks.labels[batch], device=fabric.device)
        changed = augment(
            cut[mine].to(fabric.device),
            self._network.scale,
            features.rate_hz,
            self._augmentation,
            self._generator,
        )
        self._trainee.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._step_size()
        vectors, extra = self._trainee(changed, labels[mine])
        if fabric.world_size > 1:
            gathered: Any = fabric.all_gather(vectors, sync_grads=True)
            vectors = gathered.flatten(0, 1)
            labels = torch.cat([labels[k :: fabric.world_size] for k in range(fabric.world_size)])
        loss = supervised_contrastive_loss(vectors, labels, plan.temperature)
        loss = loss + plan.margin_weight * extra
        self._optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        fabric.clip_gradients(self._trainee, self._optimizer, max_norm=1.0)
        self._optimizer.step()
        self._average()
        return self._noted(loss.detach())

    def _noted(self, own: Tensor) -> float:
        mean: Any = self._fabric.all_reduce(own, reduce_op="mean")
        loss = float(mean)
        if not math.isfinite(loss):
            raise FacedynError(
                f"Training broke off at step {self.course.step + 1}: the loss is not a number.",
                "Train again with a smaller learning rate or without mixed precision.",
            )
        self.course.losses.append(loss)
        return loss

    def _average(self) -> None:
        # from the first steps on, of which nothing shall stay in a short training
        decay = min(AVERAGE_DECAY, self.course.step / (self.course.step + 10.0))
        now = self._network.state_dict()
        with torch.no_grad():
            for name, mean in self._averaged.state_dict().items():
                mean.lerp_(now[name], 1.0 - decay)

    def _weights(self) -> dict[str, Tensor]:
        return {k: v.detach().clone() for k, v in self._averaged.state_dict().items()}

    def _look(self) -> None:
        """Measure the averaged weights on the held-out sessions; keep them if they are better."""
        course = self.course
        if course.looks and course.looks[-1].step == course.step:
            return
        if self._held_out is None:
            self._best, course.best_step = self._weights(), course.step
            return
        accuracy, controls = self._held_out.evaluate(self._averaged)
        look = Look(
            step=course.step,
            minutes=round(course.minutes, 3),
            loss=round(float(np.mean(course.losses)), 4),
            top1_window=accuracy.top1_window,
            top1_session=accuracy.top1_session,
            eer=accuracy.eer,
            controls=controls,
        )
        look = self._fabric.broadcast(look)
        if look.regret <= course.best or not self._choosing:
            self._best, course.best_step = self._weights(), course.step
        course.looks.append(look)
        course.losses.clear()

    def _keep(self) -> None:
        if self._fabric.global_rank == 0:
            tensors, state = self._parts.taken_down(self._best, self.course)
            write_checkpoint(self._work, tensors, state)

    def _go_on(self) -> None:
        tensors, state = read_checkpoint(self._work)
        try:
            self._best, self.course = self._parts.taken_up(tensors, state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise unusable(self._work, error) from error


def _margin(settings: Settings, n_speakers: int) -> MarginSoftmax | None:
    plan = settings.train
    if plan.margin_weight <= 0.0:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed + 2)
        return MarginSoftmax(n_speakers, settings.network.embedding, plan.margin, plan.margin_scale)


def usual_steps(n_speakers: int) -> int:
    """Steps planned where the settings leave it open, by the number of training speakers."""
    return max(FEWEST_STEPS, round(STEPS_PER_ROOT * math.sqrt(n_speakers)))
