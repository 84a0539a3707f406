"""Occlusion of the mouth and the eyes: how much each looks as it usually does in a recording.

The landmarker puts a mouth on a hand that covers it and is as sure of it as before. But the lips
are not there: so the colours at places that go with the points, on the lips and around them, on
brows and lids and around those, are kept of every frame, and compared with the recording's own.

A part's appearance x is log(colour / the face's skin), less most of its own mean: a change of light
takes away little of it. What an expression changes is kept out of it as far as it goes: neither
what is within the lips is looked at nor the edges of the lids, and some places around the lips are
at a share of the way to the next skin, since lips pressed together are thinner than a pixel.

With m the usual appearance, p = <x, m> / |m|^2 is how much of it there is in a frame, and p_r and
p_l in the part's right and left half (the two eyes are the halves of one part). Of what is left,
r = x - p m, an expression changes both halves much alike, whereas a hand does not come in equally
from both sides: r_a = (r - mirrored r) / 2. Together

    likeness = ((1 - w) p + w min(p_r, p_l)) / (max(1, |r_a| / |m|) max(1, |x| / (1.5 |m|))^2),

1 for the usual appearance, about 0 for bare skin (x is small) and for other things (x leads
elsewhere, or is far larger: a black microphone is darker than lips, but too much so). The weaker
half's weight w is 1/2 for the mouth, which can be pulled to one side, and 1 for the eyes.

m is the median of the frames that look alike, the largest such group; appearances as of a face are
expected, with lips, brows and lids darker than the skin, count several times. So a face that is
covered most of the time, be it by the same hand, is still told from that; one that is always
covered is not. Nor is an object before the lips that leaves more than a third of them free.

An eye that is covered all the time is told by what is within it: iris and white differ, a patch is
much alike all over. `eye_contrasts` are kept of every frame; what they mean is judged where both
eyes can be compared (`dynamics.clinical.covered`). So is `light_ratio`, which hides nothing: by it
the sides' differences are judged (`dynamics.clinical.light`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facedyn_app.records import N_LANDMARKS, ByteArray, FloatArray, IntArray
from facedyn_app.topology import (
    LEFT_EYE_ROWS,
    LEFT_WITHIN,
    LIPS_AROUND,
    LIPS_INNER,
    LIPS_OUTER,
    MIRRORED_POINTS,
    RIGHT_EYE_ROWS,
    RIGHT_WITHIN,
    SKIN,
)

# Crops are looked at this small, px a side: noise counts less, and so does where exactly points are
_SMALL_PX = 64
# Added to shades of 0..255 before the logarithm, so that noise in the dark does not count.
_DARK = 6.0
_MEAN_LEFT = 0.2
# Places around the lips: beyond the outline by these shares of its distance from their middle, and
# this share of the way to the skin's points next to it, which thin lips do not bring nearer.
_BEYOND = (0.25, 0.5)
_TO_SKIN = 0.5
_ABOVE_BROW = 1.6
_TO_CORNERS = (0.5, 0.75)
# What is darker than the rest, in each row of places and in red, green and blue.
_LIP_SIGNS = (-1.0, 0.33, 0.33, 0.33)
_EYE_SIGNS = (-1.0, 0.5, 0.3, 0.3, 0.5, 0.5)
_COLOUR_SIGNS = (0.6, 1.0, 0.8)
_EXPECTED_COUNTS = 3.0

_LEAST_FRAMES, MOST_FRAMES = 10, 300
_ALIKE = 0.7
# Lips and eyes, small, noisy or in bad light, differ from the skin by 0.13 and more (RMS).
_LEAST_CONTRAST = 0.03
# A half that has less of the usual appearance's square is not judged alone.
_LEAST_HALF = 0.15
# Talk and grimaces make an appearance up to 1.9 times as large as the usual one.
_MUCH_LARGER = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """K places on a part of the face that is its own mirror image.

    Attributes:
        places: (K, L) where they are, as weights of the points.
        signs: (K,) what is expected to be darker, negative, or brighter than the rest.
        mirrored: (K,) number of the place on the other side.
        left: (K,) 1 on the left side, 0 on the right one, 1/2 in the middle.
        weaker_weight: Weight of the half that looks less as usual, 0..1.
    """

    places: FloatArray
    signs: FloatArray
    mirrored: IntArray
    left: FloatArray
    weaker_weight: float

    def expected(self) -> FloatArray:
        """(D,) the direction of an appearance that a face is expected to have."""
        return np.asarray(_centred(np.multiply.outer(self.signs, _COLOUR_SIGNS)[None])[0])

    def likeness(self, appearances: FloatArray, usual: FloatArray) -> FloatArray:
        """(T,) of appearances (T, D) to the usual one (D,); NaN where that is nearly bare skin."""
        square = usual @ usual
        size = np.sqrt(square)
        if size < _LEAST_CONTRAST * np.sqrt(len(usual)):
            return np.full(len(appearances), np.nan, dtype=np.float32)
        share = appearances @ usual / square
        left = np.repeat(self.left, len(_COLOUR_SIGNS))
        weaker = share
        for half in (left * usual, (1 - left) * usual):
            if half @ usual >= _LEAST_HALF * square:
                weaker = np.minimum(weaker, appearances @ half / (half @ usual))
        rest = (appearances - np.multiply.outer(share, usual)).reshape(
            len(appearances), len(self.left), -1
        )
        lopsided = (rest - rest[:, self.mirrored]).reshape(len(appearances), -1) / 2
        foreign = np.maximum(np.linalg.norm(lopsided, axis=1) / size, 1.0)
        larger = np.maximum(np.linalg.norm(appearances, axis=1) / (_MUCH_LARGER * size), 1.0)
        seen = share + self.weaker_weight * (weaker - share)
        return np.asarray(seen / foreign / larger**2)


def _mouth() -> _Part:
    """The middle of the lips, and three rows around them."""
    one = np.eye(N_LANDMARKS)
    outer, inner, skin = (one[list(row)] for row in (LIPS_OUTER, LIPS_INNER, LIPS_AROUND))
    middle = (outer.mean(axis=0) + inner.mean(axis=0)) / 2
    rows = [(outer + inner) / 2, *(outer + beyond * (outer - middle) for beyond in _BEYOND)]
    rows.append(outer + _TO_SKIN * (skin - outer))
    # the rings begin at the right corner and are at the left one after half of their places
    n, k = len(outer), np.arange(len(outer))
    mirrored = (n // 2 - k) % n
    left = np.where(k == mirrored, 0.5, (k > n // 4) & (k < n - n // 4))
    return _Part(
        places=np.concatenate(rows),
        signs=np.repeat(_LIP_SIGNS, n),
        mirrored=np.concatenate([n * row + mirrored for row in range(len(rows))]),
        left=np.tile(left, len(rows)),
        weaker_weight=0.5,
    )


def _eyes() -> _Part:
    """The brows, above them, and the rows of the lids but for their edges."""
    one = np.eye(N_LANDMARKS)
    sides = []
    for rows in (RIGHT_EYE_ROWS, LEFT_EYE_ROWS):
        upper, lower, below_brow, lid, _, _, *below = (one[list(row)] for row in rows)
        brow = [(upper + lower) / 2, lower + _ABOVE_BROW * (upper - lower)]
        sides.append([*brow, below_brow, lid, *below])
    right, left = (np.concatenate(rows) for rows in sides)
    signs = np.repeat(_EYE_SIGNS, [len(row) for row in sides[0]])
    on_left = np.repeat([0.0, 1.0], len(right))
    n = len(right)
    return _Part(
        places=np.concatenate([right, left]),
        signs=np.tile(signs, 2),
        mirrored=np.roll(np.arange(2 * n), n),
        left=on_left,
        weaker_weight=1.0,
    )


def _centred(shades: FloatArray) -> FloatArray:
    """(T, D) appearances of a part from the logarithms (T, k, 3) of its colours over the skin's."""
    mean = shades.mean(axis=1, keepdims=True)
    return np.asarray((shades - (1 - _MEAN_LEFT) * mean).reshape(len(shades), -1))


