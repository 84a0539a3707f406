"""The bundle's networks: read from their bytes, against OpenCV's own reading of the same files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks.layers import Conv, PRelu, same_padding
from facedyn_app.landmarks.models import MODEL, FaceModels
from facedyn_app.landmarks.network import GraphNetwork
from facedyn_app.landmarks.tflite import read_graph


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _bytes(name: str) -> bytes:
    with zipfile.ZipFile(model_file(MODEL)) as bundle:
        return bundle.read(name)


@pytest.mark.parametrize(
    ("name", "size"), [("face_detector.tflite", 128), ("face_landmarks_detector.tflite", 256)]
)
def test_a_network_answers_as_it_does_in_another_program(
    name: str, size: int, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(_bytes(name))
    network = GraphNetwork(read_graph(_bytes(name), name))
    twin = cv2.dnn.readNetFromTFLite(str(file), cv2.dnn.ENGINE_CLASSIC)
    pictures = np.random.default_rng(1).random((3, size, size, 3), dtype=np.float32)
    with torch.inference_mode():
        answers = network(torch.from_numpy(pictures))
    for row, picture in enumerate(pictures):
        twin.setInput(cv2.dnn.blobFromImage(picture))
        expected = {a.size: a for a in twin.forward(twin.getUnconnectedOutLayersNames())}
        for answer in (a[row] for a in answers if a[row].numel() > 1):
            known = expected[answer.numel()].reshape(-1)
            np.testing.assert_allclose(answer.reshape(-1), known, atol=2e-3)


def test_a_batch_is_measured_as_single_pictures_are() -> None:
    network = GraphNetwork(read_graph(_bytes("face_blendshapes.tflite"), "scores"))
    points = torch.rand(5, 146, 2, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        (together,) = network(points)
        alone = torch.cat([network(points[i : i + 1])[0] for i in range(5)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    assert together.shape == (5, 52)


def test_scores_do_not_depend_on_where_and_how_large_a_face_is() -> None:
    models = FaceModels(torch.device("cpu"))
    points = np.random.default_rng(3).random((2, 478, 2)).astype(np.float32)
    np.testing.assert_allclose(models.scores(points), models.scores(300 * points + 50), atol=1e-3)


def test_a_grey_picture_is_no_face() -> None:
    models = FaceModels(torch.device("cpu"))
    points, sure = models.points([np.full((256, 256, 3), 127, dtype=np.uint8)] * 2)
    assert points.shape == (2, 478, 2)
    assert (sure < 0.1).all()


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize(("kernel", "stride", "same"), [(1, 1, True), (3, 2, True), (2, 2, False)])
def test_a_convolution_is_torchs(size: int, kernel: int, stride: int, same: bool) -> None:
    generator = torch.Generator().manual_seed(4)
    weight = torch.randn(6, kernel, kernel, 5, generator=generator)
    bias = torch.randn(6, generator=generator)
    x = torch.randn(2, size, size, 5, generator=generator)
    before, after = same_padding(size, kernel, stride) if same else (0, 0)
    padded = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (before, after, before, after))
    expected = torch.nn.functional.conv2d(padded, weight.permute(0, 3, 1, 2), bias, stride).relu()
    with torch.inference_mode():
        y = Conv(weight, bias, stride, same=same, depthwise=False, relu=True)(x)
    torch.testing.assert_close(y.permute(0, 3, 1, 2), expected, atol=1e-4, rtol=1e-4)


def test_slopes_belong_to_their_channels() -> None:
    x = torch.randn(2, 4, 6, 3, generator=torch.Generator().manual_seed(5))
    slope = torch.tensor([0.1, 0.5, -0.2])
    expected = torch.where(x > 0, x, slope * x)
    torch.testing.assert_close(PRelu(slope)(x), expected)


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_model_is_refused_by_name(damage: str) -> None:
    data = _bytes("face_detector.tflite")
    broken = {"cut": data[: len(data) // 20], "other": b"\0\1\2\3 no model", "empty": b""}[damage]
    with pytest.raises(InputError, match="'face_detector'"):
        read_graph(broken, "face_detector")


@pytest.mark.gpu
def test_the_networks_answer_the_same_on_a_gpu() -> None:
    crops = list(np.random.default_rng(6).integers(0, 255, (4, 256, 256, 3), dtype=np.uint8))
    there, _ = FaceModels(torch.device("cuda")).points(crops)
    here, _ = FaceModels(torch.device("cpu")).points(crops)
    np.testing.assert_allclose(there, here, atol=0.3)
