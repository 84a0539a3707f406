"""Cells of tables that spreadsheets open: no text is read as a formula."""

from __future__ import annotations

import unicodedata
from typing import Final

from facedyn_app.formatting import shown

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
_SIGNS = frozenset(FORMULA_SIGNS[:4])


def safe_cell(text: str) -> str:
    """A text that no spreadsheet reads as a formula: with an apostrophe before it where needed.

    Blanks before a sign do not keep all spreadsheets from it, nor does the sign's wide form. What
    would act instead of being seen stands as an escape.
    """
    begin = unicodedata.normalize("NFKC", text[:100]).lstrip()[:1]
    seen = shown(text, keep="\t\r\n")
    return f"'{seen}" if text.startswith(FORMULA_SIGNS) or begin in _SIGNS else seen
