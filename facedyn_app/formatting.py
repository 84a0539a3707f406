"""Numbers and tables in text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

NONE: Final = "-"
"""In place of a number that there is not."""


def number(value: float | None, digits: int = 2, sign: str = "") -> str:
    """A number with so many decimals; a dash where there is none.

    Args:
        value: The number; None or not finite for none.
        digits: Decimals.
        sign: "+" to show it always.
    """
    return NONE if value is None or not math.isfinite(value) else f"{value:{sign}.{digits}f}"


def plain_number(value: float) -> str:
    """A number with the decimals that it has, never with an exponent."""
    return f"{value:,.0f}" if value >= 1e4 else f"{value:.7f}".rstrip("0").rstrip(".")


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
