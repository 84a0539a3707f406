"""Training a recognizer on labelled sessions."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.augment import Augmentation
from facedyn_app.recognizer.backend import MOST_PRIOR, Backend, fit_whitening
from facedyn_app.recognizer.calibration import Calibration, TrialsOf, uncalibrated
from facedyn_app.recognizer.checkpoint import Work
from facedyn_app.recognizer.descriptors import PART_S, describe
from facedyn_app.recognizer.evaluation import (
    LabelledSession,
    Trials,
    calibrate_on,
    score_trials,
)
from facedyn_app.recognizer.hardware import make_fabric
from facedyn_app.recognizer.held_out import HeldOut, read_held_out
from facedyn_app.recognizer.model import Recognizer, embed_windows, motion_embedding
from facedyn_app.recognizer.network import EmbeddingNetwork, MotionNetwork
from facedyn_app.recognizer.optimisation import Run
from facedyn_app.recognizer.resting import moving_channels, resting_by_habit
from facedyn_app.recognizer.tracks import TrackSet, collect_tracks, open_tracks
from facedyn_app.settings import NetworkSettings, Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

BACKEND_WINDOWS, MOST_OF_SESSION = 8_000, 24
"""Windows of each length from which the back-end is learnt, of all sessions and of one, at most."""


USUAL_WINDOWS = 512
"""Windows of training sessions from which is learnt what is usual."""

MakeNetwork = Callable[[int, NetworkSettings], EmbeddingNetwork]


def train(
    sessions: Iterable[LabelledSession],
    trials: Trials | None,
    settings: Settings,
    *,
    device: str = "cpu",
    mixed_precision: bool | None = None,
    augmentation: Augmentation | None = None,
    about: Mapping[str, Any] | None = None,
    make_network: MakeNetwork = MotionNetwork,
    work: Work | None = None,
    on_progress: OnProgress = ignore,
) -> Recognizer:
    """Train by supervised contrastive learning (Khosla et al. 2020; handbook/method.md).

    Args:
        sessions: Labelled sessions of one head, read once, one at a time; not read when `work`
            has their motion already.
        trials: Held-out sessions for choosing the best weights and calibrating; may be of other
            speakers. None: the last weights are kept and probabilities say little.
        settings: Features, network and training.
        device: "auto", "cpu" or "cuda"; under `torchrun` every process has one.
        mixed_precision: Whether products are taken in bfloat16; None: on a CUDA device only.
        augmentation: How windows are changed; None for the default.
        about: What the sessions are, plain JSON values, kept with the recognizer.
        make_network: What makes the network; another one is for comparison.
        work: Where the motion and checkpoints are kept, to go on after a stop; what is there of
            the same identity is gone on with. None: nothing is kept.
        on_progress: Told of every step; may raise `Cancelled`, or `Enough` at a step of training.

    Returns:
        The recognizer with the best weights, its back-end and calibration.

    Raises:
        TooLittleError: Too few speakers or sessions.
        MismatchError: The sessions are of different heads, or `work` is of another training.
        InputError: What is in `work` is damaged, or the device is not there.
    """
    fabric = make_fabric(device, mixed_precision)
    augmentation = augmentation or Augmentation()
    with tempfile.TemporaryDirectory(prefix="facedyn-train-") as spare:
        own = fabric.broadcast(work or Work(Path(spare), ""))
        tracks = _tracks(fabric, sessions, settings, own, on_progress)
        held_out = None
        if trials is not None:
            known = (tracks.head_id, tracks.expression_names)
            held_out = read_held_out(trials, settings.features, *known, on_progress)
        network = _new_network(make_network, tracks, settings)
        run = Run(fabric, network, tracks, held_out, settings, augmentation, own)
        network.load_state_dict(run.optimise(on_progress))
        network.eval()
        backend = _backend(network, tracks, settings, on_progress)
    calibration, accuracy = _calibrate(network, held_out, backend, settings)
    course = run.course
    summary = {
        **(about or {}),
        "n_speakers": len(set(tracks.speakers)),
        "n_sessions": len(tracks.speakers),
        "minutes": round(course.minutes, 2),
        "steps": course.step,
        "planned_steps": course.planned,
        "best_step": course.best_step,
        "device": str(fabric.device),
        "peak_memory_mb": _peak_memory_mb(),
        "settings": asdict(settings.train),
        "augmentation": asdict(augmentation),
        "curve": [asdict(look) for look in course.looks],
    }
    return Recognizer(
        head_id=tracks.head_id,
        expression_names=tracks.expression_names,
        features=settings.features,
        sizes=settings.network,
        network=network.cpu(),
        backend=backend,
        calibration=calibration,
        training=summary,
        metrics={} if accuracy is None else {"held_out_during_training": accuracy.as_json()},
    )


def _tracks(
    fabric: Fabric,
    sessions: Iterable[LabelledSession],
    settings: Settings,
    work: Work,
    on_progress: OnProgress,
) -> TrackSet:
    """The motion of the sessions; the first process writes it, the others read."""

    def made() -> TrackSet:
        kept = open_tracks(work.folder, work.identity)
        return kept or collect_tracks(
            sessions, settings.features, work.folder, on_progress, work.identity
        )

    first = made() if fabric.global_rank == 0 else None
    shared = fabric.broadcast(first)
    return shared or made()


def _new_network(
    make_network: MakeNetwork, tracks: TrackSet, settings: Settings
) -> EmbeddingNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.train.seed)
        network = make_network(tracks.n_features, settings.network)
    rng = np.random.default_rng(settings.train.seed)
    chosen = rng.integers(len(tracks.speakers), size=USUAL_WINDOWS)
    length = round(settings.train.window_s * settings.features.rate_hz)
    network.settle(tracks.scale, tracks.cut(chosen, length, rng))
    return network


def _backend(
    network: EmbeddingNetwork, tracks: TrackSet, settings: Settings, on_progress: OnProgress
) -> Backend:
    """Learn the whitening of descriptors and embedding from windows of all sessions.

    Half of them are short: with windows of 10 s alone, recordings of 4 s of people who are unknown
    to it are told apart less well (0.83 against 0.85 of windows, 0.94 against 0.99 of recordings of
    faces' landmarks).
    """
    features = settings.features
    rate_hz, scale = features.rate_hz, tracks.scale.numpy()
    lengths = sorted({features.window_s, min(features.window_s, PART_S)})
    each = max(1, min(MOST_OF_SESSION, BACKEND_WINDOWS // len(tracks.speakers)))
    hop = round(features.hop_s * rate_hz)
    moving = np.stack(
        [
            moving_channels(
                tracks.spread_windows(index, round(lengths[-1] * rate_hz), hop, each), scale
            )
            for index in range(len(tracks.labels))
        ]
    )
    resting = resting_by_habit(moving, tracks.labels)
    told = tracks.present & (moving | resting)
    described, embedded, labels = [], [], []
    for index, label in enumerate(tracks.labels):
        on_progress(Progress("describing the training speakers", index, len(tracks.labels)))
        for window_s in lengths:
            cut = tracks.spread_windows(index, round(window_s * rate_hz), hop, each)
            described.append(describe(cut, rate_hz, scale, told[index]))
            embedded.append(embed_windows(network, cut))
            labels.append(np.full(len(cut), label))
    on_progress(Progress("learning the back-end", 0))
    own, shrinkage = np.concatenate(labels), settings.train.shrinkage
    return Backend(
        fit_whitening(np.concatenate(described), own, least_shrinkage=shrinkage),
        fit_whitening(np.concatenate(embedded), own),
        resting,
        max(1, round((1.0 - shrinkage) * min(len(own), MOST_PRIOR))),
    )


def _calibrate(
    network: EmbeddingNetwork, held_out: HeldOut | None, backend: Backend, settings: Settings
) -> tuple[Calibration, Accuracy | None]:
    if held_out is None:
        return uncalibrated(), None
    embedded = held_out.embedded(partial(motion_embedding, network, backend))
    space = backend.space(embedded.gallery)
    kind = TrialsOf.SIMULATED if held_out.simulated else TrialsOf.PEOPLE
    calibration = calibrate_on(embedded, space, kind, f"held-out {kind}")
    rng = np.random.default_rng(settings.train.seed)
    return calibration, measure_scores(score_trials(embedded, space, calibration), rng)


def _peak_memory_mb() -> float | None:
    """Most memory that this process has held so far, MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
