"""Whether a mouth and eyes look as they usually do in a recording, or something is before them.

The landmarker puts a mouth on a hand that covers it and is as sure of it as before. But the lips
are not there: so the colours at places that go with the points, on the lips and around them, on
brows and lids and around those, are kept of every frame, and compared with the recording's own.

A part's look x is log(colour / the face's skin), less most of its own mean: a change of light takes
away little of it, talk and laughter neither, since what is within the lips is not looked at. With m
the usual look, what is left of it in a frame is

    likeness = <x, m> / (|m|^2 a max(1, a / 2)),   a = max(1, |x| / |m|),

1 for the usual look, about 0 for bare skin (x is small) and for other things (x leads elsewhere,
or is far larger: a black microphone is darker than lips, but too much so).
The usual look is the median of the frames that look alike, the largest such group; looks as a face
is expected to have, with lips, brows and lids darker than the skin, count several times. So a face
that is covered most of the time, be it by the same hand, is still told from that; one that is
always covered is not.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedyn_app.landmarks.topology import (
    LEFT_EYE_ROWS,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_EYE_ROWS,
    SKIN,
)
from facedyn_app.records import N_LANDMARKS, ByteArray, FloatArray

# Crops are looked at this small, px a side: noise counts less, and so does where exactly points are
_SMALL_PX = 64
# Added to shades of 0..255 before the logarithm, so that noise in the dark does not count.
_DARK = 6.0
_MEAN_LEFT = 0.2
# Around the lips, places are this share of the way from their middle to the outline beyond it.
_BEYOND = (0.25, 0.5)
_ABOVE_BROW = 1.6
# What is darker than the rest, in each row of places and in red, green and blue.
_LIP_SIGNS = (-1.0, 0.5, 0.5)
_EYE_SIGNS = (-1.0, 0.5, 0.3, 0.3, -1.0, -0.6, 0.5, 0.5)
_COLOUR_SIGNS = (0.6, 1.0, 0.8)
_EXPECTED_COUNTS = 3.0

_LEAST_FRAMES, MOST_FRAMES = 10, 300
_ALIKE = 0.7
# Lips and eyes, small, noisy or in bad light, differ from the skin by 0.13 and more (RMS).
_LEAST_CONTRAST = 0.03
# Talk and grimaces make a look up to 1.9 times as large as the usual one (99.9 % of frames).
_MUCH_LARGER = 2.0


def _lip_rows() -> list[FloatArray]:
    """The middle of the lips, and two rows around them, as weights of the points."""
    one = np.eye(N_LANDMARKS)
    outer, inner = one[list(LIPS_OUTER)], one[list(LIPS_INNER)]
    middle = (outer.mean(axis=0) + inner.mean(axis=0)) / 2
    return [(outer + inner) / 2, *(outer + beyond * (outer - middle) for beyond in _BEYOND)]


def _eye_rows(rows: tuple[tuple[int, ...], ...]) -> list[FloatArray]:
    """The brow, above it, and the rows of the lids, as weights of the points."""
    one = np.eye(N_LANDMARKS)
    upper, lower, *lids = (one[list(row)] for row in rows)
    return [(upper + lower) / 2, lower + _ABOVE_BROW * (upper - lower), *lids]


def _expected(rows: list[FloatArray], signs: tuple[float, ...]) -> FloatArray:
    """(D,) the direction of a look that a face is expected to have."""
    of_places = np.repeat(signs, [len(row) for row in rows])
    return np.asarray(_centred(np.multiply.outer(of_places, _COLOUR_SIGNS)[None])[0])


def _centred(shades: FloatArray) -> FloatArray:
    """(T, D) looks of a part from the logarithms (T, k, 3) of its colours over the skin's."""
    mean = shades.mean(axis=1, keepdims=True)
    return np.asarray((shades - (1 - _MEAN_LEFT) * mean).reshape(len(shades), -1))


