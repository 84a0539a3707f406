"""Measures of the face in mm: what each is, from which landmarks, and its trace over the frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.clinical.scale import MillimetreScale
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.records import BoolArray, FloatArray, Session

SIDES = ("left", "right")
LEFT, RIGHT = 0, 1
OWN = "The project's own definition"
Pair = tuple[tuple[int, ...], tuple[int, ...]]

COMMISSURE: Pair = ((291,), (61,))
UPPER_LIP: Pair = ((267, 269), (37, 39))
LOWER_LIP: Pair = ((314, 405), (84, 181))
BROW: Pair = ((293, 334, 296), (63, 105, 66))
UPPER_LID: Pair = ((387, 386, 385), (160, 159, 158))
LOWER_LID: Pair = ((373, 374, 380), (144, 145, 153))
OUTER_CANTHUS: Pair = ((263,), (33,))
INNER_CANTHUS: Pair = ((362,), (133,))
PHILTRUM, UPPER_EDGE, LOWER_EDGE = (164,), (13,), (14,)
NEEDED = tuple(
    sorted(
        {
            number
            for pair in (
                COMMISSURE, UPPER_LIP, LOWER_LIP, BROW, UPPER_LID, LOWER_LID, OUTER_CANTHUS,
                INNER_CANTHUS,
            )
            for side in pair
            for number in side
        }
        | {*PHILTRUM, *UPPER_EDGE, *LOWER_EDGE}
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class FacePoints:
    """The landmarks that the measures need, in T frames.

    Attributes:
        places: (T, R, 3) in the head frame, mm; NaN in frames that are not valid.
        column: Of each landmark's number.
    """

    places: FloatArray
    column: dict[int, int]

    def mean(self, numbers: tuple[int, ...]) -> FloatArray:
        """(T, 3) the mean place of some landmarks."""
        return np.asarray(self.places[:, [self.column[n] for n in numbers]].mean(axis=1))

    def both(self, pair: Pair) -> FloatArray:
        """(T, 2, 3) the mean places on the left and on the right."""
        return np.stack([self.mean(side) for side in pair], axis=1)


def face_points(head: HeadModel, session: Session, scale: MillimetreScale) -> FacePoints:
    """The landmarks of a session's fitted head, its turn and place taken out.

    Args:
        head: The head of the session, its landmarks placed.
        session: Of T frames.
        scale: What a metre of the head is in mm.

    Raises:
        ValueError: The head lacks a landmark.
    """
    index = placed_landmarks(head).index.tolist()
    missing = [number for number in NEEDED if number not in index]
    if missing:
        raise ValueError(f"the head '{head.head_id}' lacks the landmark {missing[0]}")
    rows = np.array([index.index(number) for number in NEEDED])
    motion = session.motion
    places = np.full((len(motion.seconds), len(rows), 3), np.nan)
    valid = motion.valid
    places[valid] = scale.factor * landmark_positions(
        head,
        rows,
        with_zeros(session.shape, head.n_shape),
        with_zeros(motion.expression[valid], head.n_expression),
        motion.jaw[valid],
    )
    return FacePoints(places, {number: k for k, number in enumerate(NEEDED)})


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of the face.

    Attributes:
        name: In tables: letters, digits, underscores.
        title: For people.
        unit: Of its values; empty for a ratio.
        sided: Whether there is one of each side.
        formula: How it is computed.
        source: Where that is published.
        trace: From the points and (T,) which frames are rest, to (T, 2) or (T, 1) values.
    """

    name: str
    title: str
    unit: str
    sided: bool
    formula: str
    source: str
    trace: Callable[[FacePoints, BoolArray], FloatArray]


def _moved(pair: Pair) -> Callable[[FacePoints, BoolArray], FloatArray]:
    def trace(points: FacePoints, rest: BoolArray) -> FloatArray:
        places = points.both(pair)[..., :2]  # one camera hardly sees how far a point goes back
        return np.asarray(np.linalg.norm(places - _level(places, rest), axis=2))

    return trace


def _raised(pair: Pair, sign: float = 1.0) -> Callable[[FacePoints, BoolArray], FloatArray]:
    def trace(points: FacePoints, rest: BoolArray) -> FloatArray:
        height = points.both(pair)[..., 1]
        return np.asarray(sign * (height - _level(height, rest)))

    return trace


def _level(values: FloatArray, rest: BoolArray) -> FloatArray:
    """Median over the frames at rest; NaN without one."""
    known = values[rest]
    if not len(known) or np.isnan(known).all():
        return np.full(values.shape[1:], np.nan)
    return np.asarray(np.nanmedian(known, axis=0))


def fissure_height(points: FacePoints, _rest: BoolArray) -> FloatArray:
    """(T, 2) height of the palpebral fissures, not below 0."""
    lids = points.both(UPPER_LID)[..., 1] - points.both(LOWER_LID)[..., 1]
    return np.maximum(lids, 0.0)


