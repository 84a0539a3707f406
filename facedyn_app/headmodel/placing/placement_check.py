"""How far a landmark table can be trusted: place the landmarks twice and compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.headmodel.placing.embedding import Detect, Placement, measure_placement
from facedyn_app.headmodel.placing.showing import CONTROL, STANDARD, Showing
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class PlacementComparison:
    """Two landmark tables of one head, made from pictures with nothing in common.

    Attributes:
        one: The first placement.
        other: The second.
        index: (L,) the landmarks that are in both tables.
        distance: (L,) how far their places on the mean head lie apart, m.
    """

    one: Placement
    other: Placement
    index: IntArray
    distance: FloatArray

    @property
    def median(self) -> float:
        """Median of `distance`, m."""
        return float(np.median(self.distance))


def compare_placements(
    head: HeadModel,
    detect: Detect,
    on_progress: OnProgress = ignore,
    showings: tuple[Showing, Showing] = (STANDARD, CONTROL),
) -> PlacementComparison:
    """Place a head's landmarks twice, with other views, light, skin, background and camera.

    Args:
        head: The head; a table that it already has is not used.
        detect: The landmarker.
        on_progress: Told of every picture.
        showings: How the head is shown each time.

    Raises:
        TooLittleError: The landmarker hardly ever finds this head.
    """
    one, other = (measure_placement(head, detect, on_progress, showing) for showing in showings)
    index, at, at_other = np.intersect1d(one.table.index, other.table.index, return_indices=True)
    apart = places(head, one.table)[at] - places(head, other.table)[at_other]
    return PlacementComparison(one, other, index, np.linalg.norm(apart, axis=1))


def places(head: HeadModel, table: LandmarkEmbedding) -> FloatArray:
    """(L, 3) where a table puts the landmarks on the mean head, m."""
    corners = np.asarray(head.v_template, dtype=np.float64)[np.asarray(head.faces)[table.face]]
    return np.asarray(np.einsum("lk,lkd->ld", table.bary, corners))
