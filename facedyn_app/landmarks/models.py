"""The three networks of the landmarker's bundle, read from its own bytes, on any device."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks.network import GraphNetwork
from facedyn_app.landmarks.tflite import read_graph
from facedyn_app.landmarks.topology import NOSE_BRIDGE, RINGS
from facedyn_app.records import N_LANDMARKS, ByteArray, FloatArray

MODEL = "face_landmarker.task"
_FILES = ("face_detector", "face_landmarks_detector", "face_blendshapes")
# The points that the network of action scores is given, in order of their numbers.
_SCORED = sorted(
    {1, 8, 468, 473, *NOSE_BRIDGE, *(point for ring in RINGS.values() for point in ring)}
)
# glibc gives a freed block that is larger than any before back to the system, and the next one
# comes in pages that are cleared one by one, which costs a fifth of the time. Having freed one of
# this size, it keeps what is smaller.
_KEPT_BYTES = 31 << 20


class FaceModels:
    """The networks: where faces are, where their points are, what their actions score.

    Args:
        device: Where to compute.

    Raises:
        InputError: The bundle is missing or damaged.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        torch.empty(_KEPT_BYTES, dtype=torch.uint8)  # freed at once
        path = model_file(MODEL)
        detector, points, scores = (self._network(path, name) for name in _FILES)
        self._detector, self._points, self._scores = detector, points, scores

    def _network(self, path: Path, name: str) -> GraphNetwork:
        file = f"{name}.tflite"
        try:
            with zipfile.ZipFile(path) as bundle:
                data = bundle.read(file)
        except (KeyError, zipfile.BadZipFile) as error:
            raise InputError(f"The file '{path}' holds no '{file}'.") from error
        return GraphNetwork(read_graph(data, file)).to(self.device).eval()

    @torch.inference_mode()
    def points(self, crops: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """Points and certainty of the faces in crops.

        Args:
            crops: N (256, 256, 3) uint8 RGB pictures.

        Returns:
            (N, L, 2) float32 positions in the crops, px, and (N,) how surely each crop shows a
            face, 0..1.
        """
        flat, sure, _ = self._points(self._pictures(crops, 0.0, 1 / 255))
        points = flat.reshape(len(crops), N_LANDMARKS, 3)[:, :, :2]
        return points.cpu().numpy(), torch.sigmoid(sure.reshape(-1)).cpu().numpy()

    @torch.inference_mode()
    def scores(self, points: FloatArray) -> FloatArray:
        """The action scores (N, A) float32, 0..1, of faces whose points (N, L, 2) are given, px."""
        (scores,) = self._scores(torch.from_numpy(points[:, _SCORED]).to(self.device))
        return np.asarray(scores.cpu().numpy())

    @torch.inference_mode()
    def detections(self, pictures: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """What the detector says, not decoded.

        Args:
            pictures: N (128, 128, 3) uint8 RGB pictures.

        Returns:
            (N, 896, 16) float32 boxes and key points against the detector's grid, px, and
            (N, 896) float32 logits.
        """
        places, logits = self._detector(self._pictures(pictures, -1.0, 2 / 255))
        return places.cpu().numpy(), logits[:, :, 0].cpu().numpy()

    def _pictures(self, pictures: Sequence[ByteArray], low: float, step: float) -> Tensor:
        """(N, H, W, 3) float32 on the device: `low` for black, a `step` for each of 255 shades."""
        whole = torch.from_numpy(np.stack(pictures)).to(self.device)
        return whole.to(torch.float32).mul_(step).add_(low)
