"""Numbers in text, for tables and sentences."""

from __future__ import annotations

import math
import re
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


def read_number(text: str) -> float:
    """The number in what a person has typed: with a decimal point or a decimal comma.

    A comma before three digits may stand between thousands as well: it is taken so where a number
    is written here with it ("12,000"), and refused where it could be either ("1,250").

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    if re.fullmatch(r"[+-]?[1-9]\d{1,2}(,\d{3})+(\.\d*)?", text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"[+-]?[1-9],\d{3}", text):
        raise ValueError(f"'{text}' could be two numbers")
    if re.fullmatch(r"[+-]?\d*,\d+", text):
        text = text.replace(",", ".")
    return float(text)


def plain_number(value: float) -> str:
    """A number with the decimals that it has, never with an exponent."""
    return f"{value:,.0f}" if value >= 1e4 else f"{value:.7f}".rstrip("0").rstrip(".")
