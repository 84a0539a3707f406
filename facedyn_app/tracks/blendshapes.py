"""Blendshape scores as MediaPipe gives them: a table, or JSON of an object a frame.

Of JSON these forms are read, `categoryName` and `score` being MediaPipe's own:
`{"timestamp_ms": 33, "blendshapes": {"jawOpen": 0.1, ...}}`, the blendshapes also as a list of
`{"categoryName": "jawOpen", "score": 0.1}`, or the names beside the time. The table has a column a
name. `_neutral` is no movement and is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError, unreadable, unusable
from facedyn_app.files import open_plain
from facedyn_app.headmodel.channel_sets import ARKIT, ARKIT_NAMES, gaze_of_looks
from facedyn_app.records import FloatArray
from facedyn_app.tracks.rows import Times, counted_times, has_times, rows_by_face, stated_times
from facedyn_app.tracks.table import MOST_ROWS, Head, read_columns
from facedyn_app.tracks.track import FAILED, NO_FACE, Track

PROGRAM = "MediaPipe"
TIME_UNITS: Mapping[str, float] = {
    "seconds": 1.0,
    "time": 1.0,
    "time_s": 1.0,
    "timestamp_s": 1.0,
    "timestamp": 1.0,
    "timestamp_ms": 1e-3,
    "timestampms": 1e-3,
    "time_ms": 1e-3,
    "timestamp_us": 1e-6,
}
"""What a column or key of times may be called, and its unit, s."""
LONGEST_STEP_S = 2.0
"""Times of a plain name whose usual step is more are milliseconds, MediaPipe's own unit."""
FRAMES = ("frame", "frame_index", "frame_id", "frame_number")
FACES = ("face_id", "face", "face_index")
NESTED = ("blendshapes", "face_blendshapes", "faceBlendshapes", "scores")
MOST_JSON_BYTES, MOST_LIST_BYTES, LONGEST_LINE = 2**29, 2**26, 2**20
"""Bytes of a file, of a list that is read as a whole, of a frame's line."""

_NAMES = {name.lower(): name for name in ARKIT_NAMES}


def is_blendshapes(head: Head) -> bool:
    """Whether a table has columns of blendshapes."""
    own_table = head.find("jaw_x_rad") is not None  # facedyn's: its session says more
    return not own_table and any(name.lower() in _NAMES for name in head.names)


def read_blendshapes(head: Head, fps: float | None) -> tuple[Track, ...]:
    """The tracks of a table, one a face.

    Args:
        head: The table's head line.
        fps: Frame rate where the table has no times; None assumes one.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    scores = {_NAMES[n.lower()]: k for k, n in enumerate(head.names) if n.lower() in _NAMES}
    named: dict[str, int | None] = {unit: head.find(unit) for unit in TIME_UNITS}
    named |= {"frame": head.find(*FRAMES), "face": head.find(*FACES)}
    named |= {"success": head.find("success")}
    known = {name: column for name, column in named.items() if column is not None}
    names = tuple(name for name in ARKIT_NAMES if name in scores)
    numbers, _ = read_columns(head, [*known.values(), *(scores[name] for name in names)])
    columns = {name: numbers[:, k] for k, name in enumerate(known)}
    values = numbers[:, len(known) :]
    tracks = []
    for face, rows in rows_by_face(head.path, columns.get("face"), len(numbers)):
        own = {name: column[rows] for name, column in columns.items()}
        tracks.append(_track(head.path, names, values[rows], own, face, fps))
    return tuple(tracks)


def is_blendshape_json(path: Path) -> bool:
    """Whether a file is JSON whose first object has blendshapes."""
    try:
        first = next(_objects(path), None)
    except InputError:
        return False
    if first is None:
        return False
    scores = _scores(first)
    return bool(scores) or any(name in first for name in NESTED)


def read_blendshape_json(path: Path, fps: float | None) -> tuple[Track, ...]:
    """The track of a file of JSON, an object a line or a list of them.

    Args:
        path: The file.
        fps: Frame rate where the objects have no times; None assumes one.

    Raises:
        InputError: The file cannot be used; the sentence says why.
    """
    values: list[FloatArray] = []
    told: dict[str, list[float]] = {key: [] for key in (*TIME_UNITS, FRAMES[0])}
    seen: set[str] = set()
    for number, item in enumerate(_objects(path), start=1):
        scores = _scores(item)
        if scores is None:
            raise unusable(
                path,
                f"line {number} has the scores of several faces",
                "Keep one face (MediaPipe: num_faces=1).",
            )
        if number > MOST_ROWS:
            raise unusable(path, f"it has more than {MOST_ROWS:,} rows", "Split the recording.")
        seen |= scores.keys()
        own = {name: _number(path, number, value) for name, value in scores.items()}
        values.append(np.array([own.get(name, np.nan) for name in ARKIT_NAMES]))
        named = {key.lower(): value for key, value in item.items()}
        for key, column in told.items():
            keys = FRAMES if key == FRAMES[0] else (key,)
            value = next((named[one] for one in keys if one in named), None)
            column.append(_number(path, number, value))
    names = tuple(name for name in ARKIT_NAMES if name in seen)
    if not names:
        raise unusable(path, "it has none of ARKit's 52 names")
    chosen = [ARKIT_NAMES.index(name) for name in names]
    columns = {key: np.array(column) for key, column in told.items()}
    columns = {key: column for key, column in columns.items() if not np.isnan(column).all()}
    scored = np.array(values, dtype=np.float64)[:, chosen]
    return (_track(path, names, scored, columns, 0, fps),)


def _objects(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a file of JSON, one by one."""
    try:
        with open_plain(path) as file:
            if file.seek(0, 2) > MOST_JSON_BYTES:
                raise unusable(path, "it is larger than 512 MiB")
            file.seek(0)
            start = file.read(1)
            n_bytes = file.seek(0, 2)
            file.seek(0)
            if start == b"[":
                if n_bytes > MOST_LIST_BYTES:
                    raise unusable(
                        path,
                        f"it is a list of more than {MOST_LIST_BYTES >> 20} MiB",
                        "Write an object a line.",
                    )
                yield from (_object(path, 1, item) for item in _parsed(path, 1, file.read()))
                return
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise unusable(path, f"its line {number} is longer than any frame's")
                if line.strip():
                    yield _object(path, number, _parsed(path, number, line))
    except OSError as error:
        raise unreadable(path, error) from error


