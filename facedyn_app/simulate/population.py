"""The simulated population: channels, articulators, gestures, and how individuals vary about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.topology import BLENDSHAPE_NAMES

# in the open head jaw and eyes are joints
EXPRESSION_NAMES = tuple(
    name
    for name in BLENDSHAPE_NAMES
    if not name.startswith(("_", "eyeLook")) and name not in ("jawOpen", "jawLeft", "jawRight")
)
"""The expression channels that simulated speakers move (ARKit names)."""

ARTICULATORS: Mapping[str, tuple[str, ...]] = {
    "jaw": ("jaw",),
    "open": ("mouthLowerDown", "mouthUpperUp"),
    "spread": ("mouthStretch", "mouthSmile", "mouthDimple"),
    "round": ("mouthFunnel", "mouthPucker"),
    "seal": ("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthClose", "mouthShrugLower"),
}
"""Parts of the mouth that speech moves, each with its own speed and its own lead."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """A facial movement as the population makes it.

    Attributes:
        form: Peak activation of each channel; "mouthSmile" means both sides.
        per_minute: Mean rate.
        times_s: Rise, hold and fall, s.
        one_sided: Whether a speaker makes it with one side only, always the same.
    """

    form: Mapping[str, float]
    per_minute: float
    times_s: tuple[float, float, float]
    one_sided: bool = False


GESTURES = (
    Gesture({"mouthSmile": 0.6, "cheekSquint": 0.35, "mouthDimple": 0.2}, 4.5, (0.4, 1.0, 0.7)),
    Gesture({"browInnerUp": 0.5, "browOuterUp": 0.5, "eyeWide": 0.12}, 7.0, (0.18, 0.3, 0.35)),
    Gesture({"browDown": 0.55, "eyeSquint": 0.2}, 2.5, (0.25, 0.7, 0.45)),
    Gesture(
        {"mouthPress": 0.6, "mouthRollLower": 0.35, "mouthRollUpper": 0.2}, 2.5, (0.2, 0.5, 0.3)
    ),
    Gesture({"mouthPucker": 0.55, "mouthShrugLower": 0.2}, 1.5, (0.25, 0.4, 0.3)),
    Gesture({"mouthSmile": 0.5, "mouthDimple": 0.4}, 2.0, (0.25, 0.6, 0.4), one_sided=True),
    Gesture({"noseSneer": 0.5, "mouthUpperUp": 0.3}, 1.2, (0.2, 0.25, 0.3)),
    Gesture({"mouthFrown": 0.5, "mouthShrugLower": 0.4}, 1.5, (0.3, 0.6, 0.4)),
    Gesture({"mouthStretch": 0.5}, 1.2, (0.2, 0.3, 0.3)),
    Gesture({"mouthSide": 0.45}, 1.2, (0.25, 0.4, 0.3), one_sided=True),
    Gesture({"eyeSquint": 0.55, "cheekSquint": 0.25}, 2.0, (0.25, 0.8, 0.4)),
    Gesture({"eyeWide": 0.5, "browInnerUp": 0.3}, 1.5, (0.15, 0.3, 0.3)),
    Gesture({"browOuterUp": 0.6}, 1.2, (0.2, 0.4, 0.35), one_sided=True),
    Gesture({"cheekPuff": 0.4, "mouthPress": 0.3}, 0.5, (0.3, 0.4, 0.3)),
)
"""What faces do beside blinking and speaking."""

BACKGROUND_SOURCES = (
    ("mouthSmile", "cheekSquint", "mouthDimple", "eyeSquint"),
    ("browInnerUp", "browOuterUp", "eyeWide"),
    ("browDown", "eyeSquint", "noseSneer", "cheekSquint"),
    ("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthClose", "mouthShrugLower"),
    ("mouthPucker", "mouthFunnel", "mouthShrugUpper", "jawForward"),
    ("mouthFrown", "mouthShrugLower", "mouthStretch", "mouthLowerDown"),
    ("mouthUpperUp", "noseSneer", "mouthLowerDown", "mouthStretch"),
    ("mouthSide", "mouthDimple", "cheekPuff"),
)
"""What moves together between gestures, in everybody: muscles beside each other."""

BACKGROUND_CHANNELS: Mapping[str, float] = {
    **dict.fromkeys((name for source in BACKGROUND_SOURCES for name in source), 1.0),
    "cheekPuff": 0.4,
    "jawForward": 0.4,
    "mouthShrugUpper": 0.5,
    "mouthClose": 0.5,
    "noseSneer": 0.6,
}
"""The channels that never stand still, by their usual size against each other; not the lids."""

MOST_DEVIATIONS = 2.0
"""Nothing varies by more than so many standard deviations."""


class Variation:
    """How an individual, or a session, varies about the population's mean.

    Log-normal factors and normal shifts, cut at two deviations.

    Args:
        rng: Source of randomness.
        scale: Multiplies every deviation; 0 gives the mean.
    """

    def __init__(self, rng: np.random.Generator, scale: float = 1.0) -> None:
        self._rng, self._scale = rng, scale

    def factor(self, sigma: float) -> float:
        """A positive factor whose logarithm has this deviation."""
        return float(np.exp(self.shift(sigma)))

    def shift(self, sigma: float) -> float:
        """A number about 0 with this deviation."""
        draw = np.clip(self._rng.standard_normal(), -MOST_DEVIATIONS, MOST_DEVIATIONS)
        return float(self._scale * sigma * draw)

    def side(self) -> int:
        """0 or 1, alike often."""
        return int(self._rng.integers(2))


def both_sides(name: str) -> tuple[str, str] | None:
    """The left and the right channel of a paired name, or None for an unpaired one."""
    if name == "mouthSide":
        return "mouthLeft", "mouthRight"
    pair = (name + "Left", name + "Right")
    return pair if pair[0] in EXPRESSION_NAMES else None
