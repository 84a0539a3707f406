"""Style of one plot of the traces: axes, range, legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg

from facedyn_app.gui.theme import Colours
from facedyn_app.gui.timeline import Timeline, TraceGroup

LEFT_PX: Final = 48
AXIS_PX: Final = 22
BOTTOM_PX: Final = 4


class SecondsAxis(pg.AxisItem):  # type: ignore[misc]
    """A time axis with the unit beside each number, so that it needs no line of its own."""

    def __init__(self) -> None:
        super().__init__("bottom")

    def tickStrings(  # noqa: N802 - the library's name
        self, values: Sequence[float], scale: float, spacing: float
    ) -> list[str]:
        """Numbers of seconds."""
        return [f"{text} s" for text in super().tickStrings(values, scale, spacing)]


def style_plot(plot: Any, *, last: bool) -> None:
    """Axes with few ticks, zoom along time only; the lowest plot carries the time axis."""
    plot.hideButtons()
    plot.setMouseEnabled(x=True, y=False)
    axis = plot.getAxis("left")
    axis.setWidth(LEFT_PX)
    axis.setStyle(tickTextOffset=4, hideOverlappingLabels=False)
    axis.enableAutoSIPrefix(False)
    bottom = plot.getAxis("bottom")
    bottom.enableAutoSIPrefix(False)
    bottom.setStyle(showValues=last)
    bottom.setHeight(AXIS_PX if last else BOTTOM_PX)
    plot.showGrid(x=True, y=False, alpha=0.15)


def value_range(timeline: Timeline, group: TraceGroup) -> tuple[float, float]:
    """An axis that holds all values, and does not blow up noise to full height."""
    least = 5.0 if group.unit == "deg" else 0.3
    values = np.concatenate([timeline.column(source) for _, source in group.channels])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, least
    return min(0.0, float(values.min())), max(least, float(values.max()))


def end_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Two ticks that never touch, however low the plot is: zero, and the outermost round value."""
    outermost = high if high >= -low else low
    step = 10.0 ** np.floor(np.log10(abs(outermost)))
    value = float(np.trunc(outermost / step) * step)
    return [(0.0, "0"), (value, f"{value:g}")]


def legend(group: TraceGroup, colours: Colours) -> str:
    """Title, unit and channels of a group in two lines of HTML."""
    text, muted, series = colours.text, colours.muted, colours.series
    head = f'<span style="color:{text}"><b>{group.title}</b></span>'
    unit = f'<span style="color:{muted}"> ({group.unit})</span>'
    names = [
        f'<span style="color:{series[n % len(series)]}">&#9632;</span>'
        f'<span style="color:{text}"> {label}</span>'
        for n, (label, _) in enumerate(group.channels)
    ]
    first = head + unit + " " + " ".join(names[:1] if len(names) > 3 else [])
    rest = names[1:] if len(names) > 3 else names
    return f"{first}<br>{' '.join(rest)}"
