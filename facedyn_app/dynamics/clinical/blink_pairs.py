"""Blinks of both eyes: left matched with right, rate, intervals between blinks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blinks import ClosureKind, EyeClosure


@dataclass(frozen=True, slots=True)
class Blink:
    """One closure of the eyes.

    Attributes:
        left: Of the left eye; None where it took no part.
        right: Of the right eye, likewise.
    """

    left: EyeClosure | None
    right: EyeClosure | None

    @property
    def sides(self) -> tuple[EyeClosure, ...]:
        """Of the eyes that took part."""
        return tuple(one for one in (self.left, self.right) if one is not None)

    @property
    def kind(self) -> ClosureKind:
        """What it is: forced where one eye's is, a blink where one eye is quick, else long."""
        kinds = {one.kind for one in self.sides}
        return next(
            k for k in (ClosureKind.FORCED, ClosureKind.BLINK, ClosureKind.LONG) if k in kinds
        )

    @property
    def onset(self) -> float:
        """When the first eye begins to close, s."""
        return min(one.onset for one in self.sides)

    @property
    def moment(self) -> float:
        """When the first eye is closed most, s."""
        return min(one.deepest for one in self.sides)

    @property
    def end(self) -> float:
        """When the last eye is open again, s."""
        return max(one.end for one in self.sides)

    @property
    def complete(self) -> bool:
        """Whether every eye that took part closed completely."""
        return all(one.complete for one in self.sides)

    @property
    def delay(self) -> float:
        """How much later the left eye begins than the right one, s; NaN with one eye."""
        if self.left is None or self.right is None:
            return float("nan")
        return self.left.onset - self.right.onset


def match_eyes(
    left: Sequence[EyeClosure],
    right: Sequence[EyeClosure],
    settings: ClinicalSettings,
    *,
    both_seen: bool = True,
) -> tuple[Blink, ...]:
    """Closures of both eyes as blinks, by onset; each closure is in one, nearest pairs first.

    Two closures belong together where their deepest moments lie near, or where they overlap for
    most of the shorter one, as long closures do.

    Args:
        left: Closures of the left eye.
        right: Closures of the right eye.
        settings: How near.
        both_seen: Whether both eyes were; where one is hidden, the other one need not close
            further, since what it does is not what both would show.
    """
    pairs = sorted(
        (abs(one.deepest - other.deepest), i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if _together(one, other, settings.matched_within_s)
    )
    of_left: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in of_left and j not in taken:
            of_left[i] = j
            taken.add(j)
    blinks = [Blink(one, right[of_left[i]] if i in of_left else None) for i, one in enumerate(left)]
    blinks += [Blink(None, other) for j, other in enumerate(right) if j not in taken]
    counted = (blink for blink in blinks if _counts(blink, settings, both_seen=both_seen))
    return tuple(sorted(counted, key=lambda blink: blink.onset))


def _counts(blink: Blink, settings: ClinicalSettings, *, both_seen: bool) -> bool:
    """Whether it is deep enough; one eye alone must close further, and for longer than a slip.

    Both eyes together in one frame are a blink that fell between the others: few frames a second,
    or a film that was sped up or cut.
    """
    deepest = max(one.depth for one in blink.sides)
    if len(blink.sides) == 2:
        return deepest >= settings.least_closure
    lasting = blink.sides[0].duration >= settings.shortest_blink_s
    least = settings.one_eye_closure if both_seen else settings.least_closure
    return lasting and deepest >= least


def _together(one: EyeClosure, other: EyeClosure, within_s: float) -> bool:
    overlap = min(one.end, other.end) - max(one.onset, other.onset)
    shorter = min(one.end - one.onset, other.end - other.onset)
    return abs(one.deepest - other.deepest) <= within_s or overlap > 0.5 * shorter


@dataclass(frozen=True, slots=True)
class BlinkSummary:
    """Blinks of a recording; NaN where there are too few.

    Attributes:
        n: Blinks of at least one eye; long and forced closures are not among them.
        n_complete: Those in which every eye that took part closed completely.
        n_one_eye: Those that one eye took part in alone, though both were seen.
        n_long: Long closures.
        n_forced: Forced closures.
        seconds: Time in which an eye was seen, s.
        rate: Blinks a minute.
        interval_median: Median time between onsets, s.
        interval_iqr: Interquartile range of that time, s.
        delay_median: Median delay of the left eye against the right one, s.
        duration: Median duration at half depth of each side, s.
        closing: Median closing time of each side, s.
        opening: Median opening time of each side, s.
        depth: Median depth of each side, share.
        complete_share: Share of each side's blinks that are complete.
    """

    n: int
    n_complete: int
    n_one_eye: int
    n_long: int
    n_forced: int
    seconds: float
    rate: float
    interval_median: float
    interval_iqr: float
    delay_median: float
    duration: tuple[float, float]
    closing: tuple[float, float]
    opening: tuple[float, float]
    depth: tuple[float, float]
    complete_share: tuple[float, float]


def summarise_blinks(blinks: Sequence[Blink], seconds: float, n_eyes: int) -> BlinkSummary:
    """What the blinks of a recording come to.

    Args:
        blinks: All closures of the eyes.
        seconds: Time in which an eye was seen, s.
        n_eyes: How many eyes were seen.
    """
    true = [blink for blink in blinks if blink.kind is ClosureKind.BLINK]
    onsets = np.array([blink.onset for blink in true])
    steps = np.diff(onsets)
    eyes = [
        [one for blink in true if (one := blink.left) is not None],
        [one for blink in true if (one := blink.right) is not None],
    ]

    def medians(name: str) -> tuple[float, float]:
        left, right = (_median([getattr(one, name) for one in eye]) for eye in eyes)
        return left, right

    left, right = (
        float(np.mean([one.complete for one in eye])) if eye else float("nan") for eye in eyes
    )
    return BlinkSummary(
        n=len(true),
        n_complete=sum(blink.complete for blink in true),
        n_one_eye=sum(len(blink.sides) == 1 for blink in true) if n_eyes > 1 else 0,
        n_long=sum(blink.kind is ClosureKind.LONG for blink in blinks),
        n_forced=sum(blink.kind is ClosureKind.FORCED for blink in blinks),
        seconds=seconds,
        rate=60.0 * len(true) / seconds if seconds > 0 else float("nan"),
        interval_median=_median(steps.tolist()),
        interval_iqr=float(np.subtract(*np.quantile(steps, [0.75, 0.25])))
        if len(steps) > 1
        else float("nan"),
        delay_median=_median([blink.delay for blink in true if len(blink.sides) == 2]),
        duration=medians("duration"),
        closing=medians("closing"),
        opening=medians("opening"),
        depth=medians("depth"),
        complete_share=(left, right),
    )


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if len(values) else float("nan")
