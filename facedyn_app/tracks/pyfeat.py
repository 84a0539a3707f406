"""py-feat (Cheong et al. 2023): action units of 0 to 1, a row a face and frame."""

from __future__ import annotations

import re

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.headmodel.rotations import euler_vectors
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.tracks.faces import rows_by_face
from facedyn_app.tracks.table import Column, Head, read_columns
from facedyn_app.tracks.times import counted_times
from facedyn_app.tracks.track import NO_FACE, UNSURE, Track

LEAST_SCORE = 0.5
"""py-feat's own threshold of its face detection."""

_UNIT = re.compile(r"au\d{2}", re.IGNORECASE)
_MARKS = ("FaceScore", "FaceRectX", "FaceRectWidth")
_POSE = ("Pitch", "Yaw", "Roll")


def is_pyfeat(head: Head) -> bool:
    """Whether a table has py-feat's action units and face boxes."""
    units = any(_UNIT.fullmatch(name) for name in head.names)
    return units and head.find(*_MARKS) is not None


def read_pyfeat(head: Head, fps: float | None) -> tuple[Track, ...]:
    """The tracks of a table, one a face (`Identity`, or one where no frame has two rows).

    Its times are minutes and whole seconds, too coarse for motion: frames are counted.

    Args:
        head: The table's head line.
        fps: Frame rate; None assumes one.

    Raises:
        InputError: The table cannot be used; the sentence says why.
    """
    units = {name.upper(): k for k, name in enumerate(head.names) if _UNIT.fullmatch(name)}
    named = {name: head.find(name) for name in ("frame", "FaceScore", *_POSE)}
    known = {name: column for name, column in named.items() if column is not None}
    identity = head.find("Identity")
    texts = [] if identity is None else [identity]
    numbers, words = read_columns(head, [*known.values(), *units.values()], texts)
    columns = {name: numbers[:, k] for k, name in enumerate(known)}
    values = numbers[:, len(known) :]
    people = _people(words[identity]) if identity is not None else None
    frames = columns.get("frame")
    if people is None and frames is not None and len(np.unique(frames)) < len(frames):
        raise InputError(
            f"'{head.path}' cannot be used: some of its frames have two faces, and it does not say "
            "whose is which.",
            "Let py-feat name the identities, or keep one face.",
        )
    return tuple(
        _track(head, tuple(units), values, columns, rows, face, fps)
        for face, rows in rows_by_face(head.path, people, len(numbers))
    )


def _people(words: Column) -> FloatArray:
    """(T,) number of each identity, in the order of their first rows."""
    numbers: dict[object, float] = {}
    return np.array([numbers.setdefault(word, float(len(numbers))) for word in words.tolist()])


def _track(
    head: Head,
    names: tuple[str, ...],
    values: FloatArray,
    columns: dict[str, FloatArray],
    rows: IntArray,
    face: int,
    fps: float | None,
) -> Track:
    frames, score = columns.get("frame"), columns.get("FaceScore")
    times = counted_times(head.path, None if frames is None else frames[rows], len(rows), fps)
    reason = np.zeros(len(rows), dtype=np.uint8)
    confidence = None
    if score is not None:
        confidence = score[rows]
        reason[~(confidence >= LEAST_SCORE)] = UNSURE
        reason[np.isnan(confidence)] = NO_FACE
    return Track(
        program="py-feat",
        channel_set="py-feat",
        seconds=times.seconds,
        names=names,
        values=values[rows],
        reason=reason,
        fps_assumed=times.assumed,
        confidence=confidence,
        rotation=_rotation(columns, rows),
        face=face,
        notes=(times.note,) if times.note else (),
    )


def _rotation(columns: dict[str, FloatArray], rows: IntArray) -> FloatArray | None:
    """(T, 3) rotation vectors; py-feat's angles are degrees, taken about x, y and z in turn."""
    if not set(_POSE) <= set(columns):
        return None
    degrees = np.stack([columns[name][rows] for name in _POSE], axis=1)
    return euler_vectors("XYZ", np.radians(degrees))
