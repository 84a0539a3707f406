"""How well the clinical measures repeat: of mirror images, and of the halves of a recording.

Of a recording the face's left less right is measured as D + b, of its mirror image, sides exchanged
back, as D - b: with the usual b taken off, both err by the same amount to opposite sides. So the
mirror image's value lies twice as far off as the truth does; the mean of both is free of b and may
stand for the truth in judging the interval of either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import Asymmetry, Interval
from facedyn_app.dynamics.clinical.measures import BY_NAME
from facedyn_app.dynamics.clinical.session import ClinicalMeasures
from facedyn_app.errors import MismatchError
from facedyn_app.progress import OnProgress
from facedyn_app.records import FloatArray
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.workflows.measure import MeasureOptions, measure_recordings


@dataclass(frozen=True, slots=True)
class MirroredAnswers:
    """Values of recordings beside those of their mirror images, sides exchanged back.

    Attributes:
        what: "differences" of the sides, or "sides" one by one.
        n: How many values.
        value_within: Of them, mirror images' values within the recording's interval.
        both_within: Mirror images' values within the interval of the difference of two
            measurements, the root of the sum of both half widths' squares.
        mean_within: Means of both within the recording's interval.
        turned: Differences that are told in both with opposite signs.
    """

    what: str
    n: int
    value_within: int
    both_within: int
    mean_within: int
    turned: int


@dataclass(frozen=True, slots=True)
class HalvesRepeat:
    """A measure in the first and in the second half of recordings.

    Attributes:
        measure: Its name.
        statistic: "rest" or "range".
        unit: Of the values; empty for a ratio.
        n: Pairs of halves, one a recording and side.
        rms: Root mean square of the halves' difference, in the unit.
        sem: Standard error of measurement of a whole recording, half of that (`change`).
        correlation: Of the halves over recordings and sides; NaN with fewer than three pairs.
    """

    measure: str
    statistic: str
    unit: str
    n: int
    rms: float
    sem: float
    correlation: float


@dataclass(frozen=True, slots=True)
class RepeatResult:
    """How well clinical measures repeat.

    Attributes:
        n_recordings: Recordings.
        plain: Answers without the fit of the mirror image; empty where none was given.
        with_mirror: Answers of either with the fit of the other as its mirror image; likewise.
        halves: Test and retest in the halves of the recordings.
    """

    n_recordings: int
    plain: tuple[MirroredAnswers, ...]
    with_mirror: tuple[MirroredAnswers, ...]
    halves: tuple[HalvesRepeat, ...]


def measure_repeat(
    sessions: Sequence[Path],
    mirrored: Sequence[Path],
    settings: ClinicalSettings,
    on_progress: OnProgress,
) -> RepeatResult:
    """Measure recordings, their mirror images, and their halves.

    Args:
        sessions: Session files.
        mirrored: Those of the same recordings fitted mirrored; none, or one for each.
        settings: Of the measures.
        on_progress: Called for every recording; may raise Cancelled.

    Raises:
        InputError: A file cannot be read, or is a video.
        MismatchError: A mirrored fit belongs to none of the recordings.
    """
    if mirrored and len(mirrored) != len(sessions):
        raise MismatchError(
            f"There are {len(sessions)} recordings and {len(mirrored)} mirrored fits.",
            "Give one mirrored fit for each recording, or none.",
        )

    def measured(paths: Sequence[Path], mirrors: Sequence[Path]) -> dict[object, ClinicalMeasures]:
        options = MeasureOptions()
        found = measure_recordings(paths, mirrors, None, options, settings, on_progress)
        return {_key(one): one.measures for one in found.sessions}

    own = measured(sessions, [])
    halves = _halves(list(own.values()))
    if not mirrored:
        return RepeatResult(len(own), (), (), halves)
    with_own = measured(sessions, mirrored)
    plain = _answers(own, measured(mirrored, []))
    return RepeatResult(len(own), plain, _answers(with_own, measured(mirrored, sessions)), halves)


def _key(one: MeasuredSession) -> object:
    return one.session.info.source_sha256, one.session.info.face


def _answers(
    first: Mapping[object, ClinicalMeasures], second: Mapping[object, ClinicalMeasures]
) -> tuple[MirroredAnswers, ...]:
    pairs = [
        (asymmetry, second[key].sides[statistic][name])
        for key, one in first.items()
        for statistic, measures in one.sides.items()
        for name, asymmetry in measures.items()
        if name in second[key].sides.get(statistic, {})
    ]
    turned = sum(
        one.told and other.told and one.difference.value * other.difference.value > 0.0
        for one, other in pairs
    )
    differences = [(one.difference, other.difference.scaled(-1.0)) for one, other in pairs]
    sides = [both for one, other in pairs for both in _sides(one, other)]
    return _counted("differences", differences, turned), _counted("sides", sides, 0)


def _sides(one: Asymmetry, other: Asymmetry) -> tuple[tuple[Interval, Interval], ...]:
    return (one.left, other.right), (one.right, other.left)


def _counted(what: str, pairs: Sequence[tuple[Interval, Interval]], turned: int) -> MirroredAnswers:
    def count(holds: Callable[[Interval, Interval], bool]) -> int:
        return sum(holds(one, other) for one, other in pairs)

    def within(interval: Interval, value: float) -> bool:
        return bool(interval.low <= value <= interval.high)

    return MirroredAnswers(
        what=what,
        n=len(pairs),
        value_within=count(lambda one, other: within(one, other.value)),
        both_within=count(
            lambda one, other: abs(one.value - other.value) <= np.hypot(one.half, other.half)
        ),
        mean_within=count(lambda one, other: within(one, 0.5 * (one.value + other.value))),
        turned=turned,
    )


def _halves(measures: Sequence[ClinicalMeasures]) -> tuple[HalvesRepeat, ...]:
    found: dict[tuple[str, str], list[FloatArray]] = {}
    for one in measures:
        for statistic, by_name in one.halves.items():
            for name, both in by_name.items():
                found.setdefault((statistic, name), []).append(both)
    return tuple(_repeat(key, np.concatenate(both, axis=1)) for key, both in found.items())


def _repeat(key: tuple[str, str], both: FloatArray) -> HalvesRepeat:
    statistic, name = key
    known = both[:, np.isfinite(both).all(axis=0)]
    rms = float(np.sqrt(np.mean((known[0] - known[1]) ** 2))) if known.size else np.nan
    varies = known.shape[1] > 2 and bool((known.std(axis=1) > 0.0).all())
    correlation = float(np.corrcoef(known[0], known[1])[0, 1]) if varies else np.nan
    unit = BY_NAME[name].unit
    return HalvesRepeat(name, statistic, unit, known.shape[1], rms, 0.5 * rms, correlation)
