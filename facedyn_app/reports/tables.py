"""Tables for other programs: a session's frames, the scores of recordings.

A session has a row a frame, as CSV, Parquet or NPZ. The first columns are those that users of
OpenFace expect: `frame, face_id, timestamp, confidence, success`. In Parquet and NPZ numbers keep
their types, and what is not known is NaN or empty.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import OutputError
from facedyn_app.files import atomic_file, atomic_text
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import Identification, Session
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.code_book import Column
from facedyn_app.reports.kinds import TableFormat
from facedyn_app.reports.session_columns import SHAPE_COLUMNS, Columns, shape_rows, table_columns

SCORES = (
    Column("recording", "", "file or name of the recording that was asked about"),
    Column("speaker", "", "an enrolled speaker"),
    Column("rank", "", "the speaker's place among all for this recording, from 1"),
    Column("score", "", "cosine of the recording's motion with the speaker's, -1 to 1"),
    Column("probability", "", "calibrated probability that it is the speaker; empty without one"),
    Column("threshold", "", "probability from which the answer is known; empty without one"),
    Column("answer", "", "'yes' where the speaker is the answer"),
)
SCORE_COLUMNS = tuple(column.name for column in SCORES)

BLOCK_FRAMES = 1000
TAKEN = ("meta", "file", "allow_pickle")
"""Names that an array of an NPZ file cannot have here."""
STAGE = "writing the table"
SHAPE_ENDING = "_shape.csv"
"""Of the table of the shape beside a table of frames."""

Meta = Mapping[str, Any]


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


def write_shape(session: Session, path: Path) -> None:
    """Write the shape of a session's head as CSV, a row a coefficient; whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_text(path) as text:
        writer = csv.writer(text)
        writer.writerow([column.name for column in SHAPE_COLUMNS])
        for number, value, sd in shape_rows(session):
            writer.writerow([number, *(f"{one:.7g}" if one == one else "" for one in (value, sd))])


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
