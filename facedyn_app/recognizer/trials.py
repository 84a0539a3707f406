"""Trials: held-out sessions embedded and compared with the enrolled speakers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.accuracy import Scores
from facedyn_app.recognizer.metrics import best_of_others
from facedyn_app.recognizer.scoring import (
    Calibration,
    ScoreSpace,
    TrialsOf,
    against_others,
    compared_gallery,
    covered_seconds,
    fit_calibration,
)
from facedyn_app.records import BoolArray, Embedding, FloatArray, Session

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSession:
    """A session and whose it is."""

    speaker: str
    session: Session


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Held-out sessions: some are enrolled, the others asked about.

    Attributes:
        enrolled: Sessions that make the gallery.
        probes: Sessions to be recognised, other recordings of the same speakers.
    """

    enrolled: Sequence[LabelledSession]
    probes: Sequence[LabelledSession]

    @property
    def n_sessions(self) -> int:
        """Enrolled sessions and probes together."""
        return len(self.enrolled) + len(self.probes)

    def in_order(self) -> Iterator[tuple[LabelledSession, bool]]:
        """Every session, the enrolled ones first, and whether it is a probe."""
        for probe, items in enumerate((self.enrolled, self.probes)):
            for item in items:
                yield item, bool(probe)


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedTrials:
    """Trials after the recognizer has embedded them.

    Attributes:
        gallery: Enrolled embeddings of each speaker.
        probes: (speaker, embedding) of each probe.
    """

    gallery: Mapping[str, Sequence[Embedding]]
    probes: Sequence[tuple[str, Embedding]]


def embed_trials(
    trials: Trials, embed: Callable[[Session], Embedding], on_progress: OnProgress = ignore
) -> EmbeddedTrials:
    """Embed all sessions of held-out trials; those too short to embed are left out.

    Args:
        trials: Held-out sessions.
        embed: What embeds one.
        on_progress: Told of every session; may raise `Cancelled`.
    """
    enrolled, probes = read_trials(trials, embed, "testing", on_progress)
    return EmbeddedTrials(by_speaker(enrolled), probes)


def read_trials(
    trials: Trials, read: Callable[[Session], Item], stage: str, on_progress: OnProgress
) -> tuple[list[tuple[str, Item]], list[tuple[str, Item]]]:
    """Read held-out sessions, each once; those too short are left out, and their probes.

    Args:
        trials: Held-out sessions.
        read: What is kept of one; raises TooLittleError where it is too short.
        stage: Of the progress.
        on_progress: Told of every session; may raise `Cancelled`.

    Returns:
        Speaker and what is kept of each enrolled session, and of each probe of who is enrolled.
    """
    enrolled: list[tuple[str, Item]] = []
    probes: list[tuple[str, Item]] = []
    for number, (item, probe) in enumerate(trials.in_order()):
        on_progress(Progress(stage, number, trials.n_sessions))
        with suppress(TooLittleError):
            (probes if probe else enrolled).append((item.speaker, read(item.session)))
    speakers = {name for name, _ in enrolled}
    return enrolled, [probe for probe in probes if probe[0] in speakers]


def by_speaker(items: Sequence[tuple[str, Item]]) -> dict[str, list[Item]]:
    """The items of each speaker, speakers in the order in which they come first."""
    groups: dict[str, list[Item]] = {}
    for name, item in items:
        groups.setdefault(name, []).append(item)
    return groups


def score_trials(
    trials: EmbeddedTrials, space: ScoreSpace, calibration: Calibration | None = None
) -> Scores:
    """Scores of all probes and windows with all speakers.

    Args:
        trials: Embedded held-out sessions.
        space: Where they are compared.
        calibration: For the log likelihood ratios; None for none.

    Raises:
        TooLittleError: There are no probes, or nobody is enrolled.
    """
    speakers = compared_gallery(trials.gallery, space).directions
    if not trials.probes:
        raise TooLittleError("There are no held-out sessions to measure the accuracy on.")
    names = list(trials.gallery)
    own = np.asarray([names.index(name) for name, _ in trials.probes])
    windows = [space.directions(e.vectors) @ speakers.T for _, e in trials.probes]
    means = np.stack([space.mean_direction(e.vectors) for _, e in trials.probes])
    seconds = np.asarray([covered_seconds(e) for _, e in trials.probes])
    cosines = means @ speakers.T
    scores = against_others(cosines)
    return Scores(
        names=tuple(names),
        own=own,
        probes=scores,
        window_own=np.repeat(own, [len(rows) for rows in windows]),
        windows=against_others(np.concatenate(windows)),
        log_odds=None if calibration is None else calibration.log_odds(scores, seconds[:, None]),
        strangers=best_of_others(cosines, own),
    )


def comparison_table(
    trials: EmbeddedTrials, space: ScoreSpace
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """All comparisons of probes, whole and cut to their first windows, with all speakers.

    Shortened probes let the calibration learn what duration does. Each speaker is compared as if
    known alone: a library of one has no others, and rates that strangers reach hold in all.

    Returns:
        (N,) scores, (N,) whether same speaker, (N,) seconds of the probe.
    """
    names = list(trials.gallery)
    speakers = compared_gallery(trials.gallery, space).directions
    scores, same, seconds = [], [], []
    for name, embedding in trials.probes:
        n_windows = len(embedding.vectors)
        for count in sorted({1, 2, 4, n_windows} & set(range(1, n_windows + 1))):
            part = Embedding(embedding.vectors[:count], embedding.window_seconds[:count])
            scores.append(space.mean_direction(part.vectors) @ speakers.T)
            same.append(np.asarray([name == other for other in names]))
            seconds.append(np.full(len(names), covered_seconds(part)))
    return np.concatenate(scores), np.concatenate(same), np.concatenate(seconds)


def calibrate_on(
    trials: EmbeddedTrials, space: ScoreSpace, of: TrialsOf, speakers: str
) -> Calibration:
    """Learn from held-out trials what a score stands for.

    Args:
        trials: Embedded held-out sessions.
        space: Where they are compared.
        of: Whose they are.
        speakers: What the speakers are called, after their number.

    Raises:
        TooLittleError: There are no trials of the same or of different speakers.
    """
    scores, same, seconds = comparison_table(trials, space)
    made_on = f"{len(trials.gallery)} {speakers}, {len(trials.probes)} sessions"
    return fit_calibration(scores, same, seconds, made_on, of)
