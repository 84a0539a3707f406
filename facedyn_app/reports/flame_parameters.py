"""A session as FLAME parameters under VHAP's names, which GaussianAvatars and others read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.files import atomic_file
from facedyn_app.headmodel.channel_sets import is_flame_set
from facedyn_app.headmodel.rotations import FACING_DIAGONAL, eye_vectors
from facedyn_app.records import FloatArray, Session

VHAP_VERTICES = 5143
"""FLAME's, and those of the teeth that VHAP adds."""


def write_flame_parameters(session: Session, path: Path) -> tuple[str, ...]:
    """Write the parameters of a session of FLAME, a row a frame.

    `shape (S,)`, `expr (T, E)`, `rotation`, `neck_pose`, `jaw_pose`, `translation` (T, 3),
    `eyes_pose (T, 6)`, `static_offset` as VHAP has them; and `seconds (T,)`, `valid (T,)` and
    `simulated`. A frame that is not valid repeats its neighbour before. VHAP's world has y up and z
    towards the viewer.

    Args:
        session: The session.
        path: The file; an older one is replaced.

    Returns:
        What was not measured and is 0 in the file.

    Raises:
        MismatchError: It is no session of FLAME.
        TooLittleError: No frame is valid.
        OutputError: The file cannot be written.
    """
    expression = _expression(session)
    if not session.motion.valid.any():
        raise TooLittleError("No frame of the session has a trusted fit.")
    n_frames = len(session.motion.seconds)
    held = _held(session)
    missing = []
    zeros = np.zeros((n_frames, 3), dtype=np.float32)
    pose = {
        "rotation": session.motion.rotation,
        "translation": session.motion.translation * FACING_DIAGONAL,
    }
    for name, values in pose.items():
        if not np.isfinite(values).any():
            missing.append(name)
            pose[name] = zeros
    eyes = np.zeros((n_frames, 6), dtype=np.float32)
    if session.motion.gaze is None:
        missing.append("eyes_pose")
    else:
        eyes = eye_vectors(session.motion.gaze).reshape(n_frames, 6)
    rows = {"expr": expression, "jaw_pose": session.motion.jaw, "eyes_pose": eyes, **pose}
    with atomic_file(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            shape=session.shape.astype(np.float32),
            neck_pose=zeros,
            static_offset=np.zeros((1, VHAP_VERTICES, 3), dtype=np.float32),
            seconds=session.motion.seconds,
            valid=session.motion.valid,
            simulated=np.array(session.simulated),
            **{name: values[held].astype(np.float32) for name, values in rows.items()},
        )
    return tuple(missing)


def _expression(session: Session) -> FloatArray:
    """(T, E) FLAME's expressions alone: it has no lids."""
    names = session.motion.names
    own = [k for k, name in enumerate(names) if name.startswith("expression_")]
    named = is_flame_set(session.head_id) or session.head_id.startswith("flame")
    if not named or not own:
        raise MismatchError(
            f"A session of '{session.head_id}' has no FLAME parameters.",
            "Fit the video with a FLAME head (--head FILE).",
        )
    return session.motion.expression[:, own]


def _held(session: Session) -> FloatArray:
    """(T,) for each frame the last valid one until then, or the first."""
    last = np.maximum.accumulate(
        np.where(session.motion.valid, np.arange(len(session.motion.valid)), -1)
    )
    return np.where(last < 0, int(np.flatnonzero(session.motion.valid)[0]), last)
