"""Numbers in text, for tables and sentences."""

from __future__ import annotations

import math
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
