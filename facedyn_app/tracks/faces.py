"""Tables in which several faces stand: whose row each is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.records import FloatArray, IntArray

MOST_FACES = 64
"""More people in one picture than any recording of faces shows: the column is something else."""


def rows_by_face(path: Path, faces: FloatArray | None, n_rows: int) -> list[tuple[int, IntArray]]:
    """The rows of each face, in their order.

    Args:
        path: The file, for the sentence.
        faces: (T,) whole numbers; None where the file has one face.
        n_rows: T.

    Raises:
        InputError: The numbers are none of faces.
    """
    if faces is None:
        return [(0, np.arange(n_rows))]
    if not np.isfinite(faces).all() or (faces != np.round(faces)).any():
        raise InputError(f"'{path}' cannot be used: its numbers of faces are not whole numbers.")
    found = np.unique(faces)
    if len(found) > MOST_FACES:
        raise InputError(f"'{path}' cannot be used: it numbers {len(found)} faces.")
    return [(int(face), np.flatnonzero(faces == face)) for face in found]
