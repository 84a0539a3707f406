"""A recognizer's test: headline, controls and baselines on the same sessions, in one reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report
from facedyn_app.recognizer.accuracy import Accuracy, Scores, measure_scores
from facedyn_app.recognizer.baselines import BASELINES, discriminant_scores
from facedyn_app.recognizer.controls import CONTROLS
from facedyn_app.recognizer.evaluation import (
    EmbeddedTrials,
    LabelledSession,
    Trials,
    score_trials,
)
from facedyn_app.recognizer.model import MotionWindows, Recognizer, embed_windows
from facedyn_app.records import Embedding, FloatArray

HEADLINE = "headline"

MOST_DESCRIBED = 24
"""Windows of a session, evenly spread, that the baselines see: a bound on memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What a recognizer reaches, beside what it must be compared with.

    Attributes:
        accuracy: Of the recognizer.
        controls: Of the recognizer on changed windows, by the control's name.
        baselines: Of plain classifiers, by their names.
        scores: The recognizer's scores, for curves.
        trials: The embedded sessions.
        simulated: Whether all tested sessions are made.
    """

    accuracy: Accuracy
    controls: Mapping[str, Accuracy]
    baselines: Mapping[str, Accuracy]
    scores: Scores
    trials: EmbeddedTrials
    simulated: bool


def assess(
    recognizer: Recognizer, trials: Trials, seed: int, report: Report, *, baselines: bool = True
) -> Assessment:
    """Test a recognizer, its controls and the baselines on the same sessions.

    Args:
        recognizer: What is tested.
        trials: Sessions to enrol and to ask about; each is read once.
        seed: Of the shuffling and the bootstrap.
        report: Told of every session; may raise `Cancelled`.
        baselines: Whether the plain classifiers are tested too.

    Raises:
        TooLittleError: Fewer than two speakers, or no probe, are long enough.
        MismatchError: A session is of another head than the recognizer.
    """
    reader = _Reader(recognizer, seed, with_baselines=baselines)
    total = len(trials.enrolled) + len(trials.probes)
    for number, item in enumerate(trials.enrolled):
        report(Progress("testing", number, total))
        reader.add(item, probe=False)
    for number, item in enumerate(trials.probes, start=len(trials.enrolled)):
        report(Progress("testing", number, total))
        reader.add(item, probe=True)
    report(Progress("counting", 0))
    cohort, calibration = recognizer.cohort, recognizer.calibration
    scores = score_trials(reader.trials(HEADLINE), cohort, calibration)
    controls = {
        name: measure_scores(score_trials(reader.trials(name), cohort), _rng(seed))
        for name in CONTROLS
    }
    plain = {
        name: measure_scores(reader.described(name), _rng(seed)) for name in reader.described_names
    }
    return Assessment(
        accuracy=measure_scores(scores, _rng(seed)),
        controls=controls,
        baselines=plain,
        scores=scores,
        trials=reader.trials(HEADLINE),
        simulated=reader.simulated,
    )


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


class _Reader:
    """Reads each session once and keeps its embeddings and descriptions."""

    def __init__(self, recognizer: Recognizer, seed: int, *, with_baselines: bool) -> None:
        self._recognizer, self._rng = recognizer, _rng(seed)
        self.described_names = tuple(BASELINES) if with_baselines else ()
        self.simulated = True
        kinds = (HEADLINE, *CONTROLS)
        self._gallery: dict[str, dict[str, list[Embedding]]] = {kind: {} for kind in kinds}
        self._probes: dict[str, list[tuple[str, Embedding]]] = {kind: [] for kind in kinds}
        self._described: dict[tuple[str, bool], list[tuple[str, FloatArray]]] = {}

    def add(self, item: LabelledSession, *, probe: bool) -> None:
        if probe and item.speaker not in self._gallery[HEADLINE]:
            return
        try:
            cut = self._recognizer.windows(item.session)
        except TooLittleError:
            return
        self.simulated &= item.session.simulated
        changed = {name: control(cut, self._rng) for name, control in CONTROLS.items()}
        for kind, values in {HEADLINE: cut.values, **changed}.items():
            embedding = Embedding(embed_windows(self._recognizer.network, values), cut.spans)
            if probe:
                self._probes[kind].append((item.speaker, embedding))
            else:
                self._gallery[kind].setdefault(item.speaker, []).append(embedding)
        few = _few(cut)
        for name in self.described_names:
            rows = BASELINES[name](few, self._recognizer.features.rate_hz)
            self._described.setdefault((name, probe), []).append((item.speaker, rows))

    def trials(self, kind: str) -> EmbeddedTrials:
        return EmbeddedTrials(self._gallery[kind], self._probes[kind])

    def described(self, name: str) -> Scores:
        names = tuple(self._gallery[HEADLINE])
        enrolled, probes = (self._described.get((name, probe), []) for probe in (False, True))
        return discriminant_scores(names, enrolled, probes)


def _few(cut: MotionWindows) -> MotionWindows:
    chosen = np.unique(np.linspace(0, len(cut.values) - 1, MOST_DESCRIBED).round().astype(int))
    return MotionWindows(cut.values[chosen], cut.spans[chosen], cut.mean)
