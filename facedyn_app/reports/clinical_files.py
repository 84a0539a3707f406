"""Files of the clinical tables: CSV, Excel and Parquet, each with its code book."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from facedyn_app.files import atomic_file, atomic_text
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.clinical_columns import Cell, Table
from facedyn_app.reports.code_book import CODE_BOOK, code_book_path, code_book_rows

SHEETS = ("measures", "code book")


class ClinicalFormat(StrEnum):
    """File formats of the tables."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


def write_clinical_table(
    table: Table, path: Path, separator: str = ",", decimal: str = "."
) -> tuple[Path, ...]:
    """Write a table with its code book; of Excel both are sheets of one file.

    Args:
        table: The table.
        path: The file; its ending says the format. Older files are replaced.
        separator: Between the cells of CSV.
        decimal: Decimal sign of CSV.

    Returns:
        The files written.

    Raises:
        OutputError: A file cannot be written.
    """
    form = ClinicalFormat(path.suffix[1:].lower())
    if form is ClinicalFormat.XLSX:
        with atomic_file(path) as file:
            _write_xlsx(table, file)
        return (path,)
    book = code_book_path(path)
    if form is ClinicalFormat.PARQUET:
        with atomic_file(path) as file:
            _write_parquet(table, file)
    else:
        names = [column.name for column in table.columns]
        _write_csv(path, [names, *_texts(table, decimal)], separator)
    _write_csv(book, [list(CODE_BOOK), *code_book_rows(table.columns)], separator)
    return path, book


def _texts(table: Table, decimal: str) -> list[list[str]]:
    return [[_text(cell, decimal) for cell in row] for row in table.rows]


def _text(cell: Cell, decimal: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe_cell(cell)
    text = str(cell) if isinstance(cell, int) else f"{cell:.6g}"
    return text.replace(".", decimal)


def _write_csv(path: Path, rows: list[list[str]], separator: str) -> None:
    with atomic_text(path) as text:
        csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)


def _write_xlsx(table: Table, file: BinaryIO) -> None:
    from openpyxl import Workbook  # rarely needed

    book = Workbook(write_only=True)
    measures, codes = (book.create_sheet(name) for name in SHEETS)
    measures.append([column.name for column in table.columns])
    for row in table.rows:
        measures.append([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    for line in ([*CODE_BOOK], *code_book_rows(table.columns)):
        codes.append(line)
    made = io.BytesIO()  # openpyxl closes what it writes to
    book.save(made)
    file.write(made.getvalue())


def _write_parquet(table: Table, file: BinaryIO) -> None:
    import pyarrow  # large, and rarely needed
    from pyarrow import parquet

    arrays = {
        column.name: pyarrow.array(_one_type([row[k] for row in table.rows]))
        for k, column in enumerate(table.columns)
    }
    parquet.write_table(pyarrow.table(arrays), file, compression="zstd")


def _one_type(cells: list[Cell]) -> list[Cell]:
    """Numbers as they are, whole ones as real ones where both stand in a column."""
    if any(isinstance(cell, float) for cell in cells):
        return [float(cell) if isinstance(cell, int) else cell for cell in cells]
    return cells