def _within_eyes() -> FloatArray:
    """(K, L) places between the lids, of the left eye and then of the right one, equally many."""
    one = np.eye(N_LANDMARKS)
    sides = []
    for iris, corners, upper, lower in (LEFT_WITHIN, RIGHT_WITHIN):
        ends = one[list(corners)]
        middle = (one[list(upper)] + one[list(lower)]) / 2
        between = [(1 - share) * one[iris] + share * ends for share in _TO_CORNERS]
        sides.append(np.concatenate([one[[iris]], middle, *between]))
    return np.concatenate(sides)


_PARTS = (_mouth(), _eyes())
_SKIN_PLACES = np.eye(N_LANDMARKS)[list(SKIN)]
# (K, L) where the places are, as weights of the points: skin, mouth, around the right and the left
# eye, within the left and the right one.
_WITHIN_EYES = _within_eyes()
_PLACES = np.concatenate([_SKIN_PLACES, *(part.places for part in _PARTS), _WITHIN_EYES]).astype(
    np.float32
)
N_PLACES = len(_PLACES)
N_AROUND = N_PLACES - len(_WITHIN_EYES)
"""Those that are not between the lids."""
# Rows of the skin's places on the left side, and of their partners; the left one of two points that
# mirror each other has the larger number.
_LEFT_SKIN, _RIGHT_SKIN = np.array(
    [(row, SKIN.index(MIRRORED_POINTS[n])) for row, n in enumerate(SKIN) if n > MIRRORED_POINTS[n]]
).T
_ENDS = np.cumsum([len(_SKIN_PLACES), *(len(part.places) for part in _PARTS)])


