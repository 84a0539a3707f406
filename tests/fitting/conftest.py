"""A simulated head with 120 landmarks, and landmarks of known motion seen by a known camera."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import roma
import torch

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.landmark_errors import LandmarkErrors, landmark_head
from facedyn_app.fitting.landmark_head import (
    FIRST_IRIS,
    N_VIEW_TERMS,
    line_of_sight_rotation,
    view_terms,
)
from facedyn_app.fitting.priors import motion_precision
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.state import FaceState, Observations
from facedyn_app.fitting.whitening import make_whitening
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Landmarks

WIDTH, HEIGHT = 640, 360
N_READINGS = N_BLENDSHAPES + 3


@pytest.fixture(autouse=True, scope="module")
def _one_thread(one_thread: None) -> None:
    """Many threads on little work take longer where other programs run."""


def _smooth(rng: np.random.Generator, points: FloatArray, n: int, size_m: float) -> FloatArray:
    """(V, 3, n) smooth random displacement fields: a few waves over the head."""
    waves = rng.normal(size=(n, 6, 3)) * 12.0
    phase = rng.uniform(0, 2 * np.pi, size=(n, 6))
    gain = rng.normal(size=(n, 6, 3)) * size_m / np.sqrt(6)
    swing = np.sin(np.einsum("vc,nwc->vnw", points, waves) + phase)
    return np.asarray(np.einsum("vnw,nwc->vcn", swing, gain))


@pytest.fixture(scope="session")
def face_head() -> HeadModel:
    rng = np.random.default_rng(3)
    u, v = np.meshgrid(np.linspace(-1, 1, 18), np.linspace(-1, 1, 18))
    x, y = (0.07 * u).ravel(), (0.1 * v).ravel()
    z = (0.08 * np.sqrt(np.maximum(0.05, 1 - 0.5 * (u**2 + v**2)))).ravel()
    points = np.stack([x, y, z], axis=1)
    row, column = np.meshgrid(np.arange(17), np.arange(17), indexing="ij")
    corner = (row * 18 + column).ravel()
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + 18], axis=1),
            np.stack([corner + 1, corner + 19, corner + 18], axis=1),
        ]
    ).astype(np.int32)
    jaw = 1 / (1 + np.exp((y + 0.03) / 0.01))
    weights = np.zeros((len(points), 3))
    weights[:, 1], weights[:, 2] = 1 - jaw, jaw
    regressor = np.zeros((3, len(points)))
    regressor[0, :] = regressor[1, :] = 1 / len(points)
    regressor[2, [160, 163]] = 0.5
    posedirs = np.zeros((len(points), 3, 18))
    posedirs[:, :, 9:] = _smooth(rng, points, 9, 0.003)
    index = np.sort(rng.permutation(FIRST_IRIS)[:120])
    table = LandmarkEmbedding(
        index=index,
        face=rng.permutation(len(faces))[:120],
        bary=rng.dirichlet([2, 2, 2], size=120),
        weight=rng.uniform(0.5, 1.0, 120),
    )
    return HeadModel(
        head_id="made-face",
        v_template=points,
        faces=faces,
        shapedirs=_smooth(rng, points, 5, 0.003),
        exprdirs=_smooth(rng, points, 6, 0.006),
        posedirs=posedirs,
        J_regressor=regressor,
        parents=np.array([-1, 0, 1]),
        weights=weights,
        expression_names=tuple(f"e{k}" for k in range(6)),
        joint_names=("root", "neck", "jaw"),
        activations=True,
        landmarks=table,
    )


def made_errors(head: HeadModel, *, n_modes: int = 2) -> LandmarkErrors:
    """Points that err by a millimetre, and readings that tell of everything."""
    assert head.landmarks is not None
    rng = np.random.default_rng(8)
    n_flat = 2 * len(head.landmarks.index)
    n_rows = n_flat + N_READINGS
    size = np.where(np.arange(n_rows) < n_flat, 1e-3, 1.0)[:, None]

    def field(width: int, share: float) -> FloatArray:
        return np.asarray(share * size * rng.normal(size=(n_rows, width)))

    by_view = field(N_VIEW_TERMS, 0.3)
    by_view[:n_flat] = 0.0
    mixed = np.eye(n_rows) + 0.1 * rng.normal(size=(n_rows, 4)) @ rng.normal(size=(4, n_rows))
    correlation = mixed @ mixed.T
    scale = np.sqrt(np.diag(correlation))
    return LandmarkErrors(
        head_sha256="made",
        index=head.landmarks.index,
        offset=field(1, 1.0)[:, 0],
        by_expression=field(head.n_expression, 1.0),
        by_jaw=field(3, 3.0),
        by_shape=field(head.n_shape, 0.3),
        by_view=by_view,
        expression_by_slope=field(head.n_expression, 0.5),
        offset_by_slope=field(1, 0.5)[:, 0],
        session_modes=field(n_modes, 0.3),
        deviation=(0.5 * size)[:, 0],
        correlation=correlation / scale[:, None] / scale,
    )


@dataclass(frozen=True)
class MadeMotion:
    truth: FaceState
    problem: FaceProblem
    landmarks: Landmarks


def make_motion(
    head: HeadModel,
    n_frames: int,
    *,
    noise_px: float = 0.0,
    n_groups: int = 1,
    dtype: torch.dtype = torch.float64,
    settings: FitSettings | None = None,
    errors: LandmarkErrors | None = None,
) -> MadeMotion:
    """Landmarks of a simulated face that turns, talks and moves; `n_groups` shapes in a row.

    With `errors` the problem knows them and has readings; the recording itself has none.
    """
    rng = np.random.default_rng(5)
    settings = settings or FitSettings(landmark_noise=1e-3)
    small = landmark_head(head, settings, errors=errors, device=torch.device("cpu"), dtype=dtype)
    time = np.linspace(0, 6, n_frames)[:, None]

    def wave(n: int, size: float) -> torch.Tensor:
        values = size * np.sin(time * rng.uniform(0.5, 3, n) + rng.uniform(0, 6, n))
        return torch.as_tensor(values, dtype=dtype)

    group = torch.arange(n_frames) * n_groups // n_frames
    truth = FaceState(
        rotation=roma.rotvec_to_rotmat(wave(3, 0.3)),
        translation=torch.tensor([0.02, -0.03, 0.9], dtype=dtype) + wave(3, 0.02),
        jaw=torch.cat([wave(1, 0.1).abs(), wave(2, 0.01)], dim=1),
        expression=(0.3 + wave(head.n_expression, 0.4)).clamp(0, 1),
        shape=torch.as_tensor(rng.normal(size=(n_groups, small.n_shared)), dtype=dtype),
    )
    focal = settings.focal_factor * WIDTH
    blank = Observations(
        torch.zeros(n_frames, len(small.weight), 2, dtype=dtype),
        torch.zeros(n_frames, len(small.readings.rest), dtype=dtype),
        line_of_sight_rotation(truth.translation[:, :2] / truth.translation[:, 2:]),
        torch.full((n_frames,), 150.0, dtype=dtype),
        focal,
    )
    whitening = make_whitening(small, settings)
    precision = motion_precision(
        head.expression_names, settings, activations=True, like=small.weight
    )
    problem = FaceProblem(
        small, whitening, blank, group, settings, activations=True, precision=precision
    )
    seen = problem.reprojection(truth)
    seen = seen + noise_px * torch.as_tensor(rng.normal(size=tuple(seen.shape)), dtype=dtype)
    readings = small.readings.predict(truth.shape, group, truth.expression, truth.jaw)
    terms = view_terms(
        roma.rotmat_to_rotvec(blank.line_of_sight_rotation @ truth.rotation),
        blank.face_px / blank.focal_px,
    )
    readings = readings + terms @ small.by_view[2 * len(small.weight) :].T
    points = np.zeros((n_frames, N_LANDMARKS, 2), np.float32)
    points[:, small.index.numpy()] = seen.numpy() + np.array([WIDTH / 2, HEIGHT / 2])
    points[:, points[0, :, 0] == 0] = points[:, small.index.numpy()[:1]]
    landmarks = Landmarks(
        seconds=np.arange(n_frames) / 25.0,
        points=points,
        scores=np.zeros((n_frames, N_BLENDSHAPES), np.float32),
        width=WIDTH,
        height=HEIGHT,
    )
    seen_problem = FaceProblem(
        small,
        whitening,
        dataclasses.replace(blank, points=seen, readings=readings),
        group,
        settings,
        activations=True,
        precision=precision,
    )
    return MadeMotion(truth, seen_problem, landmarks)
