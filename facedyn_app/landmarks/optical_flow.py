"""Optical flow of a face from a reference picture: where the skin at each landmark has gone.

The landmark network names places that it learnt from many faces, and answers motion with less than
there is, in each face otherwise. Between two pictures of one face the skin itself tells the motion.
Every picture is warped back onto the reference picture by the network's landmarks, linearly within
the triangles between them; what is left between the two is dense inverse search (Kroeger, Timofte,
Dai and Van Gool 2016, Fast Optical Flow using Dense Inverse Search, ECCV), read at the landmarks.

How sure it is there: the neighbourhoods must look alike once more (normalised cross-correlation),
and there must be structure in both directions (smaller eigenvalue of the structure tensor; Shi and
Tomasi 1994, Good Features to Track, CVPR). How these make one certainty is this project's own.
"""

from __future__ import annotations

from threading import local
from typing import TypeVar, cast

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import Delaunay

from facedyn_app.records import ByteArray, FaceTrack, FloatArray
from facedyn_app.topology import BLENDSHAPE_NAMES, LEFT_EYE, RIGHT_EYE

Picture = TypeVar("Picture", ByteArray, FloatArray)

SIDE_PX = 256
"""Side of the squares that are compared."""
MARGIN = 1.15
"""Of the square, over the larger side of the face's box."""
GRID_STEP = 4
"""The warp is made at every so-manieth pixel and interpolated between."""
SEARCH_STRIDE_PX, SEARCH_STEPS = 4, 8
"""Distance of the patches that are searched for, px of the squares at half their size, and most
steps of the search."""
ALIGNED = np.array([6, 197, 195, 5, 4, 168, 33, 263, 133, 362, 10, 67, 297, 234, 454, 127, 356])
"""Landmarks of nose, eye corners, forehead and temples, which move with the skull."""
ALIKE_PX, STRUCTURE_PX = 5, 13
"""Sides of the neighbourhoods that must look alike, px of the squares at half their size, and in
which there must be structure, px of the squares."""
GREY_NOISE = 4.0
"""Variance of the grey levels that says nothing."""
LEAST_ALIKE, ALIKE_POWER = 0.5, 4
"""Correlation of the neighbourhoods up to which the flow is not believed, and the power of what is
beyond it, 0..1, by which it is."""
USUAL_STRUCTURE = 1.0
"""Smaller eigenvalue, squared grey levels per squared pixel, at which it is believed by half."""
MOST_LOOKED_AT = 400
"""Frames among which the reference is chosen."""
REST_PERCENTILE = 25.0
"""Of a blendshape score in the recording: what it is at rest, which is not 0 in every face."""
LEAST_SHARPNESS = 0.8
"""Of the reference, of the median over the recording."""
TURN_WEIGHT = 4.0
"""Of a squared turn of the head, rad, beside the squares of the blendshape scores."""
_AROUND = np.stack(
    np.meshgrid(*2 * [np.arange(ALIKE_PX, dtype=np.float32) - (ALIKE_PX - 1) / 2]), axis=2
).reshape(1, -1, 2)
_EYES = np.array((*LEFT_EYE, *RIGHT_EYE))
_EXPRESSION = np.array(
    [not name.startswith(("_", "eyeLook")) for name in BLENDSHAPE_NAMES], dtype=bool
)


