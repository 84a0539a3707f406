"""Landmark embedding: where the landmarker's points sit on a head's mesh, found on synthetic views.

No licence-free table exists for FLAME and none at all for a head of one's own, so the program
makes one for any head: draw the painted head from several sides, run the landmarker on the
pictures, follow the rays back to the mesh, average. Bare heads mislead the landmarker, so the
first table serves to paint the head, and the head is shown again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.landmark_embedding.synthetic_views import (
    STANDARD_VIEWS,
    SyntheticViews,
    render_views,
)
from facedyn_app.headmodel.model import (
    REGION_LASHES,
    REGION_MOUTH_INSIDE,
    REGION_TEETH,
    REGION_TONGUE,
    REGION_UNSEEN,
    HeadModel,
    LandmarkEmbedding,
    of_material,
)
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.paint import eyeballs
from facedyn_app.headmodel.rendering.render import FACING, head_to_camera
from facedyn_app.headmodel.surface import hit_pixels, nearest_on_mesh
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray

Detect = Callable[[ByteArray], FloatArray | None]

ROUNDS = 3
MIN_VIEWS = 4
SPREAD_SCALE = 0.002  # m, at which a landmark weighs half
FAR_FROM_SEEN = 0.002  # m from all places seen, beyond which a mean is no place
OUTLIER = 0.006  # m from the median, at least, beyond which a view is left out
_NO_LANDMARKS = (
    REGION_LASHES,
    REGION_MOUTH_INSIDE,
    REGION_TEETH,
    REGION_TONGUE,
    REGION_UNSEEN,
)
OUTLINE_WEIGHT, IRIS_WEIGHT = 0.15, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A landmark table and what it was made from.

    Attributes:
        table: Where the landmarks sit.
        spread: (L,) how far the places found from different views lie from their mean, m.
    """

    table: LandmarkEmbedding
    spread: FloatArray


def place_landmarks(
    head: HeadModel, detect: Detect, on_progress: OnProgress = ignore
) -> LandmarkEmbedding:
    """Find where the landmarks sit on a head: place, paint, place, paint, place.

    Args:
        head: The head; a table that it already has is not used.
        detect: Landmarks (478, 2), px, of an (H, W, 3) uint8 RGB image, or None without face.
        on_progress: Told of every view.

    Raises:
        TooLittleError: The landmarker hardly ever finds this head.
    """
    return measure_placement(head, detect, on_progress).table


def measure_placement(
    head: HeadModel,
    detect: Detect,
    on_progress: OnProgress = ignore,
    views: SyntheticViews = STANDARD_VIEWS,
    rounds: int = ROUNDS,
) -> Placement:
    """As `place_landmarks`, with the spread of the places found.

    Args:
        head: The head.
        detect: The landmarker.
        on_progress: Told of every picture.
        views: How the head is rendered: in the first style only, in the last round in all of them.
        rounds: How often it is shown, each time painted by the last table; at least 1.

    Raises:
        TooLittleError: The landmarker hardly ever finds this head.
    """
    if rounds < 1:
        raise ValueError("rounds must be at least 1")
    bare = replace(head, landmarks=None)
    first = replace(views, styles=views.styles[:1])
    steps = [*[first] * (rounds - 1), views]
    counter = _Counter(on_progress, sum(step.n_pictures for step in steps))
    placement = _place(head, *_detect_in_views(bare, detect, steps[0], counter))
    for step in steps[1:]:
        painted = replace(head, landmarks=placement.table)
        placement = _place(head, *_detect_in_views(painted, detect, step, counter))
    return placement


class _Counter:
    """Reports of pictures looked at, of all rounds together."""

    def __init__(self, on_progress: OnProgress, total: int) -> None:
        self._on_progress, self._total, self._done = on_progress, total, 0

    def tell(self) -> None:
        self._on_progress(Progress("placing landmarks", self._done, self._total))
        self._done += 1


def _detect_in_views(
    head: HeadModel, detect: Detect, views: SyntheticViews, counter: _Counter
) -> tuple[FloatArray, FloatArray]:
    """Places (N, L, 3) in the head frame, NaN where none, and how squarely they are seen (N, L)."""
    vertices = np.asarray(head.v_template, dtype=np.float64)
    faces = np.asarray(head.faces)
    solid = faces[~of_material(head, *_NO_LANDMARKS)[faces].any(axis=1)]
    hits, squareness = [], []
    for picture in render_views(head, views):
        counter.tell()
        pixels = detect(picture.image)
        if pixels is None:
            continue
        placed = head_to_camera(vertices, picture.rotation, picture.translation)
        found, face = hit_pixels(placed, views.camera.project(placed), solid, pixels)
        turn = FACING @ Rotation.from_rotvec(picture.rotation).as_matrix()
        hits.append((found - picture.translation) @ turn)
        squareness.append(_squareness(placed[solid[face]], face >= 0))
    if len(hits) < MIN_VIEWS:
        raise TooLittleError(
            f"The landmarker finds the head '{head.head_id}' in {len(hits)} of "
            f"{views.n_pictures} pictures only, so its landmarks cannot be placed.",
            "Is it a whole head, in metres, y up and looking along z?",
        )
    return np.stack(hits), np.stack(squareness)


