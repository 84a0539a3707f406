"""Millimetre scale of a fitted head: the inter-pupillary distance, entered or the adult mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.records import FloatArray

ADULT_IPD_MM, ADULT_IPD_SD_MM = 63.4, 3.8
"""Mean and standard deviation in adults: 63.36 and 3.83 mm over 3,976 people of a survey of the US
Army, in N. A. Dodgson, Variation and extrema of human interpupillary distance, Proc. SPIE 5291
(2004)."""
IPD_ERROR_MM = 0.5
"""Standard error of a distance that was measured with a ruler; the project's own assumption."""
IPD_RANGE_MM = (40.0, 80.0)
"""No person from five years on lies outside (Dodgson 2004)."""
EYES = ("left_eye", "right_eye")
PUPILS = (473, 468)
"""The landmarker's centres of the irises, left and right."""


@dataclass(frozen=True, slots=True)
class MillimetreScale:
    """How lengths on the fitted head become millimetres.

    Attributes:
        factor: Millimetres for a metre of the head.
        relative_sd: Standard error of that factor, share.
        ipd_mm: The inter-pupillary distance that it rests on, mm.
        entered: Whether that was entered, or the adult mean.
    """

    factor: float
    relative_sd: float
    ipd_mm: float
    entered: bool

    @property
    def text(self) -> str:
        """The scale in a sentence."""
        if self.entered:
            return f"Millimetres by the inter-pupillary distance entered, {self.ipd_mm:g} mm."
        return (
            f"Millimetres by the adult mean inter-pupillary distance of {self.ipd_mm:g} mm: all of "
            f"them together may be {100 * self.relative_sd:.0f} % (one standard deviation) off."
        )


def scale_of(head: HeadModel, shape: FloatArray, ipd_mm: float | None) -> MillimetreScale:
    """The scale of a fitted head.

    Args:
        head: The head, with eye joints or its landmarks placed.
        shape: (S,) its coefficients.
        ipd_mm: The person's inter-pupillary distance, mm; None takes the adult mean.

    Raises:
        ValueError: The head has neither eyes nor landmarks on them.
    """
    left, right = _eyes(head, shape)
    distance = float(np.linalg.norm(left - right))
    known = ADULT_IPD_MM if ipd_mm is None else ipd_mm
    error = ADULT_IPD_SD_MM if ipd_mm is None else IPD_ERROR_MM
    return MillimetreScale(known / distance, error / known, known, ipd_mm is not None)


def _eyes(head: HeadModel, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Places of both eyes' centres: of eyes that look far away they are as far apart as pupils."""
    vertices = head.v_template + head.shapedirs @ with_zeros(shape, head.n_shape)
    if set(EYES) <= set(head.joint_names):
        joints = head.J_regressor @ vertices
        left, right = (joints[head.joint_names.index(name)] for name in EYES)
        return left, right
    if head.landmarks is None or not set(PUPILS) <= set(head.landmarks.index.tolist()):
        raise ValueError("the head has no eyes to take a scale from")
    rows = [int(np.flatnonzero(head.landmarks.index == number)[0]) for number in PUPILS]
    corners = vertices[np.asarray(head.faces)[head.landmarks.face[rows]]]
    left, right = np.einsum("lk,lkd->ld", head.landmarks.bary[rows], corners)
    return left, right
