"""Training of a recognizer on labelled sessions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from facedyn_app.device import choose_device
from facedyn_app.folder_files import SpareFiles
from facedyn_app.folders import temporary_folder
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.backend import MOST_PRIOR, Backend, fit_whitening
from facedyn_app.recognizer.batches import Augmentation
from facedyn_app.recognizer.checkpoint import CheckpointDir
from facedyn_app.recognizer.descriptors import PART_S, describe, mask_channels
from facedyn_app.recognizer.history import History
from facedyn_app.recognizer.model import Recognizer, embed_windows, motion_embedding
from facedyn_app.recognizer.motion_windows import DEAD_SHARE, motion_shares, resting_by_nature
from facedyn_app.recognizer.network import EmbeddingNetwork, MotionNetwork
from facedyn_app.recognizer.optimisation import Run
from facedyn_app.recognizer.scoring import Calibration, TrialsOf, uncalibrated
from facedyn_app.recognizer.track_collection import collect_tracks
from facedyn_app.recognizer.track_set import TrackSet, open_tracks
from facedyn_app.recognizer.trials import LabelledSession, Trials, calibrate_on, score_trials
from facedyn_app.recognizer.validation import ValidationSet, read_validation_set
from facedyn_app.records import FloatArray
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
    from_simulation: bool = False,
    make_network: MakeNetwork = MotionNetwork,
    checkpoint_dir: CheckpointDir | None = None,
    on_progress: OnProgress = ignore,
) -> Recognizer:
    """Train by supervised contrastive learning (Khosla et al. 2020, arXiv 2004.11362).

    Args:
        sessions: Labelled sessions of one head, read once, one at a time; not read when
            `checkpoint_dir` has their motion already.
        trials: Held-out sessions for choosing the best weights and calibrating; may be of other
            speakers. None: the last weights are kept and probabilities say little.
        settings: Features, network and training.
        device: "auto", "cpu" or "cuda"; under `torchrun` every process has one.
        mixed_precision: Whether products are taken in bfloat16; None: on a CUDA device only.
        augmentation: How windows are changed; None for the default.
        about: What the sessions are, plain JSON values, kept with the recognizer.
        from_simulation: Whether all of them are simulated.
        make_network: What makes the network; another one is for comparison.
        checkpoint_dir: Where the motion and checkpoints are kept, to go on after a stop; what is
            there of the same identity is gone on with. None: nothing is kept.
        on_progress: Told of every step; may raise `Cancelled`, or `StopEarly` at a training step.

    Returns:
        The recognizer with the best weights, its back-end and calibration.

    Raises:
        TooLittleError: Too few speakers or sessions.
        MismatchError: The sessions are of different heads, or `checkpoint_dir` is of another
            training.
        InputError: What is in `checkpoint_dir` is damaged, or the device is not there.
    """
    fabric = _make_fabric(device, mixed_precision)
    augmentation = augmentation or Augmentation()
    with temporary_folder("train") as spare:
        own = fabric.broadcast(checkpoint_dir or CheckpointDir(spare, "", SpareFiles()))
        tracks = _tracks(fabric, sessions, settings, own, on_progress)
        validation_set = None
        if trials is not None:
            known = (tracks.head_id, tracks.expression_names)
            validation_set = read_validation_set(trials, settings.features, *known, on_progress)
        network = _new_network(make_network, tracks, settings)
        run = Run(fabric, network, tracks, validation_set, settings, augmentation, own)
        network.load_state_dict(run.optimise(on_progress))
        network.eval()
        backend = _backend(network, tracks, settings, on_progress)
    seed = settings.train.seed
    calibration, accuracy = calibrate_held_out(network, validation_set, backend, seed)
    made_with = {"settings": asdict(settings.train), "augmentation": asdict(augmentation)}
    return Recognizer(
        head_id=tracks.head_id,
        expression_names=tracks.expression_names,
        features=settings.features,
        sizes=settings.network,
        network=network.cpu(),
        backend=backend,
        calibration=calibration,
        training={**(about or {}), **_course(run.history, tracks, fabric), **made_with},
        metrics={} if accuracy is None else {"held_out_during_training": accuracy.as_json()},
        from_simulation=from_simulation,
    )


def _course(history: History, tracks: TrackSet, fabric: Fabric) -> dict[str, Any]:
    """On what the network was trained, where and for how long, and how it went."""
    return {
        "n_speakers": len(set(tracks.speakers)),
        "n_sessions": len(tracks.speakers),
        "left_out": dict(tracks.left_out),
        "minutes": round(history.minutes, 2),
        "steps": history.step,
        "planned_steps": history.planned,
        "best_step": history.best_step,
        "device": str(fabric.device),
        "peak_memory_mb": _peak_memory_mb(),
        "curve": [asdict(validation) for validation in history.validations],
    }


def _make_fabric(device: str, mixed_precision: bool | None) -> Fabric:
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


def _tracks(
    fabric: Fabric,
    sessions: Iterable[LabelledSession],
    settings: Settings,
    checkpoint_dir: CheckpointDir,
    on_progress: OnProgress,
) -> TrackSet:
    """The motion of the sessions; the first process writes it, the others read."""

    def read_or_collect() -> TrackSet:
        folder, identity = checkpoint_dir.folder, checkpoint_dir.identity
        files = checkpoint_dir.files
        return open_tracks(folder, identity, files) or collect_tracks(
            sessions, settings.features, folder, on_progress, identity, files
        )

    first = read_or_collect() if fabric.global_rank == 0 else None
    shared = fabric.broadcast(first)
    return shared or read_or_collect()


def _new_network(
    make_network: MakeNetwork, tracks: TrackSet, settings: Settings
) -> EmbeddingNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.train.seed)
        network = make_network(tracks.n_features, settings.network)
    rng = np.random.default_rng(settings.train.seed)
    chosen = rng.integers(len(tracks.speakers), size=USUAL_WINDOWS)
    length = round(settings.train.window_s * settings.features.rate_hz)
    network.fit_normalisation(tracks.scale, tracks.cut(chosen, length, rng))
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
    described: list[tuple[int, int, FloatArray]] = []
    embedded, shares = [], []
    for index in range(len(tracks.labels)):
        on_progress(Progress("describing the training speakers", index, len(tracks.labels)))
        for window_s in lengths:
            cut = tracks.spread_windows(index, round(window_s * rate_hz), hop, each)
            described.append((index, cut.shape[1], describe(cut, rate_hz, scale)))
            embedded.append(embed_windows(network, cut))
        shares.append(motion_shares(cut, scale))  # in the longest windows
    moves = np.stack(shares)
    resting = resting_by_nature(moves, tracks.labels)
    measured = tracks.present & ((moves > DEAD_SHARE) | resting)
    for index, n_frames, rows in described:
        mask_channels(rows, n_frames, rate_hz, scale, measured[index])
    on_progress(Progress("learning the back-end", 0))
    own = np.concatenate([np.full(len(rows), tracks.labels[k]) for k, _, rows in described])
    shrinkage = settings.train.shrinkage
    return Backend(
        fit_whitening(np.concatenate([r for _, _, r in described]), own, least_shrinkage=shrinkage),
        fit_whitening(np.concatenate(embedded), own),
        resting,
        min(len(own), MOST_PRIOR),
    )


def calibrate_held_out(
    network: EmbeddingNetwork,
    validation_set: ValidationSet | None,
    backend: Backend,
    seed: int,
) -> tuple[Calibration, Accuracy | None]:
    """Probabilities fitted to held-out sessions, and the accuracy there.

    Args:
        network: Trained.
        validation_set: The sessions; None: nothing is known of probabilities or accuracy.
        backend: Of the training speakers.
        seed: Of the drawing of intervals.
    """
    if validation_set is None:
        return uncalibrated(), None
    embedded = validation_set.embedded(partial(motion_embedding, network, backend))
    space = backend.space(embedded.gallery)
    kind = TrialsOf.SIMULATED if validation_set.simulated else TrialsOf.PEOPLE
    calibration = calibrate_on(embedded, space, kind, f"held-out {kind}")
    scores = score_trials(embedded, space, calibration)
    return calibration, measure_scores(scores, np.random.default_rng(seed))


def _peak_memory_mb() -> float | None:
    """Most memory that this process has held so far, MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