def _squareness(corners: FloatArray, seen: BoolArray) -> FloatArray:
    """(L,) squared cosine between the line of sight and the surface (L, 3, 3) that it hits."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sight = corners.mean(axis=1)
    scale = np.linalg.norm(normal, axis=1) * np.linalg.norm(sight, axis=1)
    cosine = -(normal * sight).sum(axis=1) / np.maximum(scale, 1e-20)
    return np.where(seen, np.clip(cosine, 0.0, 1.0) ** 2, 0.0)


def _place(head: HeadModel, hits: FloatArray, squareness: FloatArray) -> Placement:
    """Average the places of each landmark over the views and put them on the surface."""
    weight = np.where(np.isfinite(hits[..., 0]), squareness, 0.0)
    placed = np.flatnonzero((weight > 0.05).sum(axis=0) >= MIN_VIEWS)
    centre, spread = _robust_mean(hits[:, placed], weight[:, placed])
    centre = _near_what_was_seen(centre, hits[:, placed])
    faces = np.asarray(head.faces)
    inner = of_material(head, *_NO_LANDMARKS)
    on_eye = eyeballs(head)[faces].all(axis=1)
    iris = np.isin(placed, (*regions.LEFT_IRIS, *regions.RIGHT_IRIS))
    allowed_skin = np.flatnonzero(~on_eye & ~inner[faces].any(axis=1))
    face, bary = np.empty(len(placed), dtype=np.int64), np.empty((len(placed), 3))
    for which, allowed in ((~iris, allowed_skin), (iris, np.flatnonzero(on_eye))):
        rows = allowed if len(allowed) else allowed_skin
        found, face_bary = nearest_on_mesh(head.v_template, faces[rows], centre[which])
        face[which], bary[which] = rows[found], face_bary
    table = LandmarkEmbedding(index=placed, face=face, bary=bary, weight=_weights(placed, spread))
    return Placement(table=table, spread=spread)


def _robust_mean(hits: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(L, 3) means without outliers, and (L,) the weighted medians of all views' distances.

    Rays that pass a little beside the nose or the cheek meet the head far behind; the geometric
    median (Weiszfeld) does not follow them, and what lies far from it is left out of the mean.
    """
    filled = np.where(weight[..., None] > 0, np.nan_to_num(hits), 0.0)

    def mean(w: FloatArray) -> FloatArray:
        return np.asarray((w[..., None] * filled).sum(axis=0) / w.sum(axis=0)[:, None])

    centre = mean(weight)
    for _ in range(50):
        centre = mean(weight / np.maximum(_distances(filled, centre), 5e-4))
    distance = _distances(filled, centre)
    near = distance < np.maximum(OUTLIER, 2 * _weighted_median(distance, weight))
    centre = mean(weight * near)
    return centre, _weighted_median(_distances(filled, centre), weight)


def _near_what_was_seen(centre: FloatArray, hits: FloatArray) -> FloatArray:
    """The means (L, 3), or the nearest place seen where the mean is far from them all.

    On the outline the places seen lie around the head, their mean inside it, near to surfaces
    that cannot be seen at all, such as eye sockets.
    """
    distance = np.nan_to_num(_distances(hits, centre), nan=np.inf)
    best = distance.argmin(axis=0)
    rows = np.arange(len(centre))
    far = distance[best, rows] > FAR_FROM_SEEN
    return np.where(far[:, None], hits[best, rows], centre)


def _distances(places: FloatArray, centre: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(places - centre, axis=2))


def _weighted_median(values: FloatArray, weight: FloatArray) -> FloatArray:
    """(L,) the value of (N, L) at which half of the weight is reached."""
    order = np.argsort(values, axis=0)
    reached = np.cumsum(np.take_along_axis(weight, order, axis=0), axis=0)
    row = (reached < 0.5 * reached[-1]).sum(axis=0)
    return np.asarray(np.take_along_axis(values, order, axis=0)[row, np.arange(values.shape[1])])


def _weights(placed: IntArray, spread: FloatArray) -> FloatArray:
    """(L,) 0..1: one for a landmark that stays put, little for outline, irises and wanderers."""
    weight = 1.0 / (1.0 + (spread / SPREAD_SCALE) ** 2)
    weight[np.isin(placed, regions.OUTLINE)] *= OUTLINE_WEIGHT
    weight[np.isin(placed, (*regions.LEFT_IRIS, *regions.RIGHT_IRIS))] *= IRIS_WEIGHT
    return weight
