"""Tables for other programs: a session's frames, the scores of recordings.

A session has a row a frame, as CSV, Parquet or NPZ. The first columns are those that users of
OpenFace expect: `frame, face_id, timestamp, confidence, success`. In Parquet and NPZ numbers keep
their types, and what is not known is NaN or empty.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from facedyn_app.dynamics.exclusion import excluded_frames
from facedyn_app.dynamics.features import GAZE_NAMES, JAW_NAMES
from facedyn_app.errors import OutputError
from facedyn_app.events import HALF_MS
from facedyn_app.files import atomic_file, atomic_text
from facedyn_app.formatting import shown
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import INVALID_REASONS, Identification, Session
from facedyn_app.reports.kinds import TableFormat

SCORE_COLUMNS = ("recording", "speaker", "rank", "score", "probability", "threshold", "answer")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_SIGNS = frozenset(FORMULA_SIGNS[:4])

BLOCK_FRAMES = 1000
MOST_FACES = 1_000_000
TAKEN = ("meta", "file", "allow_pickle")
"""Names that an array of an NPZ file cannot have here."""
STAGE = "writing the table"

Columns = dict[str, npt.NDArray[Any]]
Meta = Mapping[str, Any]


def safe_cell(text: str) -> str:
    """A text that no spreadsheet reads as a formula: with an apostrophe before it where needed.

    Blanks before a sign do not keep all spreadsheets from it, nor does the sign's wide form. What
    would act instead of being seen stands as an escape.
    """
    begin = unicodedata.normalize("NFKC", text[:100]).lstrip()[:1]
    seen = shown(text, keep="\t\r\n")
    return f"'{seen}" if text.startswith(FORMULA_SIGNS) or begin in _SIGNS else seen


def table_columns(session: Session) -> Columns:
    """The (T,) columns by name, units at the names' ends; activations have none.

    Frames are counted from 1; `success` is 1 where the fit is trusted, and `reason` says why it is
    not. `confidence` is the landmarker's certainty that there is a face, 0..1. Where the user has
    marked something, `excluded` is 1 in the frames that are left out, and `events` says what is
    marked there, with "; " between.
    """
    n_frames, face = len(session.motion.seconds), session.info.face
    unknown = np.full(n_frames, np.nan, np.float32)
    reason = np.full(n_frames, "", dtype=object)
    if session.invalid_reason is not None:
        reason = np.array(INVALID_REASONS, dtype=object)[session.invalid_reason]
    columns: Columns = {
        "frame": np.arange(1, n_frames + 1),
        "face_id": np.full(n_frames, face if face in range(1, MOST_FACES) else 1),
        "timestamp": session.motion.seconds,
        "confidence": unknown if session.confidence is None else session.confidence,
        "success": session.motion.valid.astype(np.int8),
        "reason": reason,
        "error_px": session.error_px,
        "face_px": session.face_px,
    }
    for letter, unit, values in (
        ("T", "m", session.motion.translation),
        ("R", "rad", session.motion.rotation),
    ):
        columns |= {f"pose_{letter}{x}_{unit}": values[:, k] for k, x in enumerate("xyz")}
    columns |= {f"{name}_rad": session.motion.jaw[:, k] for k, name in enumerate(JAW_NAMES)}
    if session.motion.gaze is not None:
        angles = session.motion.gaze.reshape(n_frames, -1)
        columns |= {f"{name}_rad": angles[:, k] for k, name in enumerate(GAZE_NAMES)}
    if session.events:
        columns |= _event_columns(session)
    for k, name in enumerate(session.motion.names):
        while name in columns:
            name = f"expression {name}"
        columns[name] = session.motion.expression[:, k]
    return columns


def _event_columns(session: Session) -> Columns:
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
    return {"excluded": excluded_frames(session).astype(np.int8), "events": words}


def write_table(
    session: Session,
    path: Path,
    form: TableFormat,
    meta: Meta,
    on_progress: OnProgress = ignore,
) -> None:
    """Write a session as a table; it appears whole or not at all.

    Args:
        session: The session.
        path: The file; an older one is replaced.
        form: CSV (UTF-8, RFC 4180, safe to open in a spreadsheet), Parquet or NPZ (an array a
            column). Parquet and NPZ keep `meta` as JSON.
        meta: What the session is of and what measured it, as its file says it.
        on_progress: Called for every block of frames of CSV; may raise Cancelled.

    Raises:
        OutputError: The file cannot be written.
    """
    columns = table_columns(session)
    if form is TableFormat.CSV:
        _write_csv(columns, path, on_progress)
        return
    with atomic_file(path) as file:
        if form is TableFormat.PARQUET:
            _write_parquet(columns, meta, file)
        else:
            _write_npz(columns, meta, file)


def write_scores(answers: Sequence[tuple[str, Identification]], path: Path) -> None:
    """Write a CSV table, a row a recording and speaker, best speakers first.

    `probability` and `threshold` are empty where they are not calibrated for the recording;
    `answer` is "yes" where the speaker is the answer. Nothing is left half-written.

    Args:
        answers: Each recording's name and its identification.
        path: The table.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_text(path) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(SCORE_COLUMNS)
        for name, answer in answers:
            writer.writerows(_score_rows(name, answer))


def _score_rows(name: str, answer: Identification) -> list[tuple[str, ...]]:
    def if_calibrated(value: float) -> str:
        return f"{value:.6g}" if answer.calibrated else ""

    return [
        (
            safe_cell(name),
            safe_cell(match.name),
            str(rank),
            f"{match.score:.6g}",
            if_calibrated(match.probability),
            if_calibrated(answer.threshold),
            "yes" if answer.calibrated and match.name == answer.name else "",
        )
        for rank, match in enumerate(answer.matches, start=1)
    ]


def _write_csv(columns: Columns, path: Path, on_progress: OnProgress) -> None:
    n_frames = len(columns["frame"])
    with atomic_text(path) as text:
        writer = csv.writer(text)
        writer.writerow([safe_cell(name) for name in columns])
        for first in range(0, n_frames, BLOCK_FRAMES):
            on_progress(Progress(STAGE, first, n_frames))
            part = slice(first, first + BLOCK_FRAMES)
            cells = [_cells(name, values[part]) for name, values in columns.items()]
            writer.writerows(zip(*cells, strict=True))


def _cells(name: str, values: npt.NDArray[Any]) -> list[str]:
    """Numbers with the digits that a 32-bit number has; nothing for what is none."""
    if values.dtype.kind not in "f":
        return [str(value) for value in values.tolist()]
    form = ".6f" if name == "timestamp" else ".7g"
    return [f"{value:{form}}" if value == value else "" for value in values.tolist()]


def _write_parquet(columns: Columns, meta: Meta, file: BinaryIO) -> None:
    import pyarrow  # large, and rarely needed
    from pyarrow import parquet

    table = pyarrow.table({name: pyarrow.array(values) for name, values in columns.items()})
    table = table.replace_schema_metadata({"facedyn": json.dumps(dict(meta))})
    parquet.write_table(table, file, compression="zstd")


def _write_npz(columns: Columns, meta: Meta, file: BinaryIO) -> None:
    arrays = {name: _plain(values) for name, values in columns.items()}
    for name in TAKEN:
        if name in arrays:
            raise OutputError(f"An expression channel is called '{name}'.", "Write it as CSV.")
    np.savez(file, allow_pickle=False, **arrays, meta=np.array(json.dumps(dict(meta))))


def _plain(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.astype(np.str_) if values.dtype == object else values
