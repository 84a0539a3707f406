"""A fit's motion as ARKit's channels, so that it can be compared with other trackers' truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.channel_sets import LOOK_TURNS
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, HeadFit

_PITCH, _YAW = 0, 1
# The jaw's channels: coordinate of its rotation vector, and the head's fact of a full activation.
_JAW = {
    "jawOpen": (_PITCH, "jaw_open"),
    "jawLeft": (_YAW, "jaw_left"),
    "jawRight": (_YAW, "jaw_right"),
}


@dataclass(frozen=True, slots=True, eq=False)
class ArkitChannel:
    """One ARKit channel of a fit.

    Attributes:
        values: (T,) NaN in frames that are not valid.
        activations: Whether these are activations of 0 to 1; otherwise they are angles, rad, or
            coefficients without a known scale, of which only the correlation can be compared.
    """

    values: FloatArray
    activations: bool


def arkit_channel(head: HeadModel, fit: HeadFit, name: str) -> ArkitChannel | None:
    """The channel of a fit that has an ARKit name; None where the head has none.

    Channels that the head has on both sides apart (ICT's `browInnerUp`) are their mean. Opposed
    channels of jaw and eyes are one angle with two signs, below 0 where the other one acts.

    Args:
        head: The head of the fit.
        fit: Of T frames.
        name: ARKit's name of the channel.
    """
    names = head.expression_names
    columns = [names.index(one) for one in (name, f"{name}Left", f"{name}Right") if one in names]
    if columns:
        return ArkitChannel(fit.expression[:, columns].mean(axis=1), head.activations)
    if name in _JAW:
        return _jaw_channel(head, fit, name)
    if name in LOOK_TURNS and fit.gaze is not None:
        eye, coordinate, sign = LOOK_TURNS[name]
        return ArkitChannel(sign * fit.gaze[:, eye, coordinate], activations=False)
    return None


def _jaw_channel(head: HeadModel, fit: HeadFit, name: str) -> ArkitChannel:
    """The jaw's turn, over that of a full activation where the head states it."""
    coordinate, fact = _JAW[name]
    turn = fit.jaw[:, coordinate]
    if fact in head.meta:
        return ArkitChannel(turn / float(head.meta[fact][coordinate]), activations=True)
    sign = -1.0 if name == "jawRight" else 1.0
    return ArkitChannel(np.asarray(sign * turn), activations=False)
