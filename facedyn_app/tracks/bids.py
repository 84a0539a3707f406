"""Recordings of a BIDS dataset that this program has written: motion, channels and events."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import unreadable, unusable
from facedyn_app.events import Event
from facedyn_app.files import read_plain
from facedyn_app.headmodel.rotations import facing_vectors
from facedyn_app.records import FloatArray
from facedyn_app.tracks.rows import stated_times
from facedyn_app.tracks.table import Head, read_columns
from facedyn_app.tracks.track import FAILED, Track

MOTION, CHANNELS, EVENTS, SIDECAR = "_motion.tsv", "_channels.tsv", "_events.tsv", "_motion.json"
BESIDE = (CHANNELS, EVENTS, SIDECAR, "_sessions.tsv", "participants.tsv", "participants.json")
"""Endings of what is read with a recording, or says who is in a dataset."""
DATASET, DEPTH = "dataset_description.json", 4
"""What a dataset is known by, and how deep its files lie at most."""
HEAD, NAMES = "HeadModel", "ExpressionNames"
"""Fields of this program's own in the sidecar, by which its recordings are known."""
MOST_BYTES = 2**24
_REQUIRED = ["name", "component", "type", "tracked_point", "units"]
_QUATERNION = tuple(f"pose_quat_{part}" for part in "xyzw")
_PLACE = tuple(f"pose_T{axis}_m" for axis in "xyz")
_JAW = tuple(f"jaw_{axis}_rad" for axis in "xyz")
_GAZE = tuple(f"{side}_eye_{turn}_rad" for side in ("left", "right") for turn in ("yaw", "pitch"))


def is_bids_motion(path: Path) -> bool:
    """Whether a file is the motion of a recording that this program has laid out after BIDS.

    The table itself has no head: what it is stands in the files beside it.
    """
    if not path.name.endswith(MOTION):
        return False
    facts, channels = _facts(path), _beside(path, CHANNELS)
    return isinstance(facts.get(HEAD), str) and channels.is_file()


def read_bids_motion(path: Path) -> Track:
    """The motion of a recording.

    Raises:
        InputError: A file of it is missing or damaged.
    """
    facts, names = _facts(path), _channel_names(path)
    expression = facts.get(NAMES)
    if not isinstance(expression, list) or not all(isinstance(one, str) for one in expression):
        raise unusable(_beside(path, SIDECAR), f"it has no list of names '{NAMES}'")
    n_own = len(names) - len(expression)
    if n_own < 0 or len(set(expression)) != len(expression):
        raise unusable(_beside(path, SIDECAR), "its names are not those of the channels")
    values, _ = read_columns(Head(path, names, "\t", 0), range(len(names)))
    column = {name: values[:, k] for k, name in enumerate(names[:n_own])}

    def together(wanted: Sequence[str]) -> FloatArray | None:
        if not set(wanted) <= set(column):
            return None
        return np.stack([column[name] for name in wanted], axis=1)

    success = column.get("success")
    if "timestamp" not in column or success is None:
        raise unusable(path, "it has no channel 'timestamp' or 'success'")
    gaze, turn = together(_GAZE), together(_QUATERNION)
    return Track(
        program=_text(facts, "SoftwareVersions") or "facedyn",
        channel_set=str(facts[HEAD]),
        seconds=stated_times(path, column["timestamp"]).seconds,
        names=tuple(expression),
        values=values[:, n_own:],
        reason=np.where(success == 1.0, 0, FAILED).astype(np.uint8),
        confidence=column.get("confidence"),
        jaw=together(_JAW),
        rotation=None if turn is None else _rotation(turn),
        translation=together(_PLACE),
        gaze=None if gaze is None else gaze.reshape(-1, 2, 2),
        shapes=_shape(facts),
        error_px=column.get("error_px"),
        face_px=column.get("face_px"),
        head_sha256=_text(facts, "HeadModelSHA256"),
        simulated=facts.get("Simulated") is True,
        mirrored=facts.get("MirroredPictures") is True,
        events=_events(path),
    )


def is_beside_motion(path: Path) -> bool:
    """Whether a file is read with a recording of BIDS, or says who is in the dataset."""
    if not path.name.endswith(BESIDE):
        return False
    return any((folder / DATASET).is_file() for folder in list(path.parents)[:DEPTH])


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name.removesuffix(MOTION) + ending)


def _facts(path: Path) -> Mapping[str, Any]:
    """The sidecar; nothing where there is none that can be read."""
    try:
        facts = json.loads(read_plain(_beside(path, SIDECAR), MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _text(facts: Mapping[str, Any], key: str) -> str | None:
    value = facts.get(key)
    return value if isinstance(value, str) and value != "n/a" else None


def _table(path: Path) -> list[list[str]]:
    """The cells of a small table.

    Raises:
        InputError: It cannot be read.
    """
    try:
        text = read_plain(path, MOST_BYTES).decode("utf-8")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise unusable(path, "it is no table that can be read") from error
    return list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _channel_names(path: Path) -> tuple[str, ...]:
    rows = _table(_beside(path, CHANNELS))
    if not rows or rows[0][: len(_REQUIRED)] != _REQUIRED:
        needed = ", ".join(_REQUIRED)
        raise unusable(_beside(path, CHANNELS), f"its columns do not begin with {needed}")
    return tuple(row[0] for row in rows[1:] if row)


def _rotation(turn: FloatArray) -> FloatArray:
    """(T, 3) rotation vectors of the head from quaternions x, y, z, w along the camera's axes."""
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(turn), 3), np.nan)
    known = np.isfinite(turn).all(axis=1) & (np.linalg.norm(turn, axis=1) > 0.0)
    if known.any():
        vectors[known] = Rotation.from_quat(turn[known]).as_rotvec()
    return facing_vectors(vectors)


def _shape(facts: Mapping[str, Any]) -> FloatArray | None:
    values = facts.get("HeadShape")
    if not isinstance(values, list) or not values:
        return None
    if not all(isinstance(one, int | float) for one in values):
        return None
    return np.array([values], dtype=np.float64)


def _events(path: Path) -> tuple[Event, ...]:
    """What was marked; free texts are not in a dataset."""
    place = _beside(path, EVENTS)
    if not place.is_file():
        return ()
    rows = _table(place)
    found = []
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(rows[0], row, strict=False))
        try:
            start, length = float(cells["onset"]), float(cells["duration"])
            kind, name, side = (_cell(cells, key) for key in ("kind", "name", "side"))
            found.append(Event(kind, start, start + length, name, side=side))
        except (KeyError, ValueError) as error:
            raise unusable(place, f"its line {number} is no event") from error
    return tuple(found)


def _cell(cells: Mapping[str, str], key: str) -> str:
    text = cells[key]
    return "" if text == "n/a" else text