_PARTS = [
    (_lip_rows(), _LIP_SIGNS),
    (_eye_rows(RIGHT_EYE_ROWS), _EYE_SIGNS),
    (_eye_rows(LEFT_EYE_ROWS), _EYE_SIGNS),
]
_EXPECTED = [_expected(*part) for part in _PARTS]
_SKIN_ROWS = np.eye(N_LANDMARKS)[list(SKIN)]
# (K, L) where the places are, as weights of the points: skin, mouth, right and left eye.
_PLACES = np.concatenate([_SKIN_ROWS, *(row for rows, _ in _PARTS for row in rows)]).astype(
    np.float32
)
N_PLACES = len(_PLACES)
_ENDS = np.cumsum([len(_SKIN_ROWS), *(sum(len(row) for row in rows) for rows, _ in _PARTS)])


def shades_at(shown: ByteArray, points: FloatArray) -> ByteArray:
    """(K, 3) uint8 the colours at the places that go with a face's points.

    Args:
        shown: (S, S, 3) uint8 RGB crop around the face.
        points: (L, 2) its points in the crop, px.
    """
    small = cv2.resize(shown, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    places = (_PLACES @ points.astype(np.float32) + 0.5) * (_SMALL_PX / len(shown)) - 0.5
    colours = cv2.remap(
        small, places[None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(colours[0], dtype=np.uint8)


class UsualLook:
    """How a face usually looks in a recording.

    Args:
        shades: (T, K, 3) uint8 its colours (`shades_at`) in frames spread over the recording, some
            `MOST_FRAMES` at most.
    """

    def __init__(self, shades: ByteArray) -> None:
        looks = _looks(shades) if len(shades) >= _LEAST_FRAMES else []
        self._usual = [
            _most_alike(look, expected) for look, expected in zip(looks, _EXPECTED, strict=False)
        ]

    def likeness(self, shades: ByteArray) -> FloatArray:
        """(T,) how much mouth and eyes look as usual, that which does least, at most 1.

        NaN where fewer than 10 frames tell what is usual, or no part differs from bare skin.

        Args:
            shades: (T, K, 3) uint8.
        """
        like = np.full(len(shades), np.nan, dtype=np.float32)
        for looks, usual in zip(_looks(shades), self._usual, strict=False):
            like = np.fmin(like, _likeness(looks, usual))
        return like


def _looks(shades: ByteArray) -> list[FloatArray]:
    """The looks (T, D) of mouth, right eye and left eye."""
    logs = np.log(shades.astype(np.float32) + _DARK)
    logs -= np.median(logs[:, : _ENDS[0]], axis=1, keepdims=True)
    return [_centred(part) for part in np.split(logs, _ENDS[:-1], axis=1)[1:]]


def _likeness(looks: FloatArray, usual: FloatArray) -> FloatArray:
    """(T,) of looks (T, D) to the usual one (D,); NaN where that is nearly bare skin."""
    size = np.linalg.norm(usual)
    if size < _LEAST_CONTRAST * np.sqrt(len(usual)):
        return np.full(len(looks), np.nan, dtype=np.float32)
    larger = np.maximum(np.linalg.norm(looks, axis=1) / size, 1.0)
    return np.asarray(looks @ usual / size**2 / larger / np.maximum(larger / _MUCH_LARGER, 1.0))


def _most_alike(looks: FloatArray, expected: FloatArray) -> FloatArray:
    """(D,) the median of the looks (T, D) that are alike."""
    sizes = np.linalg.norm(looks, axis=1)
    unit = looks / np.maximum(sizes, max(float(np.median(sizes)), 1e-9))[:, None]
    as_expected = np.maximum(unit @ expected / np.linalg.norm(expected), 0.0)
    counted = unit * (1 + _EXPECTED_COUNTS * as_expected)[:, None]
    usual = np.linalg.svd(counted, full_matrices=False)[2][0]
    usual *= np.sign((counted @ usual).sum())
    for _ in range(2):
        alike = unit @ usual
        usual = np.median(looks[alike >= _ALIKE * np.quantile(alike, 0.95)], axis=0)
    return np.asarray(usual)
