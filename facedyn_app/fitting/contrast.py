"""Contrast of grey pictures at a fineness: what is left of them when the light is taken off.

A picture's brightness less its mean around each pixel, over its deviation there, both weighted by a
Gaussian; before that the picture is smoothed as the fineness says. Light that changes slowly over
the face, and a camera's exposure, leave it nearly the same.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from facedyn_app.landmarks import FaceSquares
from facedyn_app.records import FloatArray

FINENESSES_PX = (3.0, 1.5, 0.8)
"""Deviations of the Gaussians that smooth the pictures, coarse first."""
AROUND_PX = 9.0
"""Deviation of the Gaussian over which mean and deviation are formed."""
GREY_NOISE = 25.0
"""Variance of the grey levels that says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class ContrastPictures:
    """Contrast in T squares, and its derivatives.

    Attributes:
        values: (T, 3, H, W) contrast, its derivative to the right and downwards, per px.
        scale: (T, 1, 1) px of the square for a px of the picture.
        shift: (T, 1, 2) where the picture's middle lies in the square, px.
    """

    values: Tensor
    scale: Tensor
    shift: Tensor

    def read(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """(T, V) contrast at places, and (T, V, 2) how it changes with them, per px.

        Args:
            places: (T, V, 2) px from the picture's middle.
        """
        square = self.scale * places + self.shift
        size = self.values.shape[-1]
        grid = (2.0 * square + 1.0) / size - 1.0
        read = grid_sample(
            self.values, grid[:, None], padding_mode="border", align_corners=False
        ).squeeze(2)
        return read[:, 0], self.scale * read[:, 1:].mT


def contrast_pictures(squares: FaceSquares, like: Tensor) -> Generator[ContrastPictures]:
    """The squares' contrast at each fineness, one at a time: they take much memory.

    Args:
        squares: Around the face.
        like: On whose device and in whose precision it is wanted.
    """
    scale, shift = (torch.as_tensor(of).to(like) for of in (squares.scale, squares.shift))
    pictures = squares.grey.astype(np.float32)
    light = [_light(picture) for picture in pictures]
    for fineness in FINENESSES_PX:
        values = np.empty((len(pictures), 3, *pictures.shape[1:]), np.float32)
        for picture, (mean, deviation), (own, across, down) in zip(
            pictures, light, values, strict=True
        ):
            own[:] = (cv2.GaussianBlur(picture, (0, 0), fineness) - mean) / deviation
            across[:] = cv2.Sobel(own, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
            down[:] = cv2.Sobel(own, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        shown = torch.as_tensor(values).to(like)
        yield ContrastPictures(shown, scale[:, None, None], shift[:, None])


def _light(picture: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation around each pixel."""
    mean = _around(picture)
    variance = (_around(picture * picture) - mean * mean).clip(0.0)
    return mean, np.sqrt(variance + GREY_NOISE)


def _around(picture: FloatArray) -> FloatArray:
    """A picture smoothed by `AROUND_PX`, at a quarter of its size, where that looks the same."""
    height, width = picture.shape
    small = cv2.resize(picture, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), AROUND_PX / 4)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR))
