"""Validation set: the held-out sessions while training, read once and kept small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer import metrics
from facedyn_app.recognizer.accuracy import Accuracy, Scores, measure_scores
from facedyn_app.recognizer.baselines import CONTROLS
from facedyn_app.recognizer.model import embed_windows
from facedyn_app.recognizer.motion_windows import MotionWindows, feature_windows
from facedyn_app.recognizer.network import EmbeddingNetwork
from facedyn_app.recognizer.scoring import plain_space
from facedyn_app.recognizer.trials import (
    EmbeddedTrials,
    Trials,
    by_speaker,
    read_trials,
    score_trials,
)
from facedyn_app.records import Embedding, FloatArray, Session
from facedyn_app.settings import FeatureSettings

MOST_WINDOWS = 12
"""Windows kept of a session, evenly spread: enough to judge by, little enough to keep."""


@dataclass(frozen=True, slots=True, eq=False)
class ValidationSet:
    """Windows of the held-out sessions.

    Attributes:
        enrolled: Speaker and windows of each session of the gallery.
        probes: Speaker and windows of each session asked about.
        simulated: Whether all of them are simulated.
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
        enrolled, probes = (
            [(name, embed(cut)) for name, cut in part] for part in (self.enrolled, self.probes)
        )
        return EmbeddedTrials(by_speaker(enrolled), probes)

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


def read_validation_set(
    trials: Trials,
    settings: FeatureSettings,
    head_id: str,
    expression_names: tuple[str, ...],
    on_progress: OnProgress,
) -> ValidationSet:
    """Read held-out sessions, each once; those too short are left out, and their probes.

    Raises:
        MismatchError: A session is of another head.
        TooLittleError: Fewer than two speakers, or no probe, are left.
    """
    simulated = []

    def read(session: Session) -> MotionWindows:
        cut = feature_windows(session, settings, head_id, expression_names).spread(MOST_WINDOWS)
        simulated.append(session.simulated)
        return replace(cut, values=cut.values.astype(np.float16))

    enrolled, probes = read_trials(trials, read, "reading held-out sessions", on_progress)
    if len({name for name, _ in enrolled}) < 2 or not probes:
        raise TooLittleError("The held-out sessions are too few or too short to calibrate on.")
    return ValidationSet(tuple(enrolled), tuple(probes), all(simulated))
