"""Columns of the clinical tables: names that SPSS and R accept, units, meanings, formulas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from facedyn_app.reports.code_book import Column

LONGEST_NAME = 64
"""Letters of a variable's name in SPSS."""

Cell = float | int | str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its code book.

    Attributes:
        columns: In their order; names are unique.
        rows: A cell a column; None for an empty one.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def variable_name(text: str) -> str:
    """A name that SPSS and R accept: `[A-Za-z][A-Za-z0-9_]*`, at most 64 letters."""
    name = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")
    if not name or not name[0].isalpha():
        name = f"v_{name}"
    return name[:LONGEST_NAME].rstrip("_")


class Row:
    """A row under construction; the columns come in the order in which they are first filled."""

    def __init__(self) -> None:
        self.columns: dict[str, Column] = {}
        self.cells: dict[str, Cell] = {}

    def add(
        self,
        name: str,
        value: Cell,
        unit: str = "",
        meaning: str = "",
        formula: str = "",
        source: str = "",
    ) -> None:
        """Fill a cell; a number that is not finite leaves it empty."""
        key = variable_name(name)
        self.columns[key] = Column(key, unit, meaning, formula, source)
        missing = isinstance(value, float) and not abs(value) < float("inf")
        self.cells[key] = None if missing else value


def table_of(rows: Iterable[Row]) -> Table:
    """A table of rows that need not have the same columns."""
    kept = list(rows)
    columns: dict[str, Column] = {}
    for row in kept:
        columns |= {name: one for name, one in row.columns.items() if name not in columns}
    cells = tuple(tuple(row.cells.get(name) for name in columns) for row in kept)
    return Table(tuple(columns.values()), cells)
