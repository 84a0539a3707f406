"""Evaluation of a recognizer: headline, its parts, controls and baselines on the same sessions.

The sessions are read once. The headline is the fusion of descriptors and network by the adapted
back-end; its parts say what each of them brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.accuracy import Accuracy, Scores, measure_scores
from facedyn_app.recognizer.baselines import (
    BASELINES,
    BESIDE_CONTROLS,
    CONTROLS,
    discriminant_scores,
)
from facedyn_app.recognizer.lead import Lead, lead
from facedyn_app.recognizer.model import Recognizer, embed_windows, learnt_scale
from facedyn_app.recognizer.motion_windows import MotionWindows
from facedyn_app.recognizer.scoring import plain_space
from facedyn_app.recognizer.trials import (
    EmbeddedTrials,
    LabelledSession,
    Trials,
    embed_trials,
    score_trials,
)
from facedyn_app.records import Embedding, FloatArray

HEADLINE, NETWORK = "headline", "network"
TO_BEAT = "descriptors_b"
"""The baseline that a recognizer must beat."""

MOST_DESCRIBED = 24
"""Windows of a session, evenly spread, that baselines and controls see: a bound on memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """Accuracy of a recognizer beside what it must be compared with.

    Attributes:
        accuracy: Of the recognizer.
        parts: Of what it consists of, by the part's name (`PARTS`).
        controls: Of the recognizer on changed windows, by the control's name.
        baselines: Of plain classifiers, by their names.
        lead: The recognizer's measures less those of the baseline to beat, on the same people.
        scores: The recognizer's scores, for curves.
        trials: The embedded sessions.
        simulated: Whether all tested sessions are simulated.
    """

    accuracy: Accuracy
    parts: Mapping[str, Accuracy]
    controls: Mapping[str, Accuracy]
    baselines: Mapping[str, Accuracy]
    lead: Mapping[str, Lead]
    scores: Scores
    trials: EmbeddedTrials
    simulated: bool

    @property
    def compared(self) -> dict[str, Accuracy]:
        """The recognizer, its parts, the baselines and the controls, by name, in this order."""
        plain = {BESIDE_CONTROLS.get(name, name): one for name, one in self.baselines.items()}
        return {"recognizer": self.accuracy, **self.parts, **plain, **self.controls}


def assess(
    recognizer: Recognizer, trials: Trials, seed: int, on_progress: OnProgress
) -> Assessment:
    """Test a recognizer, its controls and the baselines on the same sessions.

    Args:
        recognizer: What is tested.
        trials: Sessions to enrol and to ask about; each is read once.
        seed: Of the shuffling and the bootstrap.
        on_progress: Told of every session; may raise `Cancelled`.

    Raises:
        TooLittleError: Fewer than two speakers, or no probe, are long enough.
        MismatchError: A session is of another head than the recognizer.
    """
    reader = _Reader(recognizer, seed)
    for number, (item, probe) in enumerate(trials.in_order()):
        on_progress(Progress("testing", number, trials.n_sessions))
        reader.add(item, probe=probe)
    on_progress(Progress("counting", 0))
    headline = reader.trials(HEADLINE)
    space = recognizer.space(headline.gallery)
    scores = score_trials(headline, space, recognizer.calibration)
    controls = {}
    for name in CONTROLS:
        changed = reader.trials(name)
        own = recognizer.space(changed.gallery)
        controls[name] = measure_scores(score_trials(changed, own), _rng(seed))
    plain = {name: reader.described(name) for name in BASELINES}
    return Assessment(
        accuracy=measure_scores(scores, _rng(seed)),
        parts=_parts(recognizer, headline, reader.trials(NETWORK), seed),
        controls=controls,
        baselines={name: measure_scores(own, _rng(seed)) for name, own in plain.items()},
        lead=lead(scores, plain[TO_BEAT], seed),
        scores=scores,
        trials=reader.trials(HEADLINE),
        simulated=reader.simulated,
    )


def accuracy_of(
    recognizer: Recognizer, trials: Trials, seed: int, on_progress: OnProgress
) -> Accuracy:
    """A recognizer's accuracy alone.

    Args:
        recognizer: What is tested.
        trials: Sessions to enrol and to ask about; those too short are left out.
        seed: Of the bootstrap.
        on_progress: Told of every session; may raise `Cancelled`.

    Raises:
        TooLittleError: There are no probes, or nobody is enrolled.
        MismatchError: A session is of another head than the recognizer.
    """
    embedded = embed_trials(trials, recognizer.embed, on_progress)
    scores = score_trials(embedded, recognizer.space(embedded.gallery), recognizer.calibration)
    return measure_scores(scores, _rng(seed))


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _parts(
    recognizer: Recognizer, trials: EmbeddedTrials, network: EmbeddedTrials, seed: int
) -> dict[str, Accuracy]:
    """Of the network's cosine as it is, and of both halves of the back-end alone."""
    spaces = {
        NETWORK: (network, plain_space(recognizer.sizes.embedding)),
        "network_whitened": (trials, recognizer.backend.space(trials.gallery, 1.0)),
        "descriptors_whitened": (trials, recognizer.backend.space(trials.gallery, 0.0)),
    }
    return {
        name: measure_scores(score_trials(own, space), _rng(seed))
        for name, (own, space) in spaces.items()
    }


class _Reader:
    """Reads each session once and keeps its embeddings and descriptions."""

    def __init__(self, recognizer: Recognizer, seed: int) -> None:
        self._recognizer, self._rng = recognizer, _rng(seed)
        self.simulated = True
        kinds = (HEADLINE, NETWORK, *CONTROLS)
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
        self._embed(item.speaker, cut, probe=probe)
        scale = learnt_scale(self._recognizer.network)
        few = cut.spread(MOST_DESCRIBED)
        for name, describe in BASELINES.items():
            rows = describe(few, scale)
            self._described.setdefault((name, probe), []).append((item.speaker, rows))

    def _embed(self, speaker: str, cut: MotionWindows, *, probe: bool) -> None:
        recognizer = self._recognizer
        kinds = {HEADLINE: recognizer.embed_windows(cut)}
        kinds[NETWORK] = Embedding(embed_windows(recognizer.network, cut.values), cut.spans)
        few = cut.spread(MOST_DESCRIBED)
        for name, control in CONTROLS.items():
            changed = replace(few, values=control(few, self._rng))
            kinds[name] = recognizer.embed_windows(changed)
        for kind, embedding in kinds.items():
            if probe:
                self._probes[kind].append((speaker, embedding))
            else:
                self._gallery[kind].setdefault(speaker, []).append(embedding)

    def trials(self, kind: str) -> EmbeddedTrials:
        return EmbeddedTrials(self._gallery[kind], self._probes[kind])

    def described(self, name: str) -> Scores:
        enrolled, probes = (self._described.get((name, probe), []) for probe in (False, True))
        return discriminant_scores(enrolled, probes)
