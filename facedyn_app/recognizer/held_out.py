"""The held-out sessions while training: read once, kept small, looked at again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import Accuracy, Scores, measure_scores
from facedyn_app.recognizer.backend import plain_space
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

    @property
    def n_speakers(self) -> int:
        """Speakers in the gallery."""
        return len({name for name, _ in self.enrolled})

    def embedded(self, embed: Callable[[MotionWindows], Embedding]) -> EmbeddedTrials:
        """All of them embedded."""
        gallery: dict[str, list[Embedding]] = {}
        for name, cut in self.enrolled:
            gallery.setdefault(name, []).append(embed(cut))
        return EmbeddedTrials(gallery, [(name, embed(cut)) for name, cut in self.probes])

    def evaluate(self, network: EmbeddingNetwork) -> tuple[Accuracy, dict[str, float]]:
        """The network's accuracy, and the share of windows recognised under each control."""
        accuracy = measure_scores(self._scores(network, _unchanged), np.random.default_rng(0))
        controls = {}
        for name, control in CONTROLS.items():
            changed = self._scores(network, partial(control, rng=np.random.default_rng(0)))
            first = metrics.ranks(changed.windows, changed.window_own) == 1
            controls[name] = float(first.mean())
        return accuracy, controls

    def _scores(
        self, network: EmbeddingNetwork, change: Callable[[MotionWindows], FloatArray]
    ) -> Scores:
        def embed(cut: MotionWindows) -> Embedding:
            return Embedding(embed_windows(network, change(cut)), cut.spans)

        return score_trials(self.embedded(embed), plain_space(network.n_embedding))


def _unchanged(cut: MotionWindows) -> FloatArray:
    return cut.values


def read_held_out(
    trials: Trials,
    settings: FeatureSettings,
    head_id: str,
    expression_names: tuple[str, ...],
    on_progress: OnProgress,
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
            on_progress(Progress("reading held-out sessions", number, total))
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
    few = cut.spread(MOST_WINDOWS)
    return replace(few, values=few.values.astype(np.float16))
