"""What the landmarker makes of a head, read back from made pictures of known errors."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import roma
import torch

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fitting.landmark_head import camera_slope, line_of_sight_rotation, view_terms
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.headmodel.rendering.render import Camera, head_to_camera
from facedyn_app.records import N_LANDMARKS
from facedyn_app.simulate.error_measurement import measure_errors
from facedyn_app.simulate.rendered_detections import RenderedDetections
from tests.fitting.conftest import N_READINGS

N_FACES, N_LOOKS = 90, 24
WANTED = (
    ("by_expression", 0.99),
    ("by_jaw", 0.85),
    ("by_view", 0.8),
    ("expression_by_slope", 0.8),
)
CAMERA = Camera(400, 400, 480.0)


def _filmed(places: np.ndarray, rotation: np.ndarray, translation: np.ndarray) -> np.ndarray:
    return np.asarray(CAMERA.project(head_to_camera(places, rotation, translation)))


def _made_pictures(head: HeadModel) -> tuple[RenderedDetections, dict[str, np.ndarray]]:
    """Pictures of a landmarker whose points and scores follow the equation without any noise.

    Every face shifts its points and scores by a constant of its own.
    """
    table = head.landmarks
    assert isinstance(table, LandmarkEmbedding)
    rng = np.random.default_rng(0)
    n = N_FACES * N_LOOKS
    face = np.repeat(np.arange(N_FACES), N_LOOKS)
    shape = rng.normal(size=(N_FACES, head.n_shape))[face]
    expression = rng.uniform(size=(n, head.n_expression))
    jaw = rng.normal(size=(n, 3)) * (0.1, 0.02, 0.02)
    rotation = rng.normal(size=(n, 3)) * (0.1, 0.15, 0.05)
    translation = rng.normal(size=(n, 3)) * 0.01 + (0.0, 0.0, 0.45)
    n_flat = 2 * len(table.index)
    n_rows = n_flat + N_READINGS
    size = np.where(np.arange(n_rows) < n_flat, 1e-3, 1.0)[:, None]
    truth = {
        "offset": size[:, 0] * rng.normal(size=n_rows),
        "by_expression": size * rng.normal(size=(n_rows, head.n_expression)),
        "by_jaw": size * rng.normal(size=(n_rows, 3)),
        "by_view": size * rng.normal(size=(n_rows, 10)),
        "expression_by_slope": size * rng.normal(size=(n_rows, head.n_expression)),
        "own": 0.3 * size[:, 0] * rng.normal(size=n_rows),
    }
    pose = torch.zeros(n, len(head.joint_names), 3, dtype=torch.float64)
    pose[:, head.jaw_joint] = torch.as_tensor(jaw)
    tensors = head_to_tensors(head, dtype=torch.float64)
    vertices = head_vertices(tensors, torch.as_tensor(shape), torch.as_tensor(expression), pose)
    places = np.einsum("lk,nlkc->nlc", table.bary, vertices.numpy()[:, head.faces[table.face]])
    # the view of the face, from where its points would be without errors
    exact = np.stack([_filmed(places[k], rotation[k], translation[k]) for k in range(n)])
    towards, height = exact.mean(axis=1) - 200.0, np.ptp(exact[..., 1], axis=1)
    turned = roma.rotvec_to_rotmat(torch.as_tensor(rotation))
    seen_from = line_of_sight_rotation(torch.as_tensor(towards / CAMERA.focal_px)) @ turned
    terms = view_terms(
        roma.rotmat_to_rotvec(seen_from), torch.as_tensor(height / CAMERA.focal_px)
    ).numpy()
    rows = truth["offset"] + expression @ truth["by_expression"].T + jaw @ truth["by_jaw"].T
    slope = camera_slope(seen_from).numpy()[:, None]
    rows = rows + slope * (expression @ truth["expression_by_slope"].T)
    rows = rows + terms @ truth["by_view"].T + rng.normal(size=N_FACES)[face, None] * truth["own"]
    places[..., :2] += rows[:, :n_flat].reshape(n, -1, 2)
    points = np.tile(exact.mean(axis=1)[:, None], (1, N_LANDMARKS, 1))
    for k in range(n):
        points[k, table.index] = _filmed(places[k], rotation[k], translation[k])
    scores = 1.0 / (1.0 + np.exp(-rows[:, n_flat:-3]))
    motion = (shape, expression, jaw, rotation, translation)
    return RenderedDetections(face, *motion, points, scores, rows[:, -3:], CAMERA), truth


@pytest.fixture(scope="module")
def known_head(tiny_head: HeadModel) -> HeadModel:
    return dataclasses.replace(tiny_head, sha256="of a file")


def test_known_errors_and_scores_are_read_back(known_head: HeadModel) -> None:
    seen, truth = _made_pictures(known_head)
    errors = measure_errors(known_head, seen)
    n_flat = 2 * len(errors.index)
    # a face's own constant cannot be told from what its shape does; the rest stands out
    for name, wanted in WANTED:
        # of the turn only the rotation vector itself: its products are hardly moved here
        found, true = getattr(errors, name), truth[name]
        if name == "by_view":
            found, true = found[:, :3], true[:, :3].copy()
            # of the mean expression, where each is a half: a turn about y by w has a slope of -w
            true[:, 1] -= 0.5 * truth["expression_by_slope"].sum(axis=1)
            assert errors.offset_by_slope == pytest.approx(
                -0.5 * errors.expression_by_slope.sum(axis=1), rel=0.2, abs=0.1
            )
        for rows in (slice(0, n_flat), slice(n_flat, None)):
            together = np.corrcoef(found[rows].ravel(), true[rows].ravel())[0, 1]
            assert together > wanted, (name, rows)
    mode = errors.session_modes[:, 0] / errors.deviation
    own = truth["own"] / errors.deviation
    assert abs(np.corrcoef(mode, own)[0, 1]) > 0.95
    assert errors.correlation.shape == (n_flat + N_READINGS, n_flat + N_READINGS)
    assert float(np.linalg.eigvalsh(errors.covariance()).min()) > 0.0


def test_what_cannot_be_measured_is_a_sentence(known_head: HeadModel) -> None:
    seen, _ = _made_pictures(known_head)
    few = {
        field.name: getattr(seen, field.name)[:100]
        for field in dataclasses.fields(RenderedDetections)
        if field.name != "camera"
    }
    with pytest.raises(TooLittleError, match="faces are too few"):
        measure_errors(known_head, RenderedDetections(**few, camera=CAMERA))
    with pytest.raises(InputError, match="read from no file"):
        measure_errors(dataclasses.replace(known_head, sha256=None), seen)
