"""A session as a table for spreadsheets and other programs: a row a frame, in CSV.

The first columns are those that users of OpenFace expect: `frame, face_id, timestamp, confidence,
success`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facedyn_app.dynamics.features import GAZE_NAMES, JAW_NAMES
from facedyn_app.files import atomic_file
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.records import INVALID_REASONS, FloatArray, Session

OPENFACE_COLUMNS = ("frame", "face_id", "timestamp", "confidence", "success")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

BLOCK_FRAMES = 1000


def safe_cell(text: str) -> str:
    """A text that no spreadsheet reads as a formula: with an apostrophe before it where needed."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def columns_of(session: Session) -> tuple[str, ...]:
    """The names of the columns, units at their ends; activations have none."""
    measured = ("reason", "error_px", "face_px")
    pose = [f"pose_T{axis}_m" for axis in "xyz"] + [f"pose_R{axis}_rad" for axis in "xyz"]
    jaw = [f"{name}_rad" for name in JAW_NAMES]
    gaze = [] if session.gaze is None else [f"{name}_rad" for name in GAZE_NAMES]
    names = [safe_cell(name) for name in session.expression_names]
    return (*OPENFACE_COLUMNS, *measured, *pose, *jaw, *gaze, *names)


def write_csv(session: Session, path: Path, report: Report = ignore) -> None:
    """Write a session as CSV (UTF-8, RFC 4180); what is not known is an empty cell.

    Frames are counted from 1; `success` is 1 where the fit is trusted, and `reason` says why it is
    not. `confidence` is the landmarker's certainty that there is a face, 0..1.

    Args:
        session: The session.
        path: The file; an older one is replaced, and it appears whole or not at all.
        report: Called for every block of frames; may raise Cancelled.

    Raises:
        OutputError: The file cannot be written.
    """
    n_frames = len(session.seconds)
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(columns_of(session))
        for first in range(0, n_frames, BLOCK_FRAMES):
            report(Progress("writing the table", first, n_frames))
            writer.writerows(_rows(session, slice(first, first + BLOCK_FRAMES)))
        text.detach()  # writes what is left, and does not close the file


def _rows(session: Session, part: slice) -> Iterator[list[str]]:
    valid = session.valid[part]
    face = str(session.meta.get("face", 1))
    numbers = [session.error_px[part, None], session.face_px[part, None]]
    numbers += [session.translation[part], session.rotation[part], session.jaw[part]]
    if session.gaze is not None:
        numbers.append(session.gaze[part].reshape(len(valid), -1))
    numbers.append(session.expression[part])
    cells = _words(np.concatenate(numbers, axis=1, dtype=np.float32))
    confidence = [""] * len(valid)
    if session.confidence is not None:
        confidence = [row[0] for row in _words(session.confidence[part, None])]
    reason = [""] * len(valid)
    if session.invalid_reason is not None:
        reason = [INVALID_REASONS[number] for number in session.invalid_reason[part]]
    times = session.seconds[part]
    for k, own in enumerate(cells):
        place = str(part.start + k + 1)
        first = [place, face, f"{times[k]:.6f}", confidence[k], str(int(valid[k])), reason[k]]
        yield first + own


def _words(numbers: FloatArray) -> list[list[str]]:
    """(T, N) numbers with the digits that a 32-bit number has; nothing for what is none."""
    return [[f"{value:.7g}" if value == value else "" for value in row] for row in numbers.tolist()]
