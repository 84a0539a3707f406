"""A head of a FLAME-like number of directions, and landmarks of it, to measure speed with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedyn_app.bench.lengths import landmark_positions
from facedyn_app.bench.truth import Case, make_truth
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.render import head_to_camera
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Landmarks

WAVE_PER_M, FIELD_M = 40.0, 0.001
NOISE_SHARE = 0.004  # of face height
SEED = 20261


def wide_head(head: HeadModel, n_shape: int, n_expression: int) -> HeadModel:
    """The head with exactly so many directions: its own first, then smooth made ones.

    Args:
        head: The head.
        n_shape: S.
        n_expression: E.
    """
    rng = np.random.default_rng(SEED)
    shape = _filled_up(head.shapedirs, n_shape, np.asarray(head.v_template), rng)
    expression = _filled_up(head.exprdirs, n_expression, np.asarray(head.v_template), rng)
    own = head.expression_names[:n_expression]
    made = [f"made{k}" for k in range(n_expression - len(own))]
    return replace(
        head,
        head_id=f"{head.head_id} with {n_shape} shapes and {n_expression} expressions",
        shapedirs=shape,
        exprdirs=expression,
        expression_names=(*own, *made),
        sha256=None,
    )


def _filled_up(
    directions: FloatArray, n: int, points: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """(V, 3, n) the directions, as many as wanted, and waves of a millimetre behind them."""
    kept = np.asarray(directions)[:, :, :n]
    missing = n - kept.shape[2]
    wave = WAVE_PER_M * rng.normal(size=(missing, 3))
    phase = rng.uniform(0, 2 * np.pi, missing)
    way = rng.normal(size=(3, missing))
    fields = np.sin(points @ wave.T + phase)[:, None] * (FIELD_M * way)
    return np.concatenate([kept, fields], axis=2).astype(np.float32)


def made_landmarks(head: HeadModel, case: Case) -> Landmarks:
    """What a landmarker with a little independent noise would see of a case, without rendering.

    Args:
        head: The head, its landmarks placed.
        case: What it does, and the camera.
    """
    table = head.landmarks
    if table is None:
        raise ValueError("the head's landmarks must have been placed")
    truth = make_truth(head, case)
    n_frames = len(truth.motion.seconds)
    rows = np.arange(len(table.index))
    motion = truth.motion
    places = landmark_positions(head, rows, truth.scene.shape, motion.expression, motion.jaw)
    points = np.zeros((n_frames, N_LANDMARKS, 2), np.float32)
    for k in range(n_frames):
        placed = head_to_camera(places[k], truth.rotation[k], truth.translation[k])
        points[k, table.index] = truth.scene.camera.project(placed)
    face_px = np.ptp(points[:, table.index, 1], axis=1)
    noise = np.random.default_rng(SEED).normal(size=points.shape)
    points += (NOISE_SHARE * face_px[:, None, None] * noise).astype(np.float32)
    scores = np.zeros((n_frames, N_BLENDSHAPES), np.float32)
    return Landmarks(truth.motion.seconds, points, scores, case.width, case.height)
