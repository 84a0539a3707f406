"""Optimisation of a network: batches, steps, validations, checkpoints."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import FacedynError
from facedyn_app.progress import Cancelled, OnProgress, Progress, StopEarly
from facedyn_app.recognizer.batches import Augmentation, SessionBatches, augment
from facedyn_app.recognizer.checkpoint import (
    CheckpointDir,
    RunState,
    read_checkpoint,
    unusable,
    write_checkpoint,
)
from facedyn_app.recognizer.history import History, TrainingState, Validation
from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.recognizer.track_set import TrackSet
from facedyn_app.recognizer.trainee import Trainee, margin_softmax, supervised_contrastive_loss
from facedyn_app.recognizer.validation import ValidationSet
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
        validation_set: ValidationSet | None,
        settings: Settings,
        augmentation: Augmentation,
        checkpoint_dir: CheckpointDir,
    ) -> None:
        self._fabric, self._network, self._tracks = fabric, network, tracks
        self._validation_set, self._checkpoint_dir = validation_set, checkpoint_dir
        self._settings, self._augmentation = settings, augmentation
        plan = settings.train
        n_speakers = int(tracks.labels.max()) + 1
        self._raw = Trainee(network, margin_softmax(settings, n_speakers)).to(fabric.device)
        self._averaged = copy.deepcopy(network).eval()
        self._best = self._weights()
        self._adam = torch.optim.AdamW(
            self._raw.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self._trainee, self._optimizer = fabric.setup(self._raw, self._adam)
        self._generator = torch.Generator(fabric.device).manual_seed(plan.seed)
        self._rng = np.random.default_rng(plan.seed)
        self._batches = SessionBatches(
            tracks.speakers, plan.speakers_per_batch, plan.windows_per_speaker, self._rng
        )
        self._state = RunState(
            self._raw, self._averaged, self._adam, self._generator, self._rng, self._batches
        )
        self.history = History(plan.max_steps or usual_steps(n_speakers))

    @property
    def _choosing(self) -> bool:
        """Whether enough speakers are held out to choose weights by: of few, chance chooses."""
        held_out = self._validation_set
        return held_out is not None and held_out.n_speakers >= FEWEST_TO_CHOOSE

    def optimise(self, on_progress: OnProgress) -> dict[str, Tensor]:
        """Step until the plan's steps, minutes or patience are used up.

        Args:
            on_progress: Told of every step, with a `TrainingState` as the partial result. When it
                raises `Cancelled`, a checkpoint is kept first; `StopEarly` ends the steps here.

        Returns:
            The best weights of the network, or the last where nothing is held out.

        Raises:
            FacedynError: The loss is no longer a number.
            InputError: The checkpoint to go on from is damaged.
        """
        plan = self._settings.train
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(plan.seed + 1)
            self._part_processes()
            if self._checkpoint_dir.begun:
                self._resume()
            try:
                self._steps(on_progress)
            except StopEarly:
                self._validate()  # the newest weights may be the best
        return self._best

    def _steps(self, on_progress: OnProgress) -> None:
        history, plan = self.history, self._settings.train
        started = time.monotonic() - 60.0 * history.minutes
        while history.step < history.planned and (
            history.validations_since_best < plan.patience or not self._choosing
        ):
            loss = self._step()
            history.step += 1
            history.minutes = (time.monotonic() - started) / 60.0
            if history.step % PACE_STEPS == 0:
                self._replan()
            if history.step % plan.check_steps == 0 or history.step == history.planned:
                self._validate()
                self._write_checkpoint()
            self._tell_loss(loss, on_progress)

    def _tell_loss(self, loss: float, on_progress: OnProgress) -> None:
        history = self.history
        state = TrainingState(
            step=history.step,
            planned=history.planned,
            minutes=history.minutes,
            loss=loss,
            validations=tuple(history.validations),
            best_step=history.best_step,
        )
        try:
            on_progress(Progress("training", history.step, history.planned, state))
        except Cancelled:
            self._write_checkpoint()
            raise

    def _replan(self) -> None:
        history, plan = self.history, self._settings.train
        left = (plan.budget_minutes - history.minutes) * history.step / max(history.minutes, 1e-9)
        planned = min(history.most_steps, history.step + max(0, int(left)))
        history.planned = int(self._fabric.broadcast(planned))

    def _step_size(self) -> float:
        plan, step = self._settings.train, self.history.step + 1
        warm = min(1.0, step / max(1, plan.warmup_steps))
        wave = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.history.planned)))
        return plan.learning_rate * warm * (0.02 + 0.98 * wave)

    def _step(self) -> float:
        plan, features = self._settings.train, self._settings.features
        fabric, tracks = self._fabric, self._tracks
        # whole seconds: of every length there is, the allocator would keep blocks of its own
        longer_s = round(max(0.0, features.window_s - plan.window_s) * self._rng.uniform() ** 2)
        wanted = round((plan.window_s + longer_s) * features.rate_hz)
        batch, length = tracks.long_enough(next(self._batches), wanted)
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
        return self._checked_loss(loss.detach())

    def _checked_loss(self, own: Tensor) -> float:
        mean: Any = self._fabric.all_reduce(own, reduce_op="mean")
        loss = float(mean)
        if not math.isfinite(loss):
            raise FacedynError(
                f"Training broke off at step {self.history.step + 1}: the loss is not a number.",
                "Train again with a smaller learning rate or without mixed precision.",
            )
        self.history.losses.append(loss)
        return loss

    def _average(self) -> None:
        # from the first steps on, of which nothing shall stay in a short training
        decay = min(AVERAGE_DECAY, self.history.step / (self.history.step + 10.0))
        now = self._network.state_dict()
        with torch.no_grad():
            for name, mean in self._averaged.state_dict().items():
                mean.lerp_(now[name], 1.0 - decay)

    def _weights(self) -> dict[str, Tensor]:
        return {k: v.detach().clone() for k, v in self._averaged.state_dict().items()}

    def _validate(self) -> None:
        """Measure the averaged weights on the held-out sessions; keep them if they are better."""
        history = self.history
        if history.validations and history.validations[-1].step == history.step:
            return
        if self._validation_set is None:
            self._best, history.best_step = self._weights(), history.step
            return
        accuracy, controls = self._validation_set.evaluate(self._averaged)
        validation = Validation(
            step=history.step,
            minutes=round(history.minutes, 3),
            loss=round(float(np.mean(history.losses)), 4),
            top1_window=accuracy.top1_window,
            top1_session=accuracy.top1_session,
            eer=accuracy.eer,
            controls=controls,
        )
        validation = self._fabric.broadcast(validation)
        if validation.regret <= history.best or not self._choosing:
            self._best, history.best_step = self._weights(), history.step
        history.validations.append(validation)
        history.losses.clear()

    def _write_checkpoint(self) -> None:
        if self._fabric.global_rank == 0:
            tensors, state = self._state.state_dict(self._best, self.history)
            write_checkpoint(self._checkpoint_dir, tensors, state)

    def _resume(self) -> None:
        tensors, state = read_checkpoint(self._checkpoint_dir)
        try:
            self._best, self.history = self._state.load_state_dict(tensors, state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise unusable(self._checkpoint_dir, error) from error
        self._part_processes()

    def _part_processes(self) -> None:
        """Let every process but the first draw its own augmentation and dropout.

        Sessions of one speaker are dealt out to the processes: under the same dropout they would
        be alike by what is dropped. The first one's draws are those of a single process.
        """
        rank = self._fabric.global_rank
        if rank:
            seeds = np.random.default_rng([self._settings.train.seed, rank, self.history.step])
            self._generator.manual_seed(int(seeds.integers(2**31)))
            torch.manual_seed(int(seeds.integers(2**31)))


def usual_steps(n_speakers: int) -> int:
    """Steps planned where the settings leave it open, by the number of training speakers."""
    return max(FEWEST_STEPS, round(STEPS_PER_ROOT * math.sqrt(n_speakers)))
