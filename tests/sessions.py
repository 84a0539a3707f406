"""Sessions and fits of a face at rest, of which a test states only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import BoolArray, FloatArray, HeadFit, Motion, Session, SessionInfo
from facedyn_app.simulate.motion import SimulatedMotion

INFO = tuple(SessionInfo.__dataclass_fields__)
MOTION = ("seconds", "valid", "names", "expression", "jaw", "rotation", "translation", "gaze")


def in_motion(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a session's or a fit's fields, those of its motion within that."""
    motion = _taken(MOTION, values)
    return {**values, "motion": Motion(**motion)}


def in_session(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a session's fields, those of its motion and its info within these."""
    info = _taken(INFO, values)
    return {**in_motion(values), "info": SessionInfo(**info)}


def _taken(names: Iterable[str], values: dict[str, Any]) -> dict[str, Any]:
    return {name: values.pop(name) for name in names if name in values}


Moving = TypeVar("Moving", Session, HeadFit, SimulatedMotion)


def altered(record: Moving, **values: Any) -> Moving:
    """A session, a fit or a simulated motion with other values, those within its parts too."""
    values["motion"] = replace(record.motion, **_taken(MOTION, values))
    if isinstance(record, Session):
        values["info"] = replace(record.info, **_taken(INFO, values))
    return replace(record, **values)


def field(record: Session | HeadFit | SimulatedMotion, name: str) -> Any:
    """A field of a session, a fit or a simulated motion, or of its motion."""
    return getattr(record.motion if name in MOTION and not hasattr(record, name) else record, name)


def resting_session(seconds: FloatArray, **given: Any) -> Session:
    """A session of T frames, all valid, of a mean face 200 px high that does not move.

    Args:
        seconds: (T,) times of the frames, s.
        given: Other values of the session's fields, those of its motion and info too.
    """
    n = len(seconds)
    names = given.get("names", ("a",))
    values = {
        "seconds": seconds,
        "valid": np.ones(n, bool),
        "expression": np.zeros((n, len(names)), np.float32),
        "names": names,
        **{name: np.zeros((n, 3), np.float32) for name in ("jaw", "rotation", "translation")},
        "shape": np.zeros(2, np.float32),
        "shape_chunks": np.zeros((1, 2), np.float32),
        "shape_chunk_seconds": np.array([0.5]),
        "error_px": np.ones(n, np.float32),
        "face_px": np.full(n, 200.0, np.float32),
        "head_id": "made",
        **given,
    }
    return Session(**in_session(values))


def random_session(
    seed: int, valid: BoolArray, names: tuple[str, ...], n_shape: int, **given: Any
) -> Session:
    """A session of a face that moves at random at 29.97 frames/s, NaN where it is not valid.

    Args:
        seed: Of the numbers.
        valid: (T,) whether each frame is valid.
        names: The channels' names.
        n_shape: Coefficients of the shape.
        given: Other values, as of `resting_session`.
    """
    rng, n = np.random.default_rng(seed), len(valid)

    def track(*columns: int) -> FloatArray:
        values = rng.normal(0.0, 0.3, (n, *columns)).astype(np.float32)
        values[~valid] = np.nan
        return values

    values = {
        "valid": valid,
        "expression": track(len(names)),
        "names": names,
        "jaw": track(3),
        "rotation": track(3),
        "translation": track(3),
        "gaze": track(2, 2),
        "shape": rng.normal(size=n_shape).astype(np.float32),
        "shape_chunks": np.zeros((1, n_shape), np.float32),
        "fps": 29.97,
    }
    return resting_session(np.arange(n) / 29.97, **{**values, **given})


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
        "names": head.expression_names,
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
    return HeadFit(**in_motion({**values, **given}))
