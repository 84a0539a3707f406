"""The optimisation behind training: batches, steps, looks at held-out sessions."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facedyn_app.progress import Progress, Report
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.augment import Augmentation, augment
from facedyn_app.recognizer.calibration import uncalibrated
from facedyn_app.recognizer.evaluation import Trials, embed_trials, score_trials
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.sampler import session_batches
from facedyn_app.recognizer.supcon import supervised_contrastive_loss
from facedyn_app.recognizer.tracks import TrackSet
from facedyn_app.records import IntArray
from facedyn_app.settings import Settings

CHECK_EVERY = 200
"""Steps between looks at the held-out trials."""

PATIENCE = 8
"""Looks without improvement after which training stops."""

AVERAGE_DECAY = 0.98
"""Of the running average of the weights, which is what is kept."""


@dataclass(slots=True, eq=False)
class Best:
    """The best weights so far and what they reached.

    Attributes:
        weights: The network's, averaged over the last steps.
        loss: Share of windows not recognised plus equal error rate, on the held-out trials.
        accuracy: On the held-out trials; None when there are none.
        step: At which step.
        looks_since: Looks without improvement since then.
    """

    weights: dict[str, Tensor]
    loss: float
    accuracy: Accuracy | None
    step: int
    looks_since: int = 0


class Run:
    """One training run: AdamW, warm-up and cosine, gradient clipping, averaged weights."""

    def __init__(
        self,
        network: MotionNetwork,
        tracks: TrackSet,
        trials: Trials | None,
        settings: Settings,
        augmentation: Augmentation,
        *,
        mixed: bool,
    ) -> None:
        self._network, self._tracks, self._trials = network, tracks, trials
        self._settings, self._augmentation, self._mixed = settings, augmentation, mixed
        self._started = time.monotonic()
        self._averaged = copy.deepcopy(network).eval()
        self._device = network.scale.device
        self._generator = torch.Generator(self._device).manual_seed(settings.train.seed)
        self._rng = np.random.default_rng(settings.train.seed)
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=settings.train.learning_rate,
            weight_decay=settings.train.weight_decay,
        )

    def optimise(self, report: Report) -> Best:
        """Step until the plan's steps, minutes or patience are used up.

        Args:
            report: Told of every step, with (loss, accuracy) as the partial result.
        """
        plan = self._settings.train
        batches = session_batches(
            self._tracks.speakers, plan.speakers_per_batch, plan.windows_per_speaker, self._rng
        )
        best = Best(self._weights(), math.inf, None, 0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed + 1)
            for step in range(1, plan.max_steps + 1):
                share = max(step / plan.max_steps, self._minutes() / plan.budget_minutes)
                loss = self._step(next(batches), self._step_size(step, share))
                last = step == plan.max_steps or share >= 1.0
                if step % CHECK_EVERY == 0 or last:
                    best = self._look(best, step, report)
                report(
                    Progress("training", min(1000, int(1000 * share)), 1000, (loss, best.accuracy))
                )
                if last or best.looks_since >= PATIENCE:
                    break
        return best

    def _minutes(self) -> float:
        return (time.monotonic() - self._started) / 60.0

    def _step_size(self, step: int, share: float) -> float:
        plan = self._settings.train
        warm = min(1.0, step / max(1, plan.warmup_steps))
        return (
            plan.learning_rate
            * warm
            * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))
        )

    def _step(self, batch: IntArray, step_size: float) -> float:
        plan, features = self._settings.train, self._settings.features
        longer_s = max(0.0, features.window_s - plan.window_s) * self._rng.uniform() ** 2
        length = round((plan.window_s + longer_s) * features.rate_hz)
        cut, rows = self._tracks.cut(batch, length, self._rng)
        labels = torch.as_tensor(self._tracks.labels[rows], device=self._device)
        changed = augment(
            cut.to(self._device),
            self._network.scale,
            features.rate_hz,
            self._augmentation,
            self._generator,
        )
        self._network.train()
        for group in self._optimizer.param_groups:
            group["lr"] = step_size
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._mixed):
            projected = self._network.project(self._network(changed))
        loss = supervised_contrastive_loss(projected.float(), labels, plan.temperature)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._average()
        return float(loss.detach())

    def _average(self) -> None:
        with torch.no_grad():
            pairs = zip(self._averaged.parameters(), self._network.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1.0 - AVERAGE_DECAY)

    def _weights(self) -> dict[str, Tensor]:
        return {k: v.detach().clone() for k, v in self._averaged.state_dict().items()}

    def _look(self, best: Best, step: int, report: Report) -> Best:
        """Measure the averaged weights on the held-out trials; keep them if they are better."""
        if self._trials is None:
            return Best(self._weights(), 0.0, None, step)
        settings, tracks = self._settings, self._tracks
        now = Recognizer(
            head_id=tracks.head_id,
            expression_names=tracks.expression_names,
            features=settings.features,
            sizes=settings.network,
            network=self._averaged,
            cohort=np.zeros((0, settings.network.embedding)),
            calibration=uncalibrated(),
        )
        embedded = embed_trials(self._trials, now.embed, report)
        accuracy = measure_scores(score_trials(embedded, now.cohort), np.random.default_rng(0))
        loss = 1.0 - accuracy.top1_window + accuracy.eer
        if loss < best.loss:
            return Best(self._weights(), loss, accuracy, step)
        best.looks_since += 1
        return best
