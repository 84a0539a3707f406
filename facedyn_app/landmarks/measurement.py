"""Measurement of faces in many pictures at once: points, blendshape scores, sharpness, turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.device import use_one_thread
from facedyn_app.landmarks.faces import (
    CROP_PX,
    Face,
    crop,
    crop_to_image,
    mirrored_square,
    sharpness_of,
)
from facedyn_app.landmarks.models import FaceModels, n_workers
from facedyn_app.landmarks.occlusion import shades_at
from facedyn_app.records import BoolArray, ByteArray, FloatArray, IntArray
from facedyn_app.topology import MIRRORED_BLENDSHAPES, MIRRORED_POINTS

Result = TypeVar("Result")
# A processor runs the networks picture by picture: single ones are shared out best.
_CPU_BATCH, _GPU_BATCH = 1, 64
# Frames that a processor is given at once, however many threads it has: every frame of a block is
# first looked for where the face was before the block, so that its length decides the last digits.
_CPU_BLOCK = 8
MIRROR_STEP = 4
"""Of a face that is followed every so-manieth picture is looked at mirrored, too: what the network
says otherwise of it changes slowly."""
# Outer and inner corners of the eyes, temples and cheeks, the subject's left and right.
_LEFT, _RIGHT = (263, 362, 356, 454, 323), (33, 133, 127, 234, 93)
_TOP, _CHIN = 10, 152


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the network says of N squares in N pictures.

    Attributes:
        points: (N, L, 2) float32 image positions, px.
        depths: (N, L) float32 depth of the points, px of the image, smaller towards the camera.
        certainty: (N,) float32 how surely there is a face, 0..1.
        sharpness: (N,) float64 see `sharpness_of`.
        shades: (N, K, 3) uint8 see `shades_at`.
    """

    points: FloatArray
    depths: FloatArray
    certainty: FloatArray
    sharpness: FloatArray
    shades: ByteArray

    def put(self, rows: Sequence[int], other: Measured) -> None:
        """Replace some rows by those of another measurement."""
        for name in ("points", "depths", "certainty", "sharpness", "shades"):
            getattr(self, name)[rows] = getattr(other, name)


class Measurer:
    """Measures faces in squares of pictures; a context manager that ends its threads.

    On a processor, each of a few threads takes a picture; on a GPU a batch is large. How many
    threads there are makes no difference to what is measured.

    Args:
        models: The networks.
        mirrored_mean: Whether points, depths, certainty and scores are the mean of those of the
            picture and of its mirror image, mirrored back; but for the scores each counts by how
            surely there is a face in it. Those of a mirrored picture in the mirrored square are
            then the mirrored ones. Of several pictures every `MIRROR_STEP`th is looked at mirrored;
            what the mean differs by is interpolated between them.
    """

    def __init__(self, models: FaceModels, *, mirrored_mean: bool = False) -> None:
        self._models = models
        self._mirrored_mean = mirrored_mean
        on_gpu = models.device.type != "cpu"
        n_threads = n_workers(models.device)
        self._batch = _GPU_BATCH if on_gpu else _CPU_BATCH
        self._pool = ThreadPoolExecutor(n_threads, "landmarks", use_one_thread)
        self.n_at_once = _GPU_BATCH if on_gpu else _CPU_BLOCK

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def measure(self, images: Sequence[ByteArray], squares: FloatArray) -> Measured:
        """Measure the face in one square of each picture.

        Args:
            images: N (H, W, 3) uint8 RGB pictures, frame after frame.
            squares: (N, 4) where the faces are.
        """
        n, rows = len(images), self._looked_at_mirrored(len(images))
        # all in one round, so that no thread waits for the others in between
        looks = self._in_batches(
            self._look,
            [*images, *(images[row] for row in rows)],
            np.concatenate([squares, squares[rows]]),
            np.repeat([False, True], [n, len(rows)]),
        )
        crops = [picture for pictures, _, _ in looks for picture in pictures][:n]
        shown, other_shown = np.split(np.concatenate([points for _, points, _ in looks]), [n])
        certainty, other_certainty = np.split(np.concatenate([sure for *_, sure in looks]), [n])
        if len(rows):
            other_shown = _mirrored(other_shown, CROP_PX)
            # where a face is seen in one of the two alone, it is there, with the points of that one
            both = other_certainty + certainty[rows]
            share = np.divide(other_certainty, both, out=np.full_like(both, 0.5), where=both > 0)
            shown = _drawn_along(shown, other_shown, rows, share)
            certainty = _drawn_along(certainty, other_certainty, rows, share).clip(0.0, 1.0)
        depths = shown[:, :, 2] * (squares[:, 2:3] / CROP_PX).astype(np.float32)
        found = self._in_batches(_texture, crops, shown[:, :, :2])
        sharpness, shades = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return Measured(
            crop_to_image(shown[:, :, :2], squares), depths, certainty, sharpness, shades
        )

    def scores(self, points: FloatArray) -> FloatArray:
        """The blendshape scores (N, A) of faces whose points (N, L, 2) are known, px."""
        rows = self._looked_at_mirrored(len(points))
        # where the face is makes no difference to the network, so any axis does
        given = np.concatenate([points, _mirrored(points[rows], 0.0)])
        found = np.concatenate(self._in_batches(self._models.scores, given))
        scores, mirrored = np.split(found, [len(points)])
        if not len(rows):
            return scores
        mirrored = mirrored[:, MIRRORED_BLENDSHAPES]
        return _drawn_along(scores, mirrored, rows, np.full(len(rows), 0.5)).clip(0.0, 1.0)

    def _looked_at_mirrored(self, n: int) -> IntArray:
        """Which of n pictures, frame after frame, are looked at mirrored."""
        return np.arange(min(1, n - 1), n if self._mirrored_mean else 0, MIRROR_STEP)

    def _in_batches(
        self, work: Callable[..., Result], *rows: Sequence[Any] | FloatArray
    ) -> list[Result]:
        """What `work` makes of a batch of rows after the other; a single batch needs no thread."""
        starts = range(0, len(rows[0]), self._batch)
        batches = [[column[i : i + self._batch] for column in rows] for i in starts]
        if len(batches) == 1:
            return [work(*batches[0])]
        parts = [self._pool.submit(work, *batch) for batch in batches]
        return [part.result() for part in parts]

    def _look(
        self, images: Sequence[ByteArray], squares: FloatArray, mirrored: BoolArray
    ) -> tuple[list[ByteArray], FloatArray, FloatArray]:
        """The crops, the points (N, L, 3) in them and how surely there is a face.

        Args:
            images: N pictures.
            squares: (N, 4) where the faces are in them.
            mirrored: (N,) whether each is looked at mirrored.
        """
        crops = [
            crop(cv2.flip(image, 1), mirrored_square(square, image.shape[1]))
            if flipped
            else crop(image, square)
            for image, square, flipped in zip(images, squares, mirrored, strict=True)
        ]
        return crops, *self._models.points(crops)


