"""Pages of reports: HTML that browsers show, and that Qt's text documents print."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence

PURPOSE = "For research use, not a medical device."
NAME = ' class="name"'
"""Of the first cell of a row, which is not broken into lines."""
WIDTH_PX = 620
"""Of a picture: as wide as the text on a sheet of A4."""
NOTE = "note"
"""Of a paragraph that explains: smaller and grey."""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c1c1c; background: #fff; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }}
th, td {{ padding: 0.25rem 0.7rem; border-bottom: 1px solid #e0e0e0; text-align: right; }}
th:first-child, td.name {{ text-align: left; white-space: nowrap; }}
table.facts td {{ text-align: left; }}
.figures {{ display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); }}
figure {{ margin: 0; }} figure svg, img {{ max-width: 100%; height: auto; }}
.note {{ color: #555; }}
</style></head><body>
<h1>{title}</h1>
<p class="note">{purpose}</p>
{body}
</body></html>
"""


def page(title: str, parts: Sequence[str]) -> str:
    """A whole page.

    Args:
        title: Plain text.
        parts: HTML, one part below the other.
    """
    return _PAGE.format(title=html.escape(title), body="\n".join(parts), purpose=PURPOSE)


def heading(text: str) -> str:
    """A heading of plain text."""
    return f"<h2>{html.escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    of_kind = f' class="{kind}"' if kind else ""
    return f"<p{of_kind}>{html.escape(text)}</p>"


def bullets(sentences: Sequence[str]) -> str:
    """Sentences of plain text, one below the other; nothing where there is none."""
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain texts, the first column to the left, the others to the right."""
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    return f"<table><tr>{top}</tr>{_rows(rows)}</table>"


def facts_table(rows: Sequence[tuple[str, ...]]) -> str:
    """What is known, and its value, as plain texts, perhaps several beside each other."""
    return f'<table class="facts">{_rows(rows)}</table>'


def number(value: float | None, form: str) -> str:
    """A number for a table; a dash where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:{form}}"


def picture(png: bytes, words: str) -> str:
    """A picture that lies in the page itself.

    Args:
        png: The file's bytes.
        words: What it shows, plain text.
    """
    data = base64.b64encode(png).decode("ascii")
    said = html.escape(words, quote=True)
    return (
        f'<p><img src="data:image/png;base64,{data}" width="{WIDTH_PX}" alt="{said}"></p>'
        f'<p class="note">{said}</p>'
    )


def _rows(rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"<tr>{_row(row)}</tr>" for row in rows)


def _row(cells: Sequence[str]) -> str:
    kinds = [NAME] + [""] * len(cells)
    return "".join(
        f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, cells, strict=False)
    )
