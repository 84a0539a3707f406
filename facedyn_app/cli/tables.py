"""Text for people: columns that stand under each other, numbers that say when there is none."""

from __future__ import annotations

from collections.abc import Sequence

from facedyn_app.formatting import NONE as NONE
from facedyn_app.formatting import number as number


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows of text under their heads.

    Args:
        head: The columns' heads.
        rows: The rows, a cell a column.
        right: Columns of numbers, aligned at their right edge.
    """
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    return "\n".join("  ".join(_cells(line, widths, set(right))).rstrip() for line in lines)


def _cells(line: Sequence[str], widths: Sequence[int], right: set[int]) -> list[str]:
    return [
        cell.rjust(width) if k in right else cell.ljust(width)
        for k, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def indented(text: str) -> str:
    """Text two blanks to the right."""
    return "\n".join(f"  {line}" for line in text.split("\n"))
