"""Sessions and fits of a face at rest, of which a test states only what matters to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, HeadFit, Session


def resting_session(seconds: FloatArray, **given: Any) -> Session:
    """A session of T frames, all valid, of a mean face 200 px high that does not move.

    Args:
        seconds: (T,) times of the frames, s.
        given: Other values of the session's fields.
    """
    n = len(seconds)
    names = given.get("expression_names", ("a",))
    values = {
        "seconds": seconds,
        "valid": np.ones(n, bool),
        "expression": np.zeros((n, len(names)), np.float32),
        "expression_names": names,
        **{name: np.zeros((n, 3), np.float32) for name in ("jaw", "rotation", "translation")},
        "shape": np.zeros(2, np.float32),
        "shape_chunks": np.zeros((1, 2), np.float32),
        "shape_chunk_seconds": np.array([0.5]),
        "error_px": np.ones(n, np.float32),
        "face_px": np.full(n, 200.0, np.float32),
        "meta": {"head_id": "made"},
    }
    return Session(**{**values, **given})


def resting_fit(head: HeadModel, seconds: FloatArray, **given: Any) -> HeadFit:
    """A fit of T frames, all valid, of a mean face 200 px high that does not move.

    Args:
        head: The head.
        seconds: (T,) times of the frames, s.
        given: Other values of the fit's fields.
    """
    n = len(seconds)
    values = {
        "seconds": seconds,
        "valid": np.ones(n, bool),
        "expression": np.zeros((n, head.n_expression)),
        **{name: np.zeros((n, 3)) for name in ("jaw", "rotation", "translation")},
        "shape": np.zeros(head.n_shape),
        "shape_chunks": np.zeros((0, head.n_shape)),
        "shape_chunk_seconds": np.zeros(0),
        "error_px": np.ones(n),
        "face_px": np.full(n, 200.0),
        "focal_px": 600.0,
        "converged": True,
        "n_iterations": 3,
    }
    return HeadFit(**{**values, **given})
