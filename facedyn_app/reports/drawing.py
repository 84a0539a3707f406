"""How the figures of reports look, and what draws them: matplotlib without a window."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6e6e6e"
"""Of Okabe and Ito's palette, which colour-blind people can tell apart."""

DPI = 160
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


@contextmanager
def drawing(inches: tuple[float, float]) -> Iterator[Figure]:
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
