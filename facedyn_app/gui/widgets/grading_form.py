"""Form of the grading sheets: a clinician's own judgement, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from facedyn_app.dynamics.clinical.sheets import SHEETS, Judged, Sheet
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.gui.widgets.screen_fit import ScrolledPage
from facedyn_app.reports.sheet_words import FILLED_IN, choice_words, sum_words

NOT_JUDGED: Final = "not judged"


class Choice(QComboBox):
    """A choice that the wheel passes over: to scroll a page must judge nothing."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave the wheel to the page."""
        event.ignore()


class GradingForm(QWidget):
    """A tab a sheet; what is chosen is told at once.

    Attributes:
        judged: (str, dict): the sheet's key and what stands on it now.
    """

    judged = Signal(str, dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: dict[str, dict[str, QComboBox]] = {}
        self._sums: dict[str, QLabel] = {}
        self.tabs = QTabWidget()
        for sheet in SHEETS:
            self.tabs.addTab(ScrolledPage(self._page(sheet)), sheet.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(make_note(FILLED_IN))
        column.addWidget(self.tabs, 1)

    def choice(self, sheet: str, item: str) -> QComboBox:
        """The field of an item; its first entry is that nothing was judged."""
        return self._choices[sheet][item]

    def sum_text(self, sheet: str) -> str:
        """What stands below a sheet."""
        return self._sums[sheet].text()

    def show_sheets(self, sheets: Mapping[str, Judged]) -> None:
        """Show what was judged."""
        for sheet in SHEETS:
            judged = sheets.get(sheet.key, {})
            for key, field in self._choices[sheet.key].items():
                with QSignalBlocker(field):
                    field.setCurrentIndex(judged.get(key, -1) + 1)
            self._sums[sheet.key].setText(sum_words(sheet, judged))

    def _page(self, sheet: Sheet) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(GRID, GRID, GRID, GRID)
        fields = self._choices[sheet.key] = {}
        for item in sheet.items:
            field = fields[item.key] = Choice()
            field.addItems([NOT_JUDGED, *(choice_words(*one) for one in item.choices)])
            field.setAccessibleName(f"{sheet.title}: {item.title}")
            field.currentIndexChanged.connect(lambda _place, sheet=sheet: self._tell(sheet))
            form.addRow(item.title, field)
        total = self._sums[sheet.key] = QLabel()
        total.setTextFormat(Qt.TextFormat.PlainText)
        form.addRow("Sum", total)
        form.addRow("Source", make_note(sheet.source))
        return page

    @property
    def on_sheets(self) -> dict[str, Judged]:
        """What stands on each sheet."""
        return {
            sheet: {
                key: one.currentIndex() - 1 for key, one in fields.items() if one.currentIndex()
            }
            for sheet, fields in self._choices.items()
        }

    def _tell(self, sheet: Sheet) -> None:
        judged = self.on_sheets[sheet.key]
        self._sums[sheet.key].setText(sum_words(sheet, judged))
        self.judged.emit(sheet.key, judged)
