"""Actions of the mouth whose sculpted form differs from what their ARKit name commonly means.

ARKit's names are defined in a sentence each; every sculptor reads them in his own way. In Face
Units' reading the funnel closes the lips to a rosette, the mouth hardly goes to the side, and the
upper lip rises by half of what it does in others' heads. So these actions are made anew as
combinations of Face Units' own, nothing else: what the head can do with all of its actions stays
the same, what one of them does by itself comes nearer to what others mean by its name.

The weights are a least-squares fit of the displacement of MediaPipe's landmarks in the action of
the same name of another head (ICT-FaceKit, MIT), as shares of the distance of the outer corners of
the eyes, by Face Units' actions of the mouth; with a ridge of `RIDGE` of each one's own size
towards the action as it was, both sides alike, weights below `LEAST_WEIGHT` left out
(`packaging/compare_actions.py HEAD` makes them again). Which actions are made so was decided on a
performance of a third head and on people (`resources/handbook/fit.md`): of the press and the dimple
the two sculptors mean different things, which no combination joins, and lower lip, rolls, shrugs,
frown and pucker by others' form are told no better, or worse.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from facedyn_app.records import FloatArray
from facedyn_app.topology import mirror_name

RIDGE = 0.2
LEAST_WEIGHT = 0.15

LEFT: Mapping[str, Mapping[str, float]] = {
    "mouthFunnel": {
        "mouthFunnel": 0.43,
        "mouthPucker": 0.39,
        "mouthLowerDownLeft": 0.81,
        "mouthLowerDownRight": 0.81,
        "mouthUpperUpLeft": 0.28,
        "mouthUpperUpRight": 0.28,
        "mouthRollLower": -0.67,
        "mouthRollUpper": -0.41,
        "mouthPressLeft": 0.29,
        "mouthPressRight": 0.29,
        "mouthDimpleLeft": -0.23,
        "mouthDimpleRight": -0.23,
        "mouthStretchLeft": -0.21,
        "mouthStretchRight": -0.21,
    },
    "mouthLeft": {
        "mouthLeft": 1.21,
        "mouthRight": -0.29,
        "mouthLowerDownRight": -0.5,
        "mouthFrownRight": -0.49,
        "mouthFrownLeft": 0.26,
        "mouthDimpleLeft": -0.44,
        "mouthDimpleRight": -0.33,
        "mouthUpperUpLeft": 0.4,
        "mouthStretchRight": -0.26,
        "mouthShrugLower": -0.25,
        "mouthPressRight": -0.22,
        "mouthFunnel": -0.19,
    },
    "mouthSmileLeft": {
        "mouthSmileLeft": 0.93,
        "mouthUpperUpLeft": 0.34,
        "mouthPressLeft": -0.26,
        "mouthLowerDownLeft": -0.21,
        "mouthLowerDownRight": 0.15,
        "mouthStretchLeft": 0.19,
        "mouthFrownLeft": 0.18,
        "mouthDimpleLeft": 0.17,
    },
    "mouthUpperUpLeft": {
        "mouthUpperUpLeft": 1.18,
        "mouthShrugUpper": 0.24,
        "mouthFrownLeft": -0.21,
    },
}
"""Weights of Face Units' actions in those of the middle and of the left; the right mirrors them."""


def as_commonly_meant(actions: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The actions, those of `LEFT` and their mirror images replaced by their combinations.

    Args:
        actions: The offsets (V, 3) of each action as it was sculpted.
    """
    made = dict(actions)
    for name, weights in LEFT.items():
        made[name] = _sum(actions, weights)
        other = mirror_name(name)
        if other != name:
            made[other] = _sum(actions, {mirror_name(one): w for one, w in weights.items()})
    return made


def _sum(actions: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    parts = [weight * actions[name] for name, weight in weights.items()]
    return np.asarray(np.sum(parts, axis=0))
