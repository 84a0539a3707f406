"""Training a recognizer on labelled sessions."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.augment import Augmentation, augment
from facedyn_app.recognizer.calibration import Calibration, fit_calibration, uncalibrated
from facedyn_app.recognizer.evaluation import (
    Accuracy,
    LabelledSession,
    Trials,
    comparison_table,
    embed_trials,
    measure_accuracy,
)
from facedyn_app.recognizer.model import Recognizer, embed_windows
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.sampler import session_batches
from facedyn_app.recognizer.supcon import supervised_contrastive_loss
from facedyn_app.recognizer.tracks import TrackSet, collect_tracks
from facedyn_app.records import FloatArray
from facedyn_app.settings import Settings

CHECK_EVERY = 200
"""Steps between looks at the held-out trials."""

PATIENCE = 8
"""Looks without improvement after which training stops."""

AVERAGE_DECAY = 0.98
"""Of the running average of the weights, which is what is kept."""

LONGEST_COHORT = 500
"""Training speakers kept for normalising scores."""


@dataclass(slots=True, eq=False)
class _Best:
    """The best weights so far and what they reached."""

    weights: dict[str, Tensor]
    loss: float
    accuracy: Accuracy | None
    step: int
    looks_since: int = 0


def train(
    sessions: Iterable[LabelledSession],
    trials: Trials | None,
    settings: Settings,
    *,
    device: str = "cpu",
    augmentation: Augmentation | None = None,
    about: Mapping[str, Any] | None = None,
    report: Report = ignore,
) -> Recognizer:
    """Train by supervised contrastive learning (METHOD section 5).

    Args:
        sessions: Labelled sessions of one head, read once.
        trials: Held-out sessions for choosing the best weights and calibrating; may be of other
            speakers. None: the last weights are kept and probabilities say little.
        settings: Features, network and training.
        device: A torch device.
        augmentation: How windows are changed; None for the default.
        about: What the sessions are, plain JSON values, kept with the recognizer.
        report: Told of every step; may raise `Cancelled`.

    Returns:
        The recognizer with the best weights, its cohort and calibration.

    Raises:
        TooLittleError: Too few speakers or sessions.
        MismatchError: The sessions are of different heads.
    """
    tracks = collect_tracks(sessions, settings.features, report)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.train.seed)
        network = MotionNetwork(tracks.n_features, settings.network)
    network.scale.copy_(tracks.scale)
    network.to(device)
    started = time.monotonic()
    run = _Run(network, tracks, trials, settings, augmentation or Augmentation(), started)
    best = run.optimise(report)
    network.load_state_dict(best.weights)
    network.eval()
    unfinished = Recognizer(
        head_id=tracks.head_id,
        expression_names=tracks.expression_names,
        features=settings.features,
        sizes=settings.network,
        network=network,
        cohort=_cohort(network, tracks, settings),
        calibration=uncalibrated(),
    )
    calibration, accuracy = _calibrate(unfinished, trials, settings)
    summary = {
        **(about or {}),
        "n_speakers": len(set(tracks.speakers)),
        "n_sessions": len(tracks.speakers),
        "minutes": round((time.monotonic() - started) / 60.0, 2),
        "best_step": best.step,
        "settings": asdict(settings.train),
        "augmentation": asdict(augmentation or Augmentation()),
    }
    return Recognizer(
        head_id=unfinished.head_id,
        expression_names=unfinished.expression_names,
        features=unfinished.features,
        sizes=unfinished.sizes,
        network=network,
        cohort=unfinished.cohort,
        calibration=calibration,
        training=summary,
        metrics={} if accuracy is None else {"held_out_during_training": accuracy.as_json()},
    )


class _Run:
    """One training run."""

    def __init__(
        self,
        network: MotionNetwork,
        tracks: TrackSet,
        trials: Trials | None,
        settings: Settings,
        augmentation: Augmentation,
        started: float,
    ) -> None:
        self._network, self._tracks, self._trials = network, tracks, trials
        self._settings, self._augmentation, self._started = settings, augmentation, started
        self._averaged = copy.deepcopy(network).eval()
        self._device = network.scale.device
        self._generator = torch.Generator(self._device).manual_seed(settings.train.seed)
        self._rng = np.random.default_rng(settings.train.seed)
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=settings.train.learning_rate,
            weight_decay=settings.train.weight_decay,
        )

    def optimise(self, report: Report) -> _Best:
        plan = self._settings.train
        batches = session_batches(
            self._tracks.speakers, plan.speakers_per_batch, plan.windows_per_speaker, self._rng
        )
        best = _Best(self._weights(), math.inf, None, 0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed + 1)
            for step in range(1, plan.max_steps + 1):
                share = max(step / plan.max_steps, self._minutes() / plan.budget_minutes)
                loss = self._step(next(batches), self._step_size(step, share))
                last = step == plan.max_steps or share >= 1.0
                if step % CHECK_EVERY == 0 or last:
                    best = self._look(best, step)
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

    def _step(self, batch: np.ndarray[Any, np.dtype[Any]], step_size: float) -> float:
        plan, features = self._settings.train, self._settings.features
        window_s = self._rng.uniform(plan.window_s, max(plan.window_s, features.window_s))
        cut, rows = self._tracks.cut(batch, round(window_s * features.rate_hz), self._rng)
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
        projected = self._network.project(self._network(changed))
        loss = supervised_contrastive_loss(projected, labels, plan.temperature)
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

    def _look(self, best: _Best, step: int) -> _Best:
        """Measure the averaged weights on the held-out trials; keep them if they are better."""
        if self._trials is None:
            return _Best(self._weights(), 0.0, None, step)
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
        embedded = embed_trials(self._trials, now.embed)
        accuracy = measure_accuracy(embedded, now.cohort, np.random.default_rng(0))
        loss = 1.0 - accuracy.top1_window + accuracy.eer
        if loss < best.loss:
            return _Best(self._weights(), loss, accuracy, step)
        best.looks_since += 1
        return best


def _cohort(network: MotionNetwork, tracks: TrackSet, settings: Settings) -> FloatArray:
    """(K, D) centroids of the first training speakers, all their windows without overlap."""
    vectors: dict[str, list[FloatArray]] = {}
    for index, speaker in enumerate(tracks.speakers):
        if speaker not in vectors and len(vectors) == LONGEST_COHORT:
            continue
        cut = tracks.all_windows(index, settings.features)
        vectors.setdefault(speaker, []).append(embed_windows(network, cut))
    means = np.stack([np.concatenate(own).mean(axis=0) for own in vectors.values()])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(lengths, 1e-12), dtype=np.float32)


def _calibrate(
    recognizer: Recognizer, trials: Trials | None, settings: Settings
) -> tuple[Calibration, Accuracy | None]:
    if trials is None:
        return uncalibrated(), None
    embedded = embed_trials(trials, recognizer.embed)
    if len(embedded.gallery) < 2 or not embedded.probes:
        raise TooLittleError("The held-out sessions are too few or too short to calibrate on.")
    scores, same, seconds = comparison_table(embedded, recognizer.cohort)
    simulated = all(item.session.simulated for item in trials.probes)
    kind = "simulated speakers" if simulated else "speakers"
    made_on = f"{len(embedded.gallery)} held-out {kind}, {len(embedded.probes)} sessions"
    calibration = fit_calibration(scores, same, seconds, made_on)
    rng = np.random.default_rng(settings.train.seed)
    return calibration, measure_accuracy(embedded, recognizer.cohort, rng)
