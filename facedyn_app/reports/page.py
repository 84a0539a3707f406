"""Layout of reports: page templates, figures drawn without a window, numbers in tables.

A page is HTML that browsers show and that Qt's text documents print.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from facedyn_app.formatting import LONGEST_NAME, shown, shown_name
from facedyn_app.settings import TrustSettings

UNKNOWN = "not known"
INCHES = 7.0
"""Width of a figure."""
DPI = 160
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6e6e6e"
"""Of Okabe and Ito's palette, which colour-blind people can tell apart."""
_STYLE: Mapping[str, object] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "font.size": 10,
    "text.parse_math": False,  # names come from outside
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "svg.hashsalt": "facedyn",
    "svg.fonttype": "none",
}

LONGEST_TEXT = 5000
"""Letters that a page shows of one text."""
_LONG_WORD = re.compile(rf"\S{{{LONGEST_NAME + 1},}}")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a report says of where its numbers come from.

    Attributes:
        program: The program that writes the report.
        now: When it is written.
        speaker: Whose session it is; empty where nobody is named.
        consent: Who gave it, when, for what; empty where none is recorded.
    """

    program: str
    now: datetime
    speaker: str = ""
    consent: str = ""

    @property
    def written(self) -> tuple[str, str]:
        """By which program the report was written and when, as a row of facts."""
        return "Report", f"{self.program}, {self.now:%Y-%m-%d %H:%M}"


def render_page(template: str, **values: object) -> str:
    """A page of `templates/`, its values escaped.

    Args:
        template: Its name, without ending.
        values: What it shows: texts, rows of texts, figures as bytes of PNG files.
    """
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        finalize=_seen,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["base64"] = lambda png: Markup(base64.b64encode(png).decode("ascii"))
    return pages.get_template(f"{template}.html").render(values)


def _seen(value: object) -> object:
    """What a page shows: of texts the letters that would act instead of being seen as escapes.

    Words longer than any, and texts longer than any consent, are cut: they would push the rest
    off the sheet.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = _LONG_WORD.sub(lambda word: shown_name(word[0]), value)
    text = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
    return shown(text, keep="\n\t")


def threshold_rows(trust: TrustSettings) -> list[tuple[str, ...]]:
    """The thresholds that words such as "good" and "drifts" depend on."""
    return settings_rows({"trust": asdict(trust)})


def settings_rows(settings: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    """Settings by their parts, two in a row, so that a long table takes half of a sheet."""
    rows = []
    for part, values in (settings or {}).items():
        items = values.items() if isinstance(values, dict) else [("", values)]
        rows += [(f"{part}.{key}".rstrip("."), json.dumps(value)) for key, value in items]
    rows = [*(rows or [("settings", UNKNOWN)]), ("", "")]
    half = len(rows) // 2
    return [left + right for left, right in zip(rows[:half], rows[half:], strict=False)]


@contextmanager
def new_figure(inches: tuple[float, float]) -> Iterator[Figure]:
    """A figure of this size, to be filled and saved within."""
    with mpl.rc_context(dict(_STYLE)):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def png_of(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI)
    return file.getvalue()