def eye_contrasts(shades: ByteArray) -> tuple[float, float]:
    """How much the places within the left and the right eye differ, as logarithms of brightness.

    Their standard deviation: 0.1 to 0.5 of an eye that is open, less of a closed one.

    Args:
        shades: (K, 3) uint8 of a face.
    """
    light = np.log(shades[N_AROUND:].astype(np.float32) + _DARK).mean(axis=1)
    left, right = light.reshape(2, -1).std(axis=1)
    return float(left), float(right)


def light_ratio(shades: ByteArray) -> float:
    """Brightness of the left side of the face over that of the right one, 1 in even light.

    The median over the places of bare skin that lie on both sides.

    Args:
        shades: (K, 3) uint8 of a face.
    """
    light = shades[: _ENDS[0]].astype(np.float32).mean(axis=1) + _DARK
    return float(np.median(light[_LEFT_SKIN] / light[_RIGHT_SKIN]))


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


class UsualAppearance:
    """The usual appearance of a face in a recording.

    Args:
        shades: (T, K, 3) uint8 its colours (`shades_at`) in frames spread over the recording, some
            `MOST_FRAMES` at most.
    """

    def __init__(self, shades: ByteArray) -> None:
        appearances = _appearances(shades) if len(shades) >= _LEAST_FRAMES else []
        self._usual = [
            _most_alike(appearance, part.expected())
            for appearance, part in zip(appearances, _PARTS, strict=False)
        ]

    def likeness(self, shades: ByteArray) -> FloatArray:
        """(T,) how much mouth and eyes look as usual, that which does least.

        NaN where fewer than 10 frames tell what is usual, or no part differs from bare skin.

        Args:
            shades: (T, K, 3) uint8.
        """
        like = np.full(len(shades), np.nan, dtype=np.float32)
        for part, appearances, usual in zip(
            _PARTS, _appearances(shades), self._usual, strict=False
        ):
            like = np.fmin(like, part.likeness(appearances, usual))
        return like


def _appearances(shades: ByteArray) -> list[FloatArray]:
    """The appearances (T, D) of the mouth and of the eyes."""
    logs = np.log(shades.astype(np.float32) + _DARK)
    logs -= np.median(logs[:, : _ENDS[0]], axis=1, keepdims=True)
    return [_centred(part) for part in np.split(logs, _ENDS, axis=1)[1:-1]]


def _most_alike(appearances: FloatArray, expected: FloatArray) -> FloatArray:
    """(D,) the median of the appearances (T, D) that are alike."""
    sizes = np.linalg.norm(appearances, axis=1)
    unit = appearances / np.maximum(sizes, max(float(np.median(sizes)), 1e-9))[:, None]
    as_expected = np.maximum(unit @ expected / np.linalg.norm(expected), 0.0)
    counted = unit * (1 + _EXPECTED_COUNTS * as_expected)[:, None]
    usual = np.linalg.svd(counted, full_matrices=False)[2][0]
    usual *= np.sign((counted @ usual).sum())
    for _ in range(2):
        alike = unit @ usual
        usual = np.median(appearances[alike >= _ALIKE * np.quantile(alike, 0.95)], axis=0)
    return np.asarray(usual)