def _parsed(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise unusable(path, f"its line {number} is no JSON; it may have been cut off") from error


def _object(path: Path, number: int, item: object) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise unusable(path, f"its line {number} is no JSON object")
    return item


def _scores(item: Mapping[str, Any]) -> dict[str, object] | None:
    """Scores by ARKit's names, none where no face was seen; None for several faces."""
    nested: object = next((item[name] for name in NESTED if name in item), item)
    if isinstance(nested, list) and nested and isinstance(nested[0], list):
        if len(nested) > 1:
            return None
        nested = nested[0]
    if isinstance(nested, list):
        pairs = [one for one in nested if isinstance(one, dict)]
        nested = {
            str(one.get("categoryName", one.get("category_name", ""))): one.get("score")
            for one in pairs
        }
    if not isinstance(nested, dict):
        return {}
    return {_NAMES[key.lower()]: nested[key] for key in nested if key.lower() in _NAMES}


def _number(path: Path, line: int, value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unusable(path, f"line {line} holds {str(value)[:30]!r}, which is no number")
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def _track(
    path: Path,
    names: tuple[str, ...],
    values: FloatArray,
    columns: Mapping[str, FloatArray],
    face: int,
    fps: float | None,
) -> Track:
    times = _times(path, columns, len(values), fps)
    reason = np.zeros(len(values), dtype=np.uint8)
    reason[np.isnan(values).all(axis=1)] = NO_FACE
    if "success" in columns:
        reason[(reason == 0) & ~(columns["success"] > 0.0)] = FAILED
    return Track(
        program=PROGRAM,
        channel_set=ARKIT,
        seconds=times.seconds,
        names=names,
        values=values,
        reason=reason,
        fps_assumed=times.assumed,
        gaze=gaze_of_looks(values, names),
        face=face,
        notes=(times.note,) if times.note else (),
    )


def _times(path: Path, columns: Mapping[str, FloatArray], n_rows: int, fps: float | None) -> Times:
    for name, unit in TIME_UNITS.items():
        if name in columns and has_times(columns[name]):
            step = float(np.nanmedian(np.diff(columns[name]))) if n_rows > 1 else 0.0
            if unit == 1.0 and step > LONGEST_STEP_S:
                times = stated_times(path, columns[name] * 1e-3)
                return Times(times.seconds, note="Its times are taken for milliseconds.")
            return stated_times(path, columns[name] * unit)
    return counted_times(path, columns.get("frame"), n_rows, fps)
