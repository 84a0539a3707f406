"""The three networks of the landmarker's bundle, on any device."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence

import numpy as np
import torch

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks.runners import FloatInput, LiteRunner, Runner, TorchRunner
from facedyn_app.landmarks.topology import NOSE_BRIDGE, RINGS
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, ByteArray, FloatArray

MODEL = "face_landmarker.task"
_FILES = ("face_detector", "face_landmarks_detector", "face_blendshapes")
# The points that the network of blendshape scores is given, in order of their numbers.
_SCORED = sorted({1, 8, 468, 473, *NOSE_BRIDGE, *(n for ring in RINGS.values() for n in ring)})
_MOST_WORKERS = 8


def n_workers(device: torch.device) -> int:
    """Threads that are worth having on a device: one a core of the processor, one for a GPU."""
    if device.type != "cpu":
        return 1
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(n or 1, _MOST_WORKERS)


def bundled(name: str) -> bytes:
    """The bytes of a file in the landmarker's bundle.

    Raises:
        InputError: The bundle is missing or damaged, or holds no such file.
    """
    path = model_file(MODEL)
    try:
        with zipfile.ZipFile(path) as bundle:
            return bundle.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"The file '{path}' holds no '{name}'.") from error


class FaceModels:
    """The networks: where faces are, where their points are, what their actions score.

    They may be used from `n_workers(device)` threads at the same time.

    Args:
        device: Where to compute.

    Attributes:
        device: As given.
        runtime: What computes: "LiteRT" on a processor, else "torch".

    Raises:
        InputError: The bundle is missing or damaged.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.runtime = "LiteRT" if device.type == "cpu" else "torch"
        self._detector, self._points, self._scores = (self._runner(name) for name in _FILES)

    def _runner(self, name: str) -> Runner:
        data = bundled(f"{name}.tflite")
        if self.runtime == "LiteRT":
            return LiteRunner(data, n_workers(self.device))
        return TorchRunner(data, name, self.device)

    def points(self, crops: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """Points and certainty of the faces in crops.

        Args:
            crops: N (256, 256, 3) uint8 RGB pictures.

        Returns:
            (N, L, 3) float32 positions in the crops, px, the third a depth, smaller towards the
            camera, and (N,) how surely each crop shows a face, 0..1.
        """
        flat, sure, _ = self._points(_shades(crops, 0.0, 1 / 255))
        certainty = 1.0 / (1.0 + np.exp(-sure.reshape(-1).astype(np.float64)))
        return flat.reshape(len(crops), N_LANDMARKS, 3), certainty

    def scores(self, points: FloatArray) -> FloatArray:
        """The blendshape scores (N, A) float32, 0..1, of faces with points (N, L, 2), px."""
        (scores,) = self._scores(np.ascontiguousarray(points[:, _SCORED], dtype=np.float32))
        return scores.reshape(-1, N_BLENDSHAPES)

    def detections(self, pictures: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """What the detector says, not decoded.

        Args:
            pictures: N (128, 128, 3) uint8 RGB pictures.

        Returns:
            (N, 896, 16) float32 boxes and key points against the detector's grid, px, and
            (N, 896) float32 logits.
        """
        places, logits = self._detector(_shades(pictures, -1.0, 2 / 255))
        n = len(pictures)
        return places.reshape(n, -1, 16), logits.reshape(n, -1)


def _shades(pictures: Sequence[ByteArray], low: float, step: float) -> FloatInput:
    """(N, H, W, 3) float32: `low` for black, a `step` for each of 255 shades."""
    shades = np.stack(pictures).astype(np.float32)
    shades *= np.float32(step)
    if low:
        shades += np.float32(low)
    return shades
