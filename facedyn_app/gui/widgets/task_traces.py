"""Small multiples: a task's traces in each session, aligned at the movement's onset."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from facedyn_app.dynamics.clinical.measures import BY_NAME, SIDES
from facedyn_app.dynamics.clinical.task_values import AlignedTask, align_repeats, measures_of
from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.theme import GRID, colours_of
from facedyn_app.gui.widgets.long_names import elided
from facedyn_app.reports.clinical_course_words import ClinicalVisit
from facedyn_app.reports.clinical_words import capital, task_title

LEAST_PLOT_PX: Final = 30 * GRID
AXIS_PX: Final = 9 * GRID
"""Beside a plot, px."""
EDGES: Final = ("left", "bottom")
NOTE: Final = "Every repeat, less rest; the onset is where a tenth of the peak is reached"


class TaskTraces(QWidget):
    """One task at a time, a plot a session, all of one scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graphics: Any = pg.GraphicsLayoutWidget()
        self._visits: tuple[ClinicalVisit, ...] = ()
        self._tasks: tuple[str, ...] = ()
        self._stale = False
        self._plots: list[Any] = []
        self._curves: list[tuple[int, Any]] = []
        self.task = QComboBox()
        self.task.setAccessibleName("Task whose traces are shown")
        self.task.currentIndexChanged.connect(self._show)
        self._legend = QLabel()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._graphics)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.task)
        top.addWidget(self._legend, 1)
        column.addLayout(top)
        column.addWidget(self._scroll, 1)
        self._paint_colours()

    @property
    def drawn(self) -> list[str]:
        """Titles of the plots."""
        return [plot.titleLabel.text for plot in self._plots]

    @property
    def n_curves(self) -> int:
        """Curves in all plots."""
        return len(self._curves)

    def show_tasks(self, visits: Sequence[ClinicalVisit], tasks: Sequence[str]) -> None:
        """Offer tasks, and show the one that was shown before, or else the first.

        Args:
            visits: The sessions, by date.
            tasks: Ids of tasks that at least one has measured.
        """
        before = self.task.currentText()
        self._visits, self._tasks = tuple(visits), tuple(tasks)
        with QSignalBlocker(self.task):
            self.task.clear()
            self.task.addItems([capital(task_title(one)) for one in tasks])
            self.task.setCurrentIndex(max(0, self.task.findText(before)) if tasks else -1)
        self._stale = True
        if self.isVisible():
            self._show()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Draw what came while nobody saw it: plots take time to make."""
        super().showEvent(event)
        if self._stale:
            self._show()

    @Slot()
    def _show(self) -> None:
        self._stale = False
        self._graphics.clear()
        self._plots, self._curves = [], []
        place = self.task.currentIndex()
        if not 0 <= place < len(self._tasks):
            return
        task = self._tasks[place]
        each = [
            align_repeats(one.measured.measures, one.measured.session.motion.seconds, task)
            for one in self._visits
        ]
        spans = _spans([one for repeats in each for one in repeats])
        for column, (visit, repeats) in enumerate(zip(self._visits, each, strict=True)):
            plot = self._add_plot(column, measures_of(task)[0], visit, repeats)
            plot.setRange(xRange=spans[0], yRange=spans[1])
        self._graphics.setMinimumWidth(LEAST_PLOT_PX * len(self._visits))
        self._paint_colours()

    def _add_plot(
        self, column: int, name: str, visit: ClinicalVisit, repeats: Sequence[AlignedTask]
    ) -> Any:
        plot = self._graphics.addPlot(row=0, col=column, enableMenu=False)
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())  # it shall go with the widget
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        room = max(LEAST_PLOT_PX, self._scroll.viewport().width() // len(self._visits)) - AXIS_PX
        plot.setTitle(escape(elided(visit.label, self.fontMetrics(), room), quote=False))
        plot.titleLabel.setToolTip(tip_text(visit.label))
        plot.setLabel("left", f"{BY_NAME[name].title} ({BY_NAME[name].unit or 'ratio'})")
        plot.setLabel("bottom", "from the onset (s)")
        for edge in EDGES:
            plot.getAxis(edge).enableAutoSIPrefix(False)
        plot.addItem(pg.InfiniteLine(0.0))
        for repeat in repeats:
            for side in range(len(SIDES)):
                curve = plot.plot(repeat.seconds, repeat.values[:, side], connect="finite")
                self._curves.append((side, curve))
        self._plots.append(plot)
        return plot

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_scroll"):
            self._paint_colours()

    def _paint_colours(self) -> None:
        colours = colours_of(self)
        self._graphics.setBackground(colours.base)
        sides = zip(SIDES, colours.series, strict=False)
        marks = [f'<span style="color:{one}">&#9632;</span> {side}' for side, one in sides]
        self._legend.setText("&nbsp; &nbsp;".join([*marks, NOTE]))
        for plot in self._plots:
            plot.titleLabel.setText(plot.titleLabel.text, color=colours.text, size="9pt")
            for edge in EDGES:
                plot.getAxis(edge).setPen(colours.line)
                plot.getAxis(edge).setTextPen(colours.muted)
            for item in plot.items:
                if isinstance(item, pg.InfiniteLine):
                    item.setPen(pg.mkPen(colours.line, style=Qt.PenStyle.DotLine))
        for side, curve in self._curves:
            curve.setPen(pg.mkPen(colours.series[side], width=1.2))


def _spans(repeats: Sequence[AlignedTask]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The times and the values of all, with 0 among the values."""
    if not repeats:
        return (0.0, 1.0), (0.0, 1.0)
    seconds = np.concatenate([one.seconds for one in repeats])
    values = np.concatenate([np.zeros((1, 2)), *(one.values for one in repeats)])
    return (
        (float(seconds.min()), float(seconds.max())),
        (float(np.nanmin(values)), float(np.nanmax(values))),
    )
