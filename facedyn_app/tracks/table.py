"""Text tables of other programs: the head line, and columns of numbers or texts."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import unreadable, unusable
from facedyn_app.files import open_plain
from facedyn_app.records import FloatArray

MOST_BYTES = 2**31
LONGEST_HEAD = 2**20
"""Bytes; OpenFace's 714 columns take 6,000."""
MOST_COLUMNS = 20_000
MOST_ROWS = 1_000_000
"""Nine hours at 30 frames a second."""
DELIMITERS = (",", ";", "\t")
_BLOCK = 2**23
_NOTHING = (
    "",
    "-",
    "NA",
    "N/A",
    "n/a",
    "null",
    "None",
    "NaN",
    "nan",
    "-nan",
    "-nan(ind)",
    "nan(ind)",
)
_NO_NUMBER = [blank + word for word in _NOTHING for blank in ("", " ")]
_RAGGED = re.compile(r"Expected (\d+) columns, got (\d+)")
_TEXT = re.compile(r"column #(\d+).*invalid value '(.*)'", re.DOTALL)

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The head line of a table.

    Attributes:
        path: The file.
        names: The columns' names, blanks around them taken off.
        delimiter: What stands between them.
        n_bytes: Length of the head line with its end.
        decimal: What stands before the decimals.
    """

    path: Path
    names: tuple[str, ...]
    delimiter: str
    n_bytes: int
    decimal: str = "."

    def find(self, *names: str) -> int | None:
        """The column of the first name that there is, whatever its capitals; None for none."""
        lower = [name.lower() for name in self.names]
        return next((lower.index(name.lower()) for name in names if name.lower() in lower), None)


def read_head(path: Path) -> Head | None:
    """The head line of a text table; None where the file is none.

    Raises:
        InputError: It cannot be opened, or is a table of more columns than any program writes.
    """
    try:
        with open_plain(path) as file:
            start = file.read(LONGEST_HEAD)
    except OSError as error:
        raise unreadable(path, error, "opened") from error
    line, end, rest = start.partition(b"\n")
    if not end and len(start) == LONGEST_HEAD and b"\0" not in start:
        raise unusable(
            path,
            f"its first line is longer than {LONGEST_HEAD >> 20} MiB",
            "No table of a face has so many columns.",
        )
    text = _decoded(line)
    if text is None:
        return None
    delimiter = max(DELIMITERS, key=text.count)
    try:
        names = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:  # no line of a table
        return None
    if len(names) > MOST_COLUMNS:
        raise unusable(path, f"it has {len(names):,} columns", "No table of a face has so many.")
    # a table saved where people write 0,5
    comma = delimiter == ";" and b"," in rest.partition(b"\n")[0]
    named = tuple(name.strip() for name in names)
    return Head(path, named, delimiter, len(line) + len(end), "," if comma else ".")


def _decoded(line: bytes) -> str | None:
    if b"\0" in line:
        return None
    try:
        return line.removeprefix(codecs.BOM_UTF8).decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        return None


def read_columns(
    head: Head,
    numbers: Sequence[int],
    texts: Sequence[int] = (),
    whole_rows: Callable[[bytes], bytes] | None = None,
) -> tuple[FloatArray, Mapping[int, Column]]:
    """Columns of a table, all of its rows.

    Args:
        head: The table's head line.
        numbers: Which columns are numbers.
        texts: Which are texts.
        whole_rows: Makes whole what a program leaves out of rows on purpose: from all rows' bytes
            to such bytes. None where it leaves out nothing.

    Returns:
        (T, K) float64 numbers, NaN where a cell is empty or says that it is none, in the order
        asked for; and (T,) texts by column.

    Raises:
        InputError: A row has another number of cells than the head line, a cell of numbers holds
            a text, there is no row, or the file is too large.
    """
    import pyarrow

    kinds = {str(k): pyarrow.float64() for k in numbers}
    kinds |= {str(k): pyarrow.string() for k in texts}
    try:
        with open_plain(head.path) as file:
            _check_size(head.path, file.seek(0, 2))
            file.seek(head.n_bytes)
            _check_rows(head.path, file)
            file.seek(head.n_bytes)
            rows = file if whole_rows is None else io.BytesIO(whole_rows(file.read()))
            table = _arrow_table(head, rows, kinds)
    except OSError as error:
        raise unreadable(head.path, error) from error
    except (pyarrow.ArrowInvalid, pyarrow.ArrowException) as error:
        raise unusable(head.path, _words(head, str(error))) from error
    columns = [_numbers(table.column(str(k))) for k in numbers]
    together = np.stack(columns, axis=1) if columns else np.zeros((table.num_rows, 0))
    named = {k: np.array(table.column(str(k)).to_pylist(), dtype=object) for k in texts}
    return together, named


def _arrow_table(head: Head, rows: BinaryIO, kinds: Mapping[str, Any]) -> Any:
    """The columns of these kinds, by number, of the rows below the head line."""
    from pyarrow import csv as arrow_csv

    return arrow_csv.read_csv(
        rows,
        read_options=arrow_csv.ReadOptions(
            column_names=[str(k) for k in range(len(head.names))],
            block_size=_BLOCK,
            use_threads=False,
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=head.delimiter),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=list(kinds),
            column_types=kinds,
            null_values=_NO_NUMBER,
            decimal_point=head.decimal,
        ),
    )


def _numbers(column: Any) -> FloatArray:
    """(T,) of an arrow column; what is missing is NaN."""
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)


def _check_size(path: Path, n_bytes: int) -> None:
    if n_bytes > MOST_BYTES:
        raise unusable(
            path, f"it has {n_bytes / 2**30:.1f} GiB, more than is read", "Split the recording."
        )


def _check_rows(path: Path, file: BinaryIO) -> None:
    """Count the rows before memory is set aside for them: a row may be of two bytes."""
    n_rows = 0
    while block := file.read(_BLOCK):
        n_rows += block.count(b"\n")
    if n_rows > MOST_ROWS:
        raise unusable(path, f"it has {n_rows:,} rows, more than is read", "Split the recording.")


def _words(head: Head, said: str) -> str:
    """What arrow says of a table, for people."""
    ragged = _RAGGED.search(said)
    if ragged:
        return (
            f"it has a row of {ragged[2]} cells where its head line names {ragged[1]} columns; "
            "the file may have been cut off"
        )
    text = _TEXT.search(said)
    if text:
        return f"its column '{head.names[int(text[1])]}' holds {text[2][:30]!r}, which is no number"
    if "Empty CSV" in said:
        return "it has a head line and no rows"
    return "it is no table that can be read"
