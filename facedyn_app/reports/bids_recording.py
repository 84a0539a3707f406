"""A recording in the Brain Imaging Data Structure (BIDS): motion, channels, events.

Files and fields are those of the motion extension: Jeung et al., Motion-BIDS, Scientific Data 11
(2024), and the specification's page on motion, version 1.10.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.events import TASK, Event, in_order
from facedyn_app.records import Session
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.code_book import Column
from facedyn_app.reports.session_columns import (
    CAMERA_FRAME,
    SessionColumn,
    session_columns,
    shape_rows,
)

TASK_LABEL: Final = "face"
SYSTEM: Final = "facedyn"
NOT_KNOWN: Final = "n/a"
BLOCK_FRAMES: Final = 1000
EVENTS_STEM: Final = f"task-{TASK_LABEL}"
CHANNELS_STEM: Final = f"task-{TASK_LABEL}_tracksys-{SYSTEM}"
CHANNEL_COLUMNS: Final = (
    Column("name", "", "name of the channel"),
    Column("component", "", "axis, or part of the quaternion"),
    Column("type", "", "LATENCY, POS, ORNT, JNTANG or MISC"),
    Column("tracked_point", "", "part of the face"),
    Column("units", "", "unit of the values"),
    Column("reference_frame", "", "frame of reference of places and turns"),
    Column("description", "", "what the channel holds"),
)
EVENT_COLUMNS: Final = (
    Column("onset", "s", "begin, on the axis of the channel timestamp"),
    Column("duration", "s", "duration; 0 for a moment"),
    Column("trial_type", "", "of a task its id in the protocol, of others their kind"),
    Column("kind", "", "'task', 'note', 'include', 'exclude', or the user's own kind"),
    Column("name", "", "name of the event"),
    Column("side", "", "'left' or 'right', the subject's"),
)
_LEFT_OUT: Final = ("frame", "face_id", "reason", "events")
"""Columns that are counted, or text, which a motion table cannot hold."""
_ROTATION: Final = "pose_R"
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A channel: its cells in `CHANNEL_COLUMNS`, and its values.

    Attributes:
        name: Its name.
        component: "x", "quat_x" and the like; "n/a" for none.
        kind: BIDS's type.
        point: The part of the face; "n/a" for none.
        unit: Of its values; "n/a" for none.
        frame: "camera" or "head"; "n/a" for none.
        meaning: What it holds.
        values: (T,) numbers; NaN where not known.
    """

    name: str
    component: str
    kind: str
    point: str
    unit: str
    frame: str
    meaning: str
    values: np.ndarray

    @property
    def cells(self) -> list[str]:
        """Its row in the table of channels."""
        return [
            self.name, self.component, self.kind, self.point, self.unit, self.frame, self.meaning
        ]  # fmt: skip


def session_channels(session: Session) -> tuple[Channel, ...]:
    """The channels of a session, as its table of frames has them, the head's turn as quaternion.

    BIDS knows orientations as Euler angles or quaternions, not as rotation vectors.
    """
    columns = [one for one in session_columns(session) if one.column.name not in _LEFT_OUT]
    channels: list[Channel] = []
    for one in columns:
        if not one.column.name.startswith(_ROTATION):
            channels.append(_channel(one, session))
        elif one.column.name.startswith(f"{_ROTATION}x"):
            turns = [two for two in columns if two.column.name.startswith(_ROTATION)]
            channels += _quaternion(np.stack([two.values for two in turns], axis=1))
    return tuple(channels)


def _channel(one: SessionColumn, session: Session) -> Channel:
    name, unit = one.column.name, one.column.unit or NOT_KNOWN
    component, kind, point, frame = NOT_KNOWN, "MISC", "face", NOT_KNOWN
    if name in session.motion.names:
        pass
    elif name == "timestamp":
        kind, point = "LATENCY", NOT_KNOWN
    elif name.startswith("pose_T"):
        component, kind, point, frame = name[len("pose_T")], "POS", "head", "camera"
    elif name.startswith("jaw_"):
        component, kind, point, frame = name[len("jaw_")], "JNTANG", "jaw", "head"
    elif "_eye_" in name:
        kind, point, frame = "JNTANG", name[: name.index("_eye_") + len("_eye")], "head"
    return Channel(name, component, kind, point, unit, frame, one.column.meaning, one.values)


