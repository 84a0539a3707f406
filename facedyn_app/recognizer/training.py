"""Training a recognizer on labelled sessions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.augment import Augmentation
from facedyn_app.recognizer.calibration import Calibration, fit_calibration, uncalibrated
from facedyn_app.recognizer.evaluation import (
    LabelledSession,
    Trials,
    comparison_table,
    embed_trials,
    score_trials,
)
from facedyn_app.recognizer.model import Recognizer, embed_windows
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.optimisation import Run
from facedyn_app.recognizer.tracks import TrackSet, collect_tracks
from facedyn_app.records import FloatArray
from facedyn_app.settings import Settings

LONGEST_COHORT = 500
"""Training speakers kept for normalising scores."""


def train(
    sessions: Iterable[LabelledSession],
    trials: Trials | None,
    settings: Settings,
    *,
    device: str = "cpu",
    mixed_precision: bool | None = None,
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
        mixed_precision: Whether products are taken in bfloat16; None: on a CUDA device only, since
            few CPUs are faster that way.
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
    mixed = network.scale.is_cuda if mixed_precision is None else mixed_precision
    run = Run(network, tracks, trials, settings, augmentation or Augmentation(), mixed=mixed)
    best = run.optimise(report)
    network.load_state_dict(best.weights)
    network.eval()
    unfinished = Recognizer(
        head_id=tracks.head_id,
        expression_names=tracks.expression_names,
        features=settings.features,
        sizes=settings.network,
        network=network,
        cohort=_cohort(network, tracks, settings, report),
        calibration=uncalibrated(),
    )
    calibration, accuracy = _calibrate(unfinished, trials, settings, report)
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


def _cohort(
    network: MotionNetwork, tracks: TrackSet, settings: Settings, report: Report
) -> FloatArray:
    """(K, D) centroids of the first training speakers, all their windows without overlap."""
    vectors: dict[str, list[FloatArray]] = {}
    for index, speaker in enumerate(tracks.speakers):
        if speaker not in vectors and len(vectors) == LONGEST_COHORT:
            continue
        report(Progress("describing the training speakers", index, len(tracks.speakers)))
        cut = tracks.all_windows(index, settings.features)
        vectors.setdefault(speaker, []).append(embed_windows(network, cut))
    means = np.stack([np.concatenate(own).mean(axis=0) for own in vectors.values()])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(lengths, 1e-12), dtype=np.float32)


def _calibrate(
    recognizer: Recognizer, trials: Trials | None, settings: Settings, report: Report
) -> tuple[Calibration, Accuracy | None]:
    if trials is None:
        return uncalibrated(), None
    embedded = embed_trials(trials, recognizer.embed, report)
    if len(embedded.gallery) < 2 or not embedded.probes:
        raise TooLittleError("The held-out sessions are too few or too short to calibrate on.")
    scores, same, seconds = comparison_table(embedded, recognizer.cohort)
    simulated = all(item.session.simulated for item in trials.probes)
    kind = "simulated speakers" if simulated else "speakers"
    made_on = f"{len(embedded.gallery)} held-out {kind}, {len(embedded.probes)} sessions"
    calibration = fit_calibration(scores, same, seconds, made_on)
    rng = np.random.default_rng(settings.train.seed)
    return calibration, measure_scores(score_trials(embedded, recognizer.cohort, calibration), rng)
