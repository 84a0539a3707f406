"""Mirrored landmarks, scores and turns give the mirrored fit, on heads of every family."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.fitting.landmark_errors import known_errors, landmark_head
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.symmetry import head_mirror, symmetric
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.headmodel.surface import nearest_on_mesh
from facedyn_app.records import N_BLENDSHAPES, FloatArray, Landmarks
from facedyn_app.topology import mirror_landmarks
from tests.fitting.conftest import make_motion
from tests.headmodel.flame_files import flame_arrays

CPU = torch.device("cpu")
TOLERANCE = 1e-4
N_FRAMES = 50
TURNED = np.array([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def open_head() -> HeadModel:
    return load_head("open-head-2")


def flame_format(open_head: HeadModel, folder: Path) -> HeadModel:
    """A FLAME file of the open head's mesh whose directions are even or odd, as they should be."""
    arrays = flame_arrays(open_head)
    vertices = arrays["v_template"]
    partner = cKDTree(vertices).query(vertices * [-1, 1, 1])[1]
    directions = arrays["shapedirs"]
    names = open_head.expression_names
    swapped = [names.index(name) for name in _other_side(names)]
    own = directions[:, :, 300 : 300 + len(names)]
    directions[:, :, 300 : 300 + len(names)] = own @ _even_and_odd(swapped)
    mirrored = directions[partner] * np.array([-1, 1, 1])[:, None]
    sign = np.sign(np.einsum("vxk,vxk->k", directions, mirrored))
    arrays["shapedirs"] = 0.5 * (directions + sign * mirrored)
    path = folder / "flame.npz"
    np.savez(path, **arrays)
    return replace(load_head(path), landmarks=open_head.landmarks)


def _other_side(names: tuple[str, ...]) -> list[str]:
    swap = {"Left": "Right", "Right": "Left"}
    return [
        next((n.removesuffix(a) + b for a, b in swap.items() if n.endswith(a)), n) for n in names
    ]


def _even_and_odd(swapped: list[int]) -> FloatArray:
    """(E, E) sum and difference of each pair, and the rest as it is."""
    mix = np.eye(len(swapped))
    for k, other in enumerate(swapped):
        if k < other:
            mix[[k, other, k, other], [k, k, other, other]] = 1.0, 1.0, 1.0, -1.0
    return mix


def ict(open_head: HeadModel, shared: Path) -> HeadModel:
    """ICT-FaceKit, its landmarks where those of the open head are nearest."""
    head = load_head(shared / "data" / "heads" / "ict_facekit_light.npz")
    table = open_head.landmarks
    assert table is not None
    corners = np.asarray(open_head.v_template)[np.asarray(open_head.faces)[table.face]]
    points = np.einsum("lk,lkd->ld", table.bary, corners)
    v, w = np.asarray(head.v_template, np.float64), np.asarray(open_head.v_template, np.float64)
    points[:, 2] += v[:, 2].max() - w[:, 2].max()
    face, bary = nearest_on_mesh(v, np.asarray(head.faces), points)
    return replace(head, landmarks=LandmarkEmbedding(table.index, face, bary, table.weight))


def performance(head: HeadModel) -> Landmarks:
    """A face that moves as the landmarker would see the head, scores and turns where known."""
    made = make_motion(head, N_FRAMES, errors=known_errors(head))
    readings = made.problem.seen.readings.numpy()
    if not readings.shape[1]:
        return made.landmarks
    return replace(
        made.landmarks,
        scores=(1.0 / (1.0 + np.exp(-readings[:, :N_BLENDSHAPES]))).astype(np.float32),
        turn=readings[:, N_BLENDSHAPES:].astype(np.float32),
    )


HEADS: dict[str, Callable[[HeadModel, Path, Path], HeadModel]] = {
    "open head": lambda head, _, __: head,
    "open head as sculpted": lambda _, __, ___: load_head("open-head-1"),
    "FLAME format": lambda head, _, folder: flame_format(head, folder),
    "ICT": lambda head, shared, __: ict(head, shared),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_fit_of_the_mirror_image_is_the_mirrored_fit(
    name: str, open_head: HeadModel, shared: Path, tmp_path: Path
) -> None:
    head = HEADS[name](open_head, shared, tmp_path)
    landmarks, settings = performance(head), FitSettings()
    one, other = (
        fit_session(head, seen, settings, device="cpu")
        for seen in (landmarks, mirror_landmarks(landmarks))
    )
    mirror = head_mirror(make_fitter(head, settings, "cpu").head)
    assert mirror is not None
    expression = mirror.expression.of(torch.as_tensor(other.motion.expression), 1).numpy()
    shape = mirror.shape.of(torch.as_tensor(other.shape), 0).numpy()
    assert np.array_equal(one.motion.valid, other.motion.valid)
    assert one.motion.valid.mean() > 0.9
    assert np.nanstd(one.motion.expression) > 0.02
    assert one.motion.gaze is not None
    assert other.motion.gaze is not None
    differences = (
        one.motion.expression - expression,
        one.motion.jaw - other.motion.jaw * TURNED,
        one.motion.rotation - other.motion.rotation * TURNED,
        one.motion.translation - other.motion.translation * [-1, 1, 1],
        one.motion.gaze - other.motion.gaze[:, ::-1] * [-1, 1],
    )
    unit = 1.0 if head.activations else settings.coefficient_sd / settings.expression_sd
    for difference, scale in zip(differences, (unit, 1.0, 1.0, 1.0, 1.0), strict=True):
        assert np.nanquantile(np.abs(difference), 0.99) < scale * TOLERANCE
        # In single precision sums run in another order on every processor. Of a FLAME head's
        # coefficients one or two, hardly seen, take up to 6 tolerances from it.
        assert np.nanmax(np.abs(difference)) < 20 * scale * TOLERANCE
    assert shape == pytest.approx(one.shape, abs=1e-3)


def test_a_symmetric_head_stays_as_it_is(open_head: HeadModel) -> None:
    once = symmetric(landmark_head(open_head, errors=known_errors(open_head), device=CPU))
    twice = symmetric(once)
    fields = ("mean", "expression", "pose", "by_view", "weight", "covariance")
    for field in (*fields, "expression_by_slope", "offset_by_slope"):
        assert torch.allclose(getattr(once, field), getattr(twice, field), atol=1e-7), field


def test_the_modes_of_a_session_keep_their_symmetric_covariance(open_head: HeadModel) -> None:
    head = landmark_head(open_head, errors=known_errors(open_head), device=CPU)
    modes = symmetric(head).shape[0, :2, :, head.n_shape :].double()
    mirror = head_mirror(head)
    assert mirror is not None
    flipped = mirror.points.of(modes, 1) * torch.tensor([-1.0, 1.0])[:, None, None]
    own, other = (m.flatten(0, 1) @ m.flatten(0, 1).mT for m in (modes, flipped.double()))
    assert float((own - other).norm() / own.norm()) < 1e-5


def test_a_lopsided_head_is_left_alone_and_told(
    open_head: HeadModel, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(1)
    lopsided = np.asarray(open_head.exprdirs) * rng.uniform(0, 4, np.shape(open_head.exprdirs))
    head = landmark_head(replace(open_head, exprdirs=lopsided), device=CPU)
    assert symmetric(head) is head
    assert "not symmetric" in caplog.text
