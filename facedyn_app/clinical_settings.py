"""Settings of the clinical measures: what counts as a blink, a rest, an excursion."""

from __future__ import annotations

from dataclasses import dataclass

from facedyn_app.limits import setting

BLINKS, EXCURSIONS, SIDES = "Blinks", "Excursions", "Left and right"


@dataclass(frozen=True, slots=True)
class ClinicalSettings:
    """How blinks, excursions and asymmetry are measured."""

    least_closure: float = setting(0.35, "A blink closes at least", 0.05, 1, "share", BLINKS).means(
        "Share of the way from the eye's own opening to its full closure that the lids must cover "
        "for a blink."
    )
    one_eye_closure: float = setting(
        0.6, "One eye alone closes at least", 0.05, 1, "share", BLINKS
    ).means(
        "The same where the other eye takes no part: most of what one eye seems to do alone is an "
        "error of the fit."
    )
    complete_closure: float = setting(
        0.8, "A blink is complete from", 0.1, 1, "share", BLINKS
    ).means("Share of that way from which a blink is complete; below it is partial.")
    longest_blink_s: float = setting(0.5, "Longest blink", 0.1, 5, "s", BLINKS).means(
        "Duration at half depth beyond which it is a long closure, not a blink."
    )
    shortest_blink_s: float = setting(0.045, "One eye alone closes for", 0, 1, "s", BLINKS).means(
        "Duration at half depth below which a closure of one eye alone is taken for a slip of the "
        "fit."
    )
    onset_share: float = setting(0.1, "Onset and end at", 0.01, 0.5, "share", BLINKS).means(
        "Share of its depth at which a blink begins and ends."
    )
    matched_within_s: float = setting(0.15, "Both eyes within", 0.01, 1, "s", BLINKS).means(
        "Difference of the two eyes' deepest moments up to which they are one blink."
    )
    forced_squeeze: float = setting(0.3, "Forced closure from", 0.05, 1, "share", BLINKS).means(
        "Activation of brow or cheek above rest, beside closed lids, from which the closure is "
        "forced and no blink."
    )
    opening_window_s: float = setting(3.0, "The eye's opening over", 0.5, 60, "s", BLINKS).means(
        "Time around each moment over which the eye's own opening is taken, s."
    )
    least_rate: float = setting(12.0, "Least frame rate", 1, 120, "frames/s", BLINKS).means(
        "Frames a second below which blinks pass between two frames and are not counted."
    )
    rest_share: float = setting(
        0.2, "Quietest time taken for rest", 0.01, 1, "share", EXCURSIONS
    ).means(
        "Share of a recording, the frames nearest to its usual face, that is taken for rest where "
        "no rest is marked."
    )
    peak_s: float = setting(0.2, "The peak is the mean over", 0.02, 5, "s", EXCURSIONS).means(
        "Time around the largest excursion over which the peak is averaged, s."
    )
    smoothing_s: float = setting(0.05, "Speeds are smoothed over", 0.01, 1, "s", EXCURSIONS).means(
        "Standard deviation of the Gaussian by which a trace is smoothed before its speed is "
        "taken, s."
    )
    least_task_s: float = setting(0.5, "Shortest task", 0.1, 60, "s", EXCURSIONS).means(
        "Valid time that a task must have to be measured, s."
    )
    confidence: float = setting(0.95, "Coverage of intervals", 0.5, 0.999, "share", SIDES).means(
        "Share of cases in which an interval is to hold the true value."
    )
    block_s: float = setting(1.0, "Blocks of the bootstrap", 0.05, 60, "s", SIDES).means(
        "Length of the blocks in which the frames are drawn again for an interval, s."
    )
    n_draws: int = setting(400, "Draws of the bootstrap", 50, 10000, "draws", SIDES).means(
        "How often the frames are drawn again for an interval."
    )

    def conflict(self) -> tuple[str, str] | None:
        """The threshold that is on the wrong side of another; None where none is."""
        if self.complete_closure < self.least_closure:
            return "complete_closure", "must not be below that of a blink"
        if self.shortest_blink_s > self.longest_blink_s:
            return "shortest_blink_s", "must not be above the longest"
        return None
