"""Responsiveness of the window while much is going on: what was measured of its GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.records import FloatArray

AIM_MS = 50.0
"""Below this a person does not notice that a window waits."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowTiming:
    """How evenly the GUI thread's heart beat while some work ran.

    Attributes:
        work: What ran, in words.
        gaps_ms: Time from each beat to the next, ms.
        own_ms: CPU time of the GUI thread in each gap, ms: what is not its own doing, such as other
            work on a machine with too few cores, is not in it.
        interval_ms: The beat's own interval, ms: no gap is shorter for long.
        n_shown: Frames that were shown while scrubbing.
        n_fitted: Frames that were followed and fitted meanwhile.
        n_steps: Steps that were trained meanwhile.
        load: The machine's load average over the last minute at the end, if it tells one.
    """

    work: str
    gaps_ms: FloatArray
    own_ms: FloatArray
    interval_ms: float
    n_shown: int
    n_fitted: int
    n_steps: int
    load: float | None

    def gap(self, share: float) -> float:
        """The gap that a share of the gaps stays within, ms."""
        return float(np.quantile(self.gaps_ms, share))

    def own(self, share: float) -> float:
        """The CPU time of the GUI thread that a share of the gaps stays within, ms."""
        return float(np.quantile(self.own_ms, share))

    @property
    def seconds(self) -> float:
        """How long was measured, s."""
        return float(self.gaps_ms.sum()) / 1000.0

    @property
    def waited_percent(self) -> float:
        """Share of the time that lay in gaps longer than the aim, percent."""
        long = self.gaps_ms[self.gaps_ms > AIM_MS].sum()
        return float(100.0 * long / self.gaps_ms.sum())
