"""The held-out sessions while training: read once, kept small, looked at again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report
from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import Accuracy, measure_scores
from facedyn_app.recognizer.controls import CONTROLS
from facedyn_app.recognizer.evaluation import EmbeddedTrials, Trials, score_trials
from facedyn_app.recognizer.model import MotionWindows, embed_windows, feature_windows
from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.records import Embedding, FloatArray
from facedyn_app.settings import FeatureSettings

MOST_WINDOWS = 12
"""Windows kept of a session, evenly spread: enough to judge by, little enough to keep."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Windows of the held-out sessions.

    Attributes:
        enrolled: Speaker and windows of each session of the gallery.
        probes: Speaker and windows of each session asked about.
        simulated: Whether all of them are made.
    """

    enrolled: tuple[tuple[str, MotionWindows], ...]
    probes: tuple[tuple[str, MotionWindows], ...]
    simulated: bool

    def embedded(
        self,
        network: EmbeddingNetwork,
        change: Callable[[MotionWindows], FloatArray] | None = None,
    ) -> EmbeddedTrials:
        """All of them embedded by a network.

        Args:
            network: On any device.
            change: What is done to the windows before; None for nothing.
        """
        gallery: dict[str, list[Embedding]] = {}
        for name, cut in self.enrolled:
            gallery.setdefault(name, []).append(_embedding(network, cut, change))
        probes = [(name, _embedding(network, cut, change)) for name, cut in self.probes]
        return EmbeddedTrials(gallery, probes)

    def look(self, network: EmbeddingNetwork) -> tuple[Accuracy, dict[str, float]]:
        """The accuracy, and the share of windows recognised under each control."""
        none = np.zeros((0, 1))
        scores = score_trials(self.embedded(network), none)
        accuracy = measure_scores(scores, np.random.default_rng(0))
        controls = {}
        for name, control in CONTROLS.items():
            rng = np.random.default_rng(0)
            changed = score_trials(self.embedded(network, partial(control, rng=rng)), none)
            first = metrics.ranks(changed.windows, changed.window_own) == 1
            controls[name] = float(first.mean())
        return accuracy, controls


def read_held_out(
    trials: Trials,
    settings: FeatureSettings,
    head_id: str,
    expression_names: tuple[str, ...],
    report: Report,
) -> HeldOut:
    """Read held-out sessions, each once; those too short are left out, and their probes.

    Raises:
        MismatchError: A session is of another head.
        TooLittleError: Fewer than two speakers, or no probe, are left.
    """
    total = len(trials.enrolled) + len(trials.probes)
    kept: list[list[tuple[str, MotionWindows]]] = [[], []]
    simulated, number = True, 0
    for part, items in zip(kept, (trials.enrolled, trials.probes), strict=True):
        for item in items:
            report(Progress("reading held-out sessions", number, total))
            number += 1
            try:
                cut = feature_windows(item.session, settings, head_id, expression_names)
            except TooLittleError:
                continue
            part.append((item.speaker, _few(cut)))
            simulated &= item.session.simulated
    known = {name for name, _ in kept[0]}
    probes = tuple(probe for probe in kept[1] if probe[0] in known)
    if len(known) < 2 or not probes:
        raise TooLittleError("The held-out sessions are too few or too short to calibrate on.")
    return HeldOut(tuple(kept[0]), probes, simulated)


def _few(cut: MotionWindows) -> MotionWindows:
    n = len(cut.values)
    chosen = np.unique(np.linspace(0, n - 1, MOST_WINDOWS).round().astype(int))
    return MotionWindows(cut.values[chosen].astype(np.float16), cut.spans[chosen], cut.mean)


def _embedding(
    network: EmbeddingNetwork,
    cut: MotionWindows,
    change: Callable[[MotionWindows], FloatArray] | None,
) -> Embedding:
    values = cut.values if change is None else change(cut)
    return Embedding(embed_windows(network, values), cut.spans)