def reference_frame(track: FaceTrack) -> int:
    """The frame in which the face is most at rest, its eyes open, turned as it usually is.

    Args:
        track: Landmarks of the recording; at least one frame has a face.
    """
    found = np.flatnonzero(track.found)
    frames = found[:: max(1, len(found) // MOST_LOOKED_AT)]
    seen = track.only(frames)
    scores = seen.scores[:, _EXPRESSION]
    moved = np.square(scores - np.percentile(scores, REST_PERCENTILE, axis=0)).sum(axis=1)
    turned = np.square(seen.turn - np.median(seen.turn, axis=0)).sum(axis=1)
    blurred = seen.sharpness < LEAST_SHARPNESS * np.median(seen.sharpness)
    cost = moved + TURN_WEIGHT * turned
    return int(frames[np.argmin(np.where(blurred, cost + cost.max(), cost))])


class FaceFlow:
    """Measures the optical flow of one face from a reference picture, from any thread.

    Args:
        image: (H, W, 3) uint8 RGB, the reference picture.
        points: (L, 2) its landmarks, px.
    """

    def __init__(self, image: ByteArray, points: FloatArray) -> None:
        low, high = points.min(axis=0), points.max(axis=0)
        scale = SIDE_PX / (MARGIN * float((high - low).max()))
        shift = SIDE_PX / 2 - scale * (low + high) / 2
        self._to_square = np.column_stack([scale * np.eye(2), shift])
        self._points = np.asarray(points, np.float64)
        self._places = (scale * self._points + shift).astype(np.float32)
        self._coarse, self._shares = _triangles(self._places)
        size, border = (SIDE_PX, SIDE_PX), cv2.BORDER_REPLICATE
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        picture = cv2.warpAffine(grey, self._to_square, size, borderMode=border)
        self._half = _halved(picture)
        self._half_places = 0.5 * self._places - 0.25  # px of the half lie between two
        least = _read(_structure(picture), self._places)
        self._structure = least / (least + USUAL_STRUCTURE)
        self._around, self._contrast = _standardised(_patches(self._half, self._half_places))
        self._own = local()

    def measure(self, image: ByteArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The flow beyond the network's landmarks in another picture of the face.

        Args:
            image: (H, W, 3) uint8 RGB.
            points: (L, 2) its landmarks, px.

        Returns:
            (L, 2) float32 what is to be added to the landmarks, px, and (L,) float32 how sure that
            is, 0..1.
        """
        forth = _after(self._to_square, _similarity(points[ALIGNED], self._points[ALIGNED]))
        back = cv2.invertAffineTransform(forth)
        moved = points @ forth[:, :2].T + forth[:, 2] - self._places
        place = self._coarse + self._shares @ moved.astype(np.float32)
        shown = _halved(_warped(image, place @ back[:, :2].T + back[:, 2]))
        flow = self._search().calc(self._half, shown, None)
        own = _read(flow, self._half_places)
        around, contrast = _standardised(_patches(shown, self._half_places + own))
        common = np.einsum("ij,ij->i", self._around, around) / around.shape[1]
        alike = common / np.sqrt(self._contrast * contrast + GREY_NOISE)
        alike = np.clip((alike - LEAST_ALIKE) / (1.0 - LEAST_ALIKE), 0.0, 1.0) ** ALIKE_POWER
        # what a lid uncovers does not look like what it covered, where its edge is seen rightly
        alike[_EYES] = 1.0
        certainty = alike * self._structure
        shift = 2.0 * own @ back[:, :2].T
        return np.asarray(shift, np.float32), np.asarray(certainty, np.float32)

    def _search(self) -> cv2.DISOpticalFlow:
        """The search, which has buffers of its own in each thread."""
        search = getattr(self._own, "search", None)
        if search is None:
            search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            search.setFinestScale(0)
            search.setPatchStride(SEARCH_STRIDE_PX)
            search.setGradientDescentIterations(SEARCH_STEPS)
            search.setVariationalRefinementIterations(0)
            self._own.search = search
        return search


def _triangles(places: FloatArray) -> tuple[FloatArray, csr_matrix]:
    """The places (n^2, 2) of the coarse grid, px, and the landmarks' shares in them, (n^2, L).

    Triangles are those of the landmarks (L, 2), px in the square, and of places on its border,
    which stay.
    """
    edge = np.linspace(0.0, SIDE_PX - 1.0, 7)
    border = [(x, y) for x in edge for y in edge if {x, y} & {edge[0], edge[-1]}]
    mesh = Delaunay(np.concatenate([places, border]).astype(np.float64))
    # where `cv2.resize` takes the pixels of the smaller picture to lie in the larger
    axis = (np.arange(SIDE_PX // GRID_STEP) + 0.5) * GRID_STEP - 0.5
    asked = np.stack(np.meshgrid(axis, axis), axis=2).reshape(-1, 2)
    number = mesh.find_simplex(asked).clip(0)
    transform, corners = mesh.transform[number], mesh.simplices[number]
    shares = np.einsum("nij,nj->ni", transform[:, :2], asked - transform[:, 2])
    shares = np.column_stack([shares, 1.0 - shares.sum(axis=1)]).astype(np.float32)
    moving = corners < len(places)
    entries = (shares[moving], (np.nonzero(moving)[0], corners[moving]))
    matrix = csr_matrix(entries, shape=(len(asked), len(places)))
    return asked.astype(np.float32), matrix


def _warped(image: ByteArray, places: FloatArray) -> ByteArray:
    """(SIDE_PX, SIDE_PX) grey levels of a picture (H, W, 3) at places (n^2, 2) of a coarse grid."""
    size, n = np.array(image.shape[1::-1]), SIDE_PX // GRID_STEP
    rows = np.ascontiguousarray(places.T)  # in which the least is found far sooner
    first = np.floor(rows.min(axis=1)).astype(int).clip(0, size - 1)
    last = np.ceil(rows.max(axis=1)).astype(int).clip(first, size - 1)
    part = image[first[1] : last[1] + 1, first[0] : last[0] + 1]
    coarse = np.asarray(places - first, np.float32).reshape(n, n, 2)
    return _remap(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.resize(coarse, (SIDE_PX, SIDE_PX)))


def _similarity(points: FloatArray, target: FloatArray) -> FloatArray:
    """(2, 3) turn, scaling and shift that takes points (N, 2) nearest to others (least squares)."""
    middle, aim = points.mean(axis=0), target.mean(axis=0)
    z, w = (points - middle) @ (1.0, 1.0j), (target - aim) @ (1.0, 1.0j)
    ratio = np.vdot(z, w) / np.vdot(z, z)
    matrix = np.array([[ratio.real, -ratio.imag], [ratio.imag, ratio.real]])
    return np.column_stack([matrix, aim - matrix @ middle])


def _after(second: FloatArray, first: FloatArray) -> FloatArray:
    """(2, 3) an affine map after another."""
    shift = second[:, :2] @ first[:, 2] + second[:, 2]
    return np.column_stack([second[:, :2] @ first[:, :2], shift])


def _remap(picture: Picture, places: FloatArray) -> Picture:
    """A picture at (H, W, 2) places, px."""
    shown = cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast("Picture", shown)


def _halved(picture: ByteArray) -> ByteArray:
    """A picture at half its size, each pixel the mean of four."""
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _read(field: FloatArray, places: FloatArray) -> FloatArray:
    """(N, ...) a field at (N, 2) places, px."""
    return np.asarray(_remap(field, places[:, None].astype(np.float32))[:, 0], np.float32)


def _structure(picture: ByteArray) -> FloatArray:
    """(H, W) smaller eigenvalue of the structure tensor, squared grey levels per squared pixel."""
    grey = picture.astype(np.float32)
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3) / 8
    xx, xy, yy = (_mean(part, STRUCTURE_PX) for part in (across**2, across * down, down**2))
    return np.asarray((xx + yy) / 2 - np.sqrt(np.square((xx - yy) / 2) + xy**2), np.float32)


def _patches(picture: ByteArray, places: FloatArray) -> FloatArray:
    """(N, ALIKE_PX^2) grey levels of the neighbourhoods of (N, 2) places, px."""
    return np.asarray(_remap(picture, places[:, None] + _AROUND), np.float32)


def _standardised(patches: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N, P) patches less their means, and (N,) their variances."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    return patches, np.einsum("ij,ij->i", patches, patches) / patches.shape[1]


def _mean(field: FloatArray, side: int) -> FloatArray:
    """A field's means over squares of a side, px."""
    size = (side, side)
    return np.asarray(cv2.boxFilter(field, -1, size, borderType=cv2.BORDER_REPLICATE), np.float32)
