"""Fields of a consent: a tick for each purpose, and the last day on which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QDateEdit, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import TickBox
from facedyn_app.records import Purpose

TIPS: Final = {
    Purpose.RESEARCH: "Studies",
    Purpose.CLINICAL: "Measures of how the face moves",
    Purpose.RECOGNITION: "To be compared with in “Who is it?”",
    Purpose.TRAINING: "To train and test recognizers",
}
YEARS: Final = 2
"""How far ahead the end is that is proposed first."""


class ConsentFields(QWidget):
    """Asks for purposes and a last day.

    Attributes:
        changed: Something else is chosen.
        ticks: The box of each purpose.
        has_end: Whether there is a last day.
        end: The last day.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: dict[Purpose, date | None] = {}
        self.ticks = {purpose: TickBox(purpose.capitalize()) for purpose in Purpose}
        self.has_end = TickBox("Until")
        today = QDate.currentDate()
        self.end = QDateEdit(today.addYears(YEARS))
        self.end.setCalendarPopup(True)
        self.end.setDisplayFormat("yyyy-MM-dd")
        self.end.setMinimumDate(today)
        self.end.setEnabled(False)
        boxes, row, column = QGridLayout(), QHBoxLayout(), QVBoxLayout(self)
        for layout in (boxes, row, column):
            layout.setSpacing(GRID)
        column.setContentsMargins(0, 0, 0, 0)
        for number, (purpose, box) in enumerate(self.ticks.items()):
            box.setToolTip(TIPS[purpose])
            box.toggled.connect(self.changed)
            boxes.addWidget(box, number // 2, number % 2)
        row.addWidget(self.has_end)
        row.addWidget(self.end)
        row.addStretch(1)
        column.addLayout(boxes)
        column.addLayout(row)
        self.has_end.toggled.connect(self.end.setEnabled)
        self.has_end.toggled.connect(self.changed)
        self.end.dateChanged.connect(self.changed)
        self.show_consent(dict.fromkeys(Purpose))

    def show_consent(self, wanted: Mapping[Purpose, date | None]) -> None:
        """Tick what a consent holds for; of several last days the first is shown."""
        for purpose, box in self.ticks.items():
            box.setChecked(purpose in wanted)
        days = [day for day in wanted.values() if day is not None]
        self.has_end.setChecked(bool(days))
        if days:
            self.end.setDate(QDate(min(days).year, min(days).month, min(days).day))
        self._shown, self._first = dict(wanted), self._chosen()

    def _chosen(self) -> dict[Purpose, date | None]:
        picked = self.end.date()
        until = date(picked.year(), picked.month(), picked.day())
        last = until if self.has_end.isChecked() else None
        return {purpose: last for purpose, box in self.ticks.items() if box.isChecked()}

    @property
    def wanted(self) -> dict[Purpose, date | None]:
        """What is ticked, each purpose with its last day; as it was shown where nothing is new."""
        chosen = self._chosen()
        return dict(self._shown) if chosen == self._first else chosen