def _texture(crops: Sequence[ByteArray], points: FloatArray) -> tuple[FloatArray, ByteArray]:
    """Sharpness (N,) of the crops and the shades (N, K, 3) at the points (N, L, 2) in them."""
    sharpness = np.array([sharpness_of(picture) for picture in crops])
    seen = zip(crops, points, strict=True)
    return sharpness, np.stack([shades_at(picture, places) for picture, places in seen])


def _drawn_along(
    plain: FloatArray, mirrored: FloatArray, rows: IntArray, share: FloatArray
) -> FloatArray:
    """The mean of (N, ...) with what the mirrored pictures show of some of the rows.

    Between these rows the difference is interpolated, before and after them held.

    Args:
        plain: (N, ...) of all pictures.
        mirrored: (R, ...) of the mirrored ones.
        rows: (R,) which pictures these are.
        share: (R,) of the mirrored ones in the mean.
    """
    share = share.astype(plain.dtype).reshape(-1, *[1] * (plain.ndim - 1))
    drawn = (mirrored - plain[rows]) * share
    at = np.interp(np.arange(len(plain)), rows, np.arange(len(rows)))
    before = np.floor(at).astype(np.int64)
    after = np.minimum(before + 1, len(rows) - 1)
    over = (at - before).astype(plain.dtype).reshape(-1, *[1] * (plain.ndim - 1))
    return np.asarray(plain + (1 - over) * drawn[before] + over * drawn[after])


def _mirrored(points: FloatArray, width: float) -> FloatArray:
    """Points (N, L, 2 or more) of a picture as those of its mirror image."""
    mirrored = points[:, MIRRORED_POINTS].copy()
    mirrored[..., 0] = width - mirrored[..., 0]
    return mirrored


def faces_of(number: int, found: Measured, scores: FloatArray, n: int) -> list[Face]:
    """The first n measurements as faces of one number, with their scores (n, A)."""
    turns = turns_of(found.points[:n], found.depths[:n])
    certainty, sharpness = found.certainty[:n].tolist(), found.sharpness[:n].tolist()
    shades = found.shades[:n]
    rows = zip(found.points[:n], scores, certainty, sharpness, turns, shades, strict=True)
    return [Face(number, *row) for row in rows]


def turns_of(points: FloatArray, depths: FloatArray) -> FloatArray:
    """(N, 3) float32 rotation vectors against a face that looks into the camera, rad.

    Of the face as it is seen, that is against the line of sight to it. The axes are those from the
    subject's right to their left, and from the chin to the top of the forehead. What an open jaw, a
    head's own build and the landmarker's habits add is for the fit to know (`landmark_errors`).

    Args:
        points: (N, L, 2) image positions, px.
        depths: (N, L) depths, px of the image, smaller towards the camera.
    """
    # from the image's axes to those of the head frame: y up, z out of the face
    placed = np.concatenate([points, depths[..., None]], axis=2) * (1.0, -1.0, -1.0)
    x = placed[:, _LEFT].mean(axis=1) - placed[:, _RIGHT].mean(axis=1)
    y = placed[:, _TOP] - placed[:, _CHIN]
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = y - (x * y).sum(axis=1, keepdims=True) * x
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    axes = np.stack([x, y, np.cross(x, y)], axis=2)
    return np.asarray(Rotation.from_matrix(axes).as_rotvec(), np.float32)
