"""Repeatability of a landmark table: the landmarks are placed twice and compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.headmodel.landmark_embedding.embedding import Detect, Placement, measure_placement
from facedyn_app.headmodel.landmark_embedding.synthetic_views import (
    STANDARD_VIEWS,
    Style,
    SyntheticViews,
    view_grid,
)
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.headmodel.rendering.appearance import Skin
from facedyn_app.headmodel.rendering.render import Camera, Light
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, IntArray

_TAN = Skin(
    skin=(176, 126, 96), lips=(146, 84, 76), brows=(44, 32, 26), hair=(34, 26, 22), flush=0.15
)
# Nothing in common with the standard one: what it finds says how far a table can be trusted.
CONTROL_VIEWS = SyntheticViews(
    views=view_grid((-18, -7, 6, 19), (-35, -25, -15, -5, 5, 15, 25, 35)),
    styles=(
        Style(Light(direction=(0.4, -0.4, -1.0), strength=0.45, fill=0.35), _TAN, (226, 226, 230)),
        Style(
            Light(direction=(-0.9, -0.3, -0.8), strength=0.6, fill=0.2, ambient=0.4),
            Skin(skin=(216, 172, 140), lips=(178, 96, 92), brows=(82, 58, 40), flush=0.2),
            (40, 44, 40),
        ),
    ),
    camera=Camera(480, 480, 1250.0),
    distance=1.0,
)


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
    view_sets: tuple[SyntheticViews, SyntheticViews] = (STANDARD_VIEWS, CONTROL_VIEWS),
) -> PlacementComparison:
    """Place a head's landmarks twice, with other views, light, skin, background and camera.

    Args:
        head: The head; a table that it already has is not used.
        detect: The landmarker.
        on_progress: Told of every picture.
        view_sets: The views of each time.

    Raises:
        TooLittleError: The landmarker hardly ever finds this head.
    """
    one, other = (measure_placement(head, detect, on_progress, views) for views in view_sets)
    index, at, at_other = np.intersect1d(one.table.index, other.table.index, return_indices=True)
    apart = places(head, one.table)[at] - places(head, other.table)[at_other]
    return PlacementComparison(one, other, index, np.linalg.norm(apart, axis=1))


def places(head: HeadModel, table: LandmarkEmbedding) -> FloatArray:
    """(L, 3) where a table puts the landmarks on the mean head, m."""
    corners = np.asarray(head.v_template, dtype=np.float64)[np.asarray(head.faces)[table.face]]
    return np.asarray(np.einsum("lk,lkd->ld", table.bary, corners))