def aspect_ratio(points: FacePoints, _rest: BoolArray) -> FloatArray:
    """(T, 2) eye aspect ratio."""
    width = np.linalg.norm(points.both(OUTER_CANTHUS) - points.both(INNER_CANTHUS), axis=2)
    heights = [
        np.linalg.norm(
            points.both(((upper[0],), (upper[1],))) - points.both(((lower[0],), (lower[1],))),
            axis=2,
        )
        for upper, lower in zip(
            zip(*(side[::2] for side in UPPER_LID), strict=True),
            zip(*(side[::2] for side in LOWER_LID), strict=True),
            strict=True,
        )
    ]
    return np.asarray((heights[0] + heights[1]) / (2.0 * width))


def _corner_distance(points: FacePoints, _rest: BoolArray) -> FloatArray:
    return np.asarray(np.linalg.norm(points.both(INNER_CANTHUS) - points.both(COMMISSURE), axis=2))


def _separation(points: FacePoints, _rest: BoolArray) -> FloatArray:
    apart = points.mean(UPPER_EDGE)[:, 1:2] - points.mean(LOWER_EDGE)[:, 1:2]
    return np.maximum(apart, 0.0)


def _deviation(points: FacePoints, _rest: BoolArray) -> FloatArray:
    corners = points.both(INNER_CANTHUS)
    across = corners[:, LEFT] - corners[:, RIGHT]
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    away = points.mean(PHILTRUM) - corners.mean(axis=1)
    return np.asarray((away * across).sum(axis=1, keepdims=True))


EMOTRICS = (
    "As in Emotrics (Guarin et al., JAMA Facial Plast. Surg. 20, 2018), here on the fitted head"
)
FISSURE, ASPECT, CORNERS = "fissure_height", "eye_aspect_ratio", "canthus_commissure"
EXCURSION, LIP_RAISE, LIP_DOWN = "commissure_excursion", "upper_lip_raise", "lower_lip_depression"
BROW_RAISE, SEPARATION, DEVIATION = "brow_raise", "lip_separation", "philtrum_deviation"

MEASURES = (
    Measure(
        EXCURSION, "oral commissure excursion", "mm", True,
        "distance of the corner of the mouth from its place at rest, as seen from the front of "
        "the head",
        "Lip excursion as in SMILE (Bray et al., Arch. Facial Plast. Surg. 12, 2010), here from "
        "rest and on the fitted head",
        _moved(COMMISSURE),
    ),
    Measure(
        LIP_RAISE, "upper lip raise", "mm", True,
        "height of the upper lip's edge, midway between philtrum and corner, above rest",
        OWN, _raised(UPPER_LIP),
    ),
    Measure(
        LIP_DOWN, "lower lip depression", "mm", True,
        "depth of the lower lip's edge, midway between middle and corner, below rest; the jaw's "
        "opening is part of it",
        OWN, _raised(LOWER_LIP, -1.0),
    ),
    Measure(
        BROW_RAISE, "brow raise", "mm", True,
        "height of the brow's upper edge above rest, mean of three points", OWN, _raised(BROW),
    ),
    Measure(
        FISSURE, "palpebral fissure height", "mm", True,
        "vertical distance of the lids' edges, mean of three pairs of points, 0 or more",
        EMOTRICS, fissure_height,
    ),
    Measure(
        ASPECT, "eye aspect ratio", "", True,
        "(|p2 - p6| + |p3 - p5|) / (2 |p1 - p4|) of six points around the eye, on the fitted head",
        "Soukupova and Cech, Real-time eye blink detection using facial landmarks (2016)",
        aspect_ratio,
    ),
    Measure(
        CORNERS, "inner canthus to commissure", "mm", True,
        "distance of the inner corner of the eye from the corner of the mouth",
        "The lengths of the facial asymmetry index (Malm et al., Facial Plast. Surg. 34, 2018)",
        _corner_distance,
    ),
    Measure(
        SEPARATION, "lip separation", "mm", False,
        "vertical distance of the lips' inner edges in the middle, 0 or more", EMOTRICS,
        _separation,
    ),
    Measure(
        DEVIATION, "philtrum deviation", "mm", False,
        "place of the philtrum along the line of the inner canthi, from their middle; positive to "
        "the left",
        EMOTRICS, _deviation,
    ),
)  # fmt: skip
"""All measures."""
BY_NAME = {measure.name: measure for measure in MEASURES}
FROM_REST = (EXCURSION, LIP_RAISE, LIP_DOWN, BROW_RAISE)
"""Measures that are 0 at rest."""


def trace_all(points: FacePoints, rest: BoolArray) -> dict[str, FloatArray]:
    """The traces of all measures, (T, 2) left and right, or (T, 1) of the midline."""
    return {measure.name: measure.trace(points, rest) for measure in MEASURES}
