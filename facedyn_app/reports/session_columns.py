"""Columns of a session's tables: what stands in them, in which unit and frame of reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facedyn_app.dynamics.exclusion import excluded_frames
from facedyn_app.dynamics.features import GAZE_NAMES, JAW_NAMES
from facedyn_app.events import HALF_MS
from facedyn_app.headmodel.rotations import facing_vectors
from facedyn_app.records import INVALID_REASONS, FloatArray, Session
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.code_book import Column

MOST_FACES: Final = 1_000_000
CAMERA_FRAME: Final = "camera frame: x to the right of the picture, y down, z away from the camera"
FACE_AXES: Final = "axes of the head: x to the subject's left, y up, z out of the face"
POSE_FORMULA: Final = "x_camera = R diag(1, -1, -1) x_head + T, R the turn by the vector pose_R"
SHAPE_COLUMNS: Final = (
    Column("coefficient", "", "number of the shape coefficient of the head, from 1"),
    Column("value", "standard deviations", "the estimated coefficient; NaN or empty if unknown"),
    Column("sd", "standard deviations", "its posterior standard deviation; empty if unknown"),
)

Values = npt.NDArray[Any]
Columns = dict[str, Values]


@dataclass(frozen=True, slots=True, eq=False)
class SessionColumn:
    """A column of the table of frames.

    Attributes:
        column: Its name and entry in the code book.
        values: (T,) a value a frame; NaN where it is not known.
    """

    column: Column
    values: Values


def session_columns(session: Session) -> tuple[SessionColumn, ...]:
    """The columns of a session's table of frames, in their order.

    Units stand at the names' ends; activations have none. Where the user has marked something,
    `excluded` is 1 in the frames that are left out, and `events` says what is marked there, with
    "; " between.
    """
    columns = [
        *_frame_columns(session),
        *_pose_columns(session),
        *_turn_columns(session),
        *(_event_columns(session) if session.events else ()),
    ]
    names = {one.column.name for one in columns}
    return (*columns, *_expression_columns(session, names))


def table_columns(session: Session) -> Columns:
    """The (T,) columns of a session's table of frames by name."""
    return {one.column.name: one.values for one in session_columns(session)}


def shape_rows(session: Session) -> list[tuple[int, float, float]]:
    """Number, value and standard deviation of each shape coefficient; NaN where not known."""
    shape = session.shape.astype(np.float64)
    sd = np.full(len(shape), np.nan)
    if session.shape_certainty is not None:
        sd = np.sqrt(np.maximum(np.diag(session.shape_certainty.posterior), 0.0))
    return [(k + 1, float(shape[k]), float(sd[k])) for k in range(len(shape))]


def _column(name: str, values: Values, unit: str, meaning: str, formula: str = "") -> SessionColumn:
    return SessionColumn(Column(name, unit, meaning, formula), values)


def _frame_columns(session: Session) -> list[SessionColumn]:
    n_frames, face = len(session.motion.seconds), session.info.face
    unknown = np.full(n_frames, np.nan, np.float32)
    reason = np.full(n_frames, "", dtype=object)
    if session.invalid_reason is not None:
        reason = np.array(INVALID_REASONS, dtype=object)[session.invalid_reason]
    certainty = unknown if session.confidence is None else session.confidence
    number = face if face in range(1, MOST_FACES) else 1
    success = session.motion.valid.astype(np.int8)
    return [
        _column("frame", np.arange(1, n_frames + 1), "", "number of the frame, from 1"),
        _column("face_id", np.full(n_frames, number), "", "number of the face in the recording"),
        _column("timestamp", session.motion.seconds, "s", "time of the frame in the recording"),
        _column(
            "confidence", certainty, "", "the landmarker's certainty that there is a face, 0 to 1"
        ),
        _column("success", success, "", "1 where the fit is trusted, else 0 and nothing is stated"),
        _column("reason", reason, "", "why the fit is not trusted; empty where it is"),
        _column("error_px", session.error_px, "px", "mean distance of seen and fitted landmarks"),
        _column("face_px", session.face_px, "px", "height of the face in the picture"),
    ]


def _pose_columns(session: Session) -> list[SessionColumn]:
    """Place and turn, both along the camera's axes."""
    place = f"place of the head's origin, {CAMERA_FRAME}"
    turn = f"rotation vector of the head, 0 where it looks into the camera, {CAMERA_FRAME}"
    # the change between the head's axes and the camera's is its own inverse
    rotation = facing_vectors(session.motion.rotation).astype(np.float32)
    return [
        *_along_axes("pose_T{}_m", session.motion.translation, "m", place, POSE_FORMULA),
        *_along_axes("pose_R{}_rad", rotation, "rad", turn, POSE_FORMULA),
    ]


def _along_axes(
    name: str, values: FloatArray, unit: str, meaning: str, formula: str
) -> list[SessionColumn]:
    return [
        _column(name.format(axis), values[:, k], unit, f"{meaning}; {axis}", formula)
        for k, axis in enumerate("xyz")
    ]


def _turn_columns(session: Session) -> list[SessionColumn]:
    motion = session.motion
    turn = f"rotation vector of the jaw against the closed mouth, {FACE_AXES}"
    columns = [
        _column(f"{name}_rad", motion.jaw[:, k], "rad", f"{turn}; {name[-1]}")
        for k, name in enumerate(JAW_NAMES)
    ]
    if motion.gaze is None:
        return columns
    angles = motion.gaze.reshape(len(motion.seconds), -1)
    for k, name in enumerate(GAZE_NAMES):
        side, _, kind = name.split("_")
        towards = "subject's left" if kind == "yaw" else "top of the head"
        meaning = f"turn of the {side} eye in the head towards the {towards}"
        columns.append(_column(f"{name}_rad", angles[:, k], "rad", meaning))
    return columns


def _event_columns(session: Session) -> list[SessionColumn]:
    seconds = session.motion.seconds
    marked: list[list[str]] = [[] for _ in seconds]
    for event in session.events:
        first = int(np.searchsorted(seconds, event.start - HALF_MS))
        last = int(np.searchsorted(seconds, event.end + HALF_MS, side="right")) - 1
        if first > last:  # a moment between two frames is of the one on the screen
            first = last = max(last, 0)
        for own in marked[first : last + 1]:
            own.append(" ".join(filter(None, (event.kind, event.name, event.side))))
    words = np.array([safe_cell("; ".join(own)) for own in marked], dtype=object)
    left_out = excluded_frames(session).astype(np.int8)
    return [
        _column("excluded", left_out, "", "1 where the user has excluded the frame"),
        _column("events", words, "", "what the user has marked in the frame, with '; ' between"),
    ]


def _expression_columns(session: Session, taken: set[str]) -> list[SessionColumn]:
    columns = []
    for k, channel in enumerate(session.motion.names):
        name = channel
        while name in taken:
            name = f"expression {name}"
        taken.add(name)
        meaning = (
            f"coefficient '{channel}' of '{session.head_id}': an activation, 1 where the action "
            "ends, or standard deviations where the head's channels are no actions"
        )
        columns.append(_column(name, session.motion.expression[:, k], "", meaning))
    return columns
