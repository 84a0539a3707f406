"""The bundle's networks: read from their bytes, against OpenCV's own reading of the same files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.landmarks.detection import FaceDetector, whole_picture
from facedyn_app.landmarks.faces import CROP_PX, crop, crop_to_image
from facedyn_app.landmarks.layers import Conv, PRelu, same_padding
from facedyn_app.landmarks.models import MODEL, FaceModels, LiteRunner, TorchRunner, bundled
from facedyn_app.landmarks.network import GraphNetwork
from facedyn_app.landmarks.tflite import read_graph
from facedyn_app.video import read_frames

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    ("name", "size"), [("face_detector.tflite", 128), ("face_landmarks_detector.tflite", 256)]
)
def test_a_network_answers_as_it_does_in_another_program(
    name: str, size: int, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(bundled(name))
    network = GraphNetwork(read_graph(bundled(name), name))
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
    network = GraphNetwork(read_graph(bundled("face_blendshapes.tflite"), "scores"))
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
    assert points.shape == (2, 478, 3)
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
    data = bundled("face_detector.tflite")
    broken = {"cut": data[: len(data) // 20], "other": b"\0\1\2\3 no model", "empty": b""}[damage]
    with pytest.raises(InputError, match="'face_detector'"):
        read_graph(broken, "face_detector")


@pytest.mark.parametrize("name", ["face_landmarks_detector", "face_detector", "face_blendshapes"])
def test_both_runners_answer_the_same(name: str) -> None:
    data = bundled(f"{name}.tflite")
    shape = read_graph(data, name).shapes[0][1:]
    batch = np.random.default_rng(6).random((3, *shape), dtype=np.float32)
    pairs = zip(
        LiteRunner(data, 1)(batch),
        TorchRunner(data, name, torch.device("cpu"))(batch),
        strict=True,
    )
    for lite, in_torch in pairs:
        np.testing.assert_allclose(lite.reshape(3, -1), in_torch.reshape(3, -1), atol=2e-3)


@pytest.mark.gpu
def test_the_networks_answer_the_same_on_a_gpu() -> None:
    crops = list(np.random.default_rng(6).integers(0, 255, (4, 256, 256, 3), dtype=np.uint8))
    there, _ = FaceModels(torch.device("cuda")).points(crops)
    here, _ = FaceModels(torch.device("cpu")).points(crops)
    np.testing.assert_allclose(there, here, atol=0.3)


def test_points_are_mediapipes_within_half_a_pixel(shared: Path) -> None:
    vision = pytest.importorskip("mediapipe.tasks.python.vision")
    mediapipe, tasks = pytest.importorskip("mediapipe"), pytest.importorskip("mediapipe.tasks")
    options = vision.FaceLandmarkerOptions(
        tasks.python.BaseOptions(model_asset_path=str(model_file(MODEL))),
        output_face_blendshapes=True,
    )
    models = FaceModels(torch.device("cpu"))
    finder = FaceDetector(models, 0.5)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for name in ("talk_a.mp4", "pyfeat_20s.mp4", "jefapato_1s_1080p.mp4", "dynaface_1.mp4"):
            image = next(iter(read_frames(shared / "data" / "videos" / name))).image
            result = landmarker.detect(
                mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
            )
            size = np.array(image.shape[1::-1])
            expected = np.array([(p.x, p.y) for p in result.face_landmarks[0]]) * size
            square = finder.find(image, whole_picture(image))[0].square[None]
            shown, _ = models.points([crop(image, square[0])])
            points = crop_to_image(shown[:, :, :2], square)
            distance = np.linalg.norm(points[0] - expected, axis=1).mean()
            assert distance * CROP_PX / square[0, 2] < 0.2
            known = [action.score for action in result.face_blendshapes[0]]
            np.testing.assert_allclose(
                models.scores(expected[None].astype(np.float32))[0], known, atol=1e-3
            )
            assert tuple(a.category_name for a in result.face_blendshapes[0]) == BLENDSHAPE_NAMES