def _quaternion(vectors: np.ndarray) -> list[Channel]:
    values = np.full((len(vectors), 4), np.nan)
    known = np.isfinite(vectors).all(axis=1)
    if known.any():
        values[known] = Rotation.from_rotvec(vectors[known].astype(np.float64)).as_quat()
    meaning = f"turn of the head, 1 in w where it looks into the camera, {CAMERA_FRAME}"
    return [
        Channel(
            f"pose_quat_{part}", f"quat_{part}", "ORNT", "head", NOT_KNOWN, "camera",
            f"{meaning}; {part}", values[:, k],
        )
        for k, part in enumerate("xyzw")
    ]  # fmt: skip


def write_recording(
    session: Session, folder: Path, stem: str, on_progress: Callable[[], None] = lambda: None
) -> None:
    """Write a recording's files into its folder.

    Args:
        session: The session.
        folder: The folder `motion`, which is there.
        stem: Beginning of the files' names, up to the tracking system.
        on_progress: Called for every block of frames; may raise Cancelled.

    Raises:
        OSError: A file cannot be written.
    """
    channels = session_channels(session)
    with (folder / f"{stem}_motion.tsv").open("w", encoding="utf-8", newline="") as file:
        for first in range(0, len(session.motion.seconds), BLOCK_FRAMES):
            on_progress()
            part = slice(first, first + BLOCK_FRAMES)
            columns = [_numbers(one.values[part]) for one in channels]
            file.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))
    names = [column.name for column in CHANNEL_COLUMNS]
    write_tsv(folder / f"{stem}_channels.tsv", [names, *([*one.cells] for one in channels)])
    write_json(folder / f"{stem}_motion.json", motion_facts(session, channels))
    if session.events:
        rows = [[column.name for column in EVENT_COLUMNS], *_event_rows(session.events)]
        write_tsv(folder / f"{stem}_events.tsv", rows)


def motion_facts(session: Session, channels: Sequence[Channel]) -> dict[str, Any]:
    """What stands in the sidecar of a motion table."""
    seconds, info = session.motion.seconds, session.info
    length = float(seconds[-1] - seconds[0]) if len(seconds) > 1 else 0.0
    effective = (len(seconds) - 1) / length if length > 0.0 else None
    kinds = Counter(one.kind for one in channels)
    shape = shape_rows(session)
    return {
        "TaskName": TASK_LABEL,
        "TaskDescription": "The face of a person before a camera; what they did is in the events.",
        "SamplingFrequency": info.fps or effective or NOT_KNOWN,
        "SamplingFrequencyEffective": effective or NOT_KNOWN,
        "TrackingSystemName": SYSTEM,
        "SoftwareVersions": info.program or NOT_KNOWN,
        "RecordingType": "continuous",
        "RecordingDuration": length,
        "MissingValues": NOT_KNOWN,
        "MotionChannelCount": len(channels),
        **{f"{kind}ChannelCount": n for kind, n in sorted(kinds.items())},
        "TrackedPointsCount": len({one.point for one in channels} - {NOT_KNOWN}),
        "HeadModel": session.head_id,
        "ExpressionNames": list(session.motion.names),
        "HeadModelSHA256": info.head_sha256 or NOT_KNOWN,
        "HeadShape": [_json_number(value) for _, value, _ in shape],
        "HeadShapeSD": [_json_number(sd) for _, _, sd in shape],
        "HeadShapeUnits": "standard deviations of the head model's shape coefficients",
        "MirroredPictures": session.mirrored,
        "Simulated": session.simulated,
    }


def _json_number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _event_rows(events: Sequence[Event]) -> list[list[str]]:
    return [
        [
            f"{event.start:.3f}",
            f"{event.end - event.start:.3f}",
            (event.name if event.kind == TASK else "") or event.kind,
            event.kind,
            event.name,
            event.side,
        ]
        for event in in_order(events)
    ]


def _numbers(values: np.ndarray) -> list[str]:
    """With all digits that they have: of 32 bits nine are enough to come back equal."""
    if values.dtype.kind != "f":
        return [str(value) for value in values.tolist()]
    form = "{:.9g}" if values.dtype == np.float32 else "{!r}"
    return [form.format(one) if one == one else NOT_KNOWN for one in values.tolist()]


def write_tsv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table of BIDS: UTF-8, tabs between the cells, "n/a" for an empty one.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
        writer.writerows([_cell(cell) for cell in row] for row in rows)


def _cell(text: str) -> str:
    """On one line, without tabs, quotes or formulas; numbers stay as they are."""
    plain = " ".join(text.replace('"', "'").split())
    return (plain if _NUMBER.fullmatch(plain) else safe_cell(plain)) or NOT_KNOWN


def write_json(path: Path, facts: dict[str, Any]) -> None:
    """Write a sidecar.

    Raises:
        OSError: It cannot be written.
    """
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
