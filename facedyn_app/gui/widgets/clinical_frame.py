"""Frame of the windows on clinical measures: scale, buttons, pages, and what was assumed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTabWidget, QVBoxLayout, QWidget

from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.pupil_distance import PupilDistance
from facedyn_app.gui.widgets.screen_fit import FittedDialog, no_default_button


class ClinicalFrame(FittedDialog):
    """Stays beside the main window; goes when it is closed.

    Args:
        title: What it is about.
        nothing: What stands in it before there is anything to show.
        first_step: What to do then.
        parent: The main window.

    Attributes:
        ipd_changed: The user has entered another inter-pupillary distance.
        export_requested: Write a table of what is shown.
    """

    ipd_changed = Signal()
    export_requested = Signal()

    def __init__(
        self, title: str, nothing: str, first_step: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{title} - facedyn")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(156 * GRID, 86 * GRID)
        self.ipd = PupilDistance()
        self.ipd.entered.connect(self.ipd_changed)
        self.export = QPushButton("Export table…")
        self.export.clicked.connect(self.export_requested)
        self.copy = QPushButton("Copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text_to_copy()))
        self.panel = Panel(nothing, first_step)
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.headline.setTextFormat(Qt.TextFormat.PlainText)
        self.note = make_note()
        self.said = make_note()
        self.tabs = QTabWidget()

    def text_to_copy(self) -> str:
        """What Copy takes of the page that is shown."""
        raise NotImplementedError

    def lay_out(
        self,
        fields: Sequence[tuple[str, QWidget]],
        beside: Sequence[QWidget],
        buttons: Sequence[QWidget],
        pages: Sequence[tuple[str, QWidget]],
        below: Sequence[QWidget] = (),
    ) -> None:
        """Put everything in its place.

        Args:
            fields: Above the pages, from the left, each with its words.
            beside: After these.
            buttons: Above the pages on the right.
            pages: The pages with their titles.
            below: Below what the frame says.
        """
        top = QHBoxLayout()
        for text, field in fields:
            label = QLabel(text)
            label.setBuddy(field)
            top.addWidget(label)
            top.addWidget(field)
        for widget in beside:
            top.addWidget(widget)
        top.addStretch(1)
        for button in buttons:
            top.addWidget(button)
        for title, page in pages:
            self.tabs.addTab(page, title)
        inside = QVBoxLayout(self.panel.content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(GRID)
        inside.addWidget(self.headline)
        inside.addWidget(self.tabs, 1)
        inside.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.panel, 1)
        for widget in (self.said, *below):
            column.addWidget(widget)
        no_default_button(self)


def make_page(*parts: QWidget, stretches: Sequence[int]) -> QWidget:
    """A page of parts below each other."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(GRID, GRID, GRID, GRID)
    column.setSpacing(GRID)
    for part, stretch in zip(parts, stretches, strict=True):
        column.addWidget(part, stretch)
    return page
