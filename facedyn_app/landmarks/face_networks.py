"""The bundle's networks that find and measure faces, opened and closed together."""

from __future__ import annotations

from typing import Self

import torch

from facedyn_app.device import choose_device
from facedyn_app.landmarks.detection import FaceDetector
from facedyn_app.landmarks.measurement import Measurer
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.settings import LandmarkSettings


class FaceNetworks:
    """What finds faces and measures them; a context manager that ends its threads.

    Args:
        settings: Confidences, the most faces at a time, the mean with the mirrored picture.
        device: Where to compute; a GPU where there is one, if not given.

    Raises:
        InputError: The model is missing or damaged.
    """

    def __init__(
        self, settings: LandmarkSettings | None = None, device: torch.device | None = None
    ) -> None:
        self._settings = settings or LandmarkSettings()
        models = FaceModels(device or choose_device("auto"))
        self._measurer = Measurer(models, mirrored_mean=self._settings.mirrored_mean)
        self._finder = FaceDetector(models, self._settings.min_detection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._measurer.close()
