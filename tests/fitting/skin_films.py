"""Films of heads whose skin is a smooth random picture, drawn without light: known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from scipy.interpolate import LinearNDInterpolator

from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.surface_points import SurfacePoints
from facedyn_app.fitting.view import to_head
from facedyn_app.records import FloatArray, Frame

PAINT_PX = 400
PAINT_M = 0.3
"""Side of the square of the mean head, seen from the front, that is painted."""


@dataclass(frozen=True)
class Skin:
    """Paint over a head's front, the same on both sides where it is `even`.

    Attributes:
        points: Of the skin.
        paint: (PAINT_PX, PAINT_PX) grey levels.
    """

    points: SurfacePoints
    paint: FloatArray

    def film(
        self,
        state: FaceState,
        focal_px: float,
        size: tuple[int, int],
        light: FloatArray | None = None,
    ) -> list[Frame]:
        """Pictures of T frames, 25 a second.

        Args:
            state: Of the frames.
            focal_px: Focal length, px.
            size: Width and height, px.
            light: (T,) by what all grey levels are multiplied; None leaves them.
        """
        rest = torch.zeros(1, state.jaw.shape[1]).to(self.points.shape)
        still = torch.zeros(1, state.expression.shape[1]).to(rest)
        flat = self.points.places(still, rest)[0, :, :2].numpy()
        places = self.points.places(state.expression.to(rest), state.jaw.to(rest))
        camera = places @ to_head(state).to(rest) + state.translation.to(rest)[:, None]
        shown = (focal_px * camera[..., :2] / camera[..., 2:]).numpy() + np.array(size) / 2
        columns, rows = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
        frames = []
        for k, corners in enumerate(shown):
            where = LinearNDInterpolator(corners, flat)(columns, rows)
            at = ((where / PAINT_M + 0.5) * PAINT_PX).astype(np.float32)
            grey = cv2.remap(self.paint, np.nan_to_num(at, nan=-9.0), None, cv2.INTER_LINEAR)
            grey = np.where(np.isnan(where[..., 0]), 90.0, grey)
            grey = grey * (1.0 if light is None else light[k])
            image = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
            frames.append(Frame(k, k / 25, image))
        return frames


def painted(points: SurfacePoints, *, even: bool = False) -> Skin:
    """Skin with structure everywhere."""
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(PAINT_PX, PAINT_PX)).astype(np.float32)
    if even:
        noise = noise + noise[:, ::-1]
    fine, coarse = (cv2.GaussianBlur(noise, (0, 0), size) for size in (4.0, 14.0))
    paint = 128 + 25 * fine / fine.std() + 20 * coarse / coarse.std()
    return Skin(points, paint.astype(np.float32))
