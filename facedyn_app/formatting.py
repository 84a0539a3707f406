"""Numbers, names and tables in text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

NONE: Final = "-"
"""In place of a number that there is not."""
MOST_NAMES: Final = 6
"""Names that a sentence holds."""
LONGEST_NAME: Final = 200
"""Letters that are shown of a name."""
_HIDDEN: Final = ("Cc", "Cs", "Zl", "Zp")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def number(value: float | None, digits: int = 2, sign: str = "") -> str:
    """A number with so many decimals, nothing below 0 where that rounds to 0; a dash for none.

    Args:
        value: The number; None or not finite for none.
        digits: Decimals.
        sign: "+" to show it always.
    """
    return NONE if value is None or not math.isfinite(value) else f"{value:{sign}z.{digits}f}"


def counted(n: int, one: str, more: str = "") -> str:
    """A count and what is counted: "1 session", "2 sessions".

    Args:
        n: How many.
        one: Word for one of them.
        more: For several; empty for that word and an s.
    """
    return f"{n} {one}" if n == 1 else f"{n} {more or one + 's'}"


def left_out_text(shares: Mapping[str, float]) -> str:
    """Channels that a training left out, and why: "jaw_x (never moving), AU05 (dead in 52 % of …)".

    Args:
        shares: Of the sessions, in which each channel is dead, 0..1; 1 where it never moves.
    """
    by_reason: dict[str, list[str]] = {}
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        reason = "never moving" if share >= 1.0 else f"dead in {100 * share:.0f} % of the sessions"
        by_reason.setdefault(reason, []).append(name)
    told = []
    for reason, names in by_reason.items():
        n_more = len(names) - MOST_NAMES
        more = f" and {n_more} more" if n_more > 0 else ""
        told.append(f"{', '.join(names[:MOST_NAMES])}{more} ({reason})")
    return ", ".join(told)


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


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows of text under their heads.

    Args:
        head: The columns' heads.
        rows: The rows, a cell a column.
        right: Columns of numbers, aligned at their right edge.
    """
    lines = [list(head), *[[shown_name(cell) for cell in row] for row in rows]]
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


def shown(text: str, keep: str = "") -> str:
    r"""A text as it can be shown anywhere: what would act instead of being seen, as `\xNN`.

    Control characters move a terminal's cursor, rename its window or sound its bell; overrides of
    the direction of writing let a name read as another one; half a letter is none.

    Args:
        text: A text from outside.
        keep: Control characters that stay, such as line ends.
    """
    if text.isprintable():  # what acts is not, the directions' marks included
        return text
    return "".join(letter if letter in keep else _seen(letter) for letter in text)


def shown_name(name: str) -> str:
    """A name or another short text on one line, cut where it is longer than any."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 1]}…"
    return shown(name)


def _seen(letter: str) -> str:
    if letter not in _BIDI and unicodedata.category(letter) not in _HIDDEN:
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
