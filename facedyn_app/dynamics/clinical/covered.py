"""Covered eyes: an eye behind a patch, a hand or hair is found by what is seen within its lids.

The landmarker guesses a covered eye as open as the other one. But between its lids lie neither
iris nor white: they differ far less than in the other eye, in the same light. An eye that is closed
looks so, too; it is told from one that is covered by the fit, which calls that one open. The rule
is the project's own; its limits were chosen on seventeen clips of people (handbook/clinic.md).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from facedyn_app.dynamics.clinical.measures import ASPECT, BROW_RAISE, CORNERS, FISSURE, SIDES
from facedyn_app.records import BoolArray, Session
from facedyn_app.topology import LIDS

MOST_COVERED = 0.5
"""Share of the frames beyond which an eye that is covered in them is not measured."""
LEAST_RATIO = 5.0
"""Times that the other eye shows more within its lids."""
LEAST_CONTRAST = 0.05
"""Of that other eye: in the dark and from afar nothing is told."""
ABOUT_S = 1.0
"""Time over which the ratio's median is taken: a blink of one eye is shorter."""
CLOSED_APART = 0.5
"""Difference of the blink channels from which one eye is closed rather than covered, 0..1."""
OF_EYES = frozenset({FISSURE, ASPECT, CORNERS, BROW_RAISE})
"""Measures that need both eyes and what is around them."""


def covered_frames(session: Session) -> BoolArray:
    """(T, 2) in which frames the left and the right eye are covered; none where it is not said."""
    n_frames = len(session.motion.seconds)
    covered = np.zeros((n_frames, 2), np.bool_)
    left, right = session.left_eye_contrast, session.right_eye_contrast
    if left is None or right is None:
        return covered
    known = session.motion.valid & np.isfinite(left) & np.isfinite(right)
    known &= ~_one_closed(session)
    rows = np.flatnonzero(known & (np.maximum(left, right) >= LEAST_CONTRAST))
    if len(rows) < 3:
        return covered
    step = float(np.median(np.diff(session.motion.seconds[rows])))
    width = 2 * int(0.5 * ABOUT_S / max(step, 1e-3)) + 1
    ratio = np.log(np.maximum(left[rows], 1e-3) / np.maximum(right[rows], 1e-3))
    usual = median_filter(ratio, min(width, len(rows) - 1 + len(rows) % 2), mode="nearest")
    covered[rows, 0] = usual < -np.log(LEAST_RATIO)
    covered[rows, 1] = usual > np.log(LEAST_RATIO)
    return covered


def covered_eyes(session: Session, usable: BoolArray) -> tuple[str, str]:
    """Why the left and the right eye are not measured, since they are covered; empty otherwise.

    Args:
        session: Of T frames.
        usable: (T,) frames that count.
    """
    if not usable.any():
        return "", ""
    left, right = (
        f"the {name} eye is covered in {100 * share:.0f} % of the frames"
        if share > MOST_COVERED
        else ""
        for name, share in zip(SIDES, covered_frames(session)[usable].mean(axis=0), strict=True)
    )
    return left, right


def _one_closed(session: Session) -> BoolArray:
    """(T,) where one eye is closed and the other open, as far as the fit's channels say."""
    motion = session.motion
    if not set(LIDS) <= set(motion.names):
        return np.zeros(len(motion.seconds), np.bool_)
    left, right = (motion.expression[:, motion.names.index(name)] for name in LIDS)
    return np.asarray(np.abs(np.nan_to_num(left - right)) > CLOSED_APART)
