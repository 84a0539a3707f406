"""Code books: what stands in the columns of the tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from facedyn_app.files import atomic_text
from facedyn_app.reports.cells import safe_cell

CODE_BOOK: Final = ("name", "unit", "meaning", "formula", "source")
CODE_BOOK_ENDING: Final = "_codebook.csv"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table and its entry in the code book.

    Attributes:
        name: As it stands in the table.
        unit: Of its numbers; empty where they have none.
        meaning: What stands in it.
        formula: How it is computed; empty where it is only counted or read.
        source: Where that is published.
    """

    name: str
    unit: str = ""
    meaning: str = ""
    formula: str = ""
    source: str = ""


def code_book_path(path: Path) -> Path:
    """Where the code book of a CSV or Parquet table stands."""
    return path.with_name(path.stem + CODE_BOOK_ENDING)


def code_book_rows(columns: Sequence[Column]) -> list[list[str]]:
    """The lines of a code book, without its head."""
    return [[safe_cell(cell) for cell in astuple(column)] for column in columns]


def write_code_book(tables: Mapping[str, Sequence[Column]], path: Path) -> None:
    """Write the code book of tables that belong together, a row a column; whole or not at all.

    Args:
        tables: The columns of each table by its file's name.
        path: The code book.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_text(path) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("file", *CODE_BOOK))
        for name, columns in tables.items():
            writer.writerows([safe_cell(name), *row] for row in code_book_rows(columns))
