"""Dialogs of events: what one says, and a new kind of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QWidget

from facedyn_app.errors import InputError
from facedyn_app.events import DECIMALS, SIDES, TASK, Event
from facedyn_app.gui.dialogs.form import FormDialog, make_form
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, set_error
from facedyn_app.workflows.event_kinds import EventKind, free_keys, with_kind

KIND_COLOURS: Final = (
    ("green", "#009E73"),
    ("pink", "#CC79A7"),
    ("sky blue", "#56B4E9"),
    ("vermilion", "#D55E00"),
    ("orange", "#E69F00"),
)
"""Of Okabe and Ito (2008); they are seen on light and on dark."""


class EventDialog(FormDialog):
    """Asks for kind, times, name, side and text of an event; what is wrong is said.

    Args:
        event: As it is.
        kinds: The kinds that there are.
        names: Names that tasks can have, from the protocol.
        last_s: Time of the recording's last frame, s.
        parent: The window.
    """

    def __init__(
        self,
        event: Event,
        kinds: Sequence[str],
        names: Sequence[str],
        last_s: float,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Event", 56, parent)
        self.kind = QComboBox()
        self.kind.addItems(list(dict.fromkeys((*kinds, event.kind))))
        self.kind.setCurrentText(event.kind)
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.addItems(list(names))
        self.name.setCurrentText(event.name)
        self.side = QComboBox()
        self.side.addItems(["both or neither", *SIDES[1:]])
        self.side.setCurrentIndex(SIDES.index(event.side))
        self.start, self.end = (_seconds_field(time, last_s) for time in event.times)
        self.text = QPlainTextEdit(event.text)
        self.text.setFixedHeight(10 * GRID)
        self.text.setTabChangesFocus(True)
        self._error = make_error_line()
        form = make_form()
        form.addRow("Kind", self.kind)
        form.addRow("Begin", self.start)
        form.addRow("End", self.end)
        form.addRow("Name", self.name)
        form.addRow("Side", self.side)
        form.addRow("Text", self.text)
        form.addRow(self._error)
        lead = f"A {TASK}'s name says what is measured in it; a text can be anything."
        self._fill(lead, form)
        for field in (self.start, self.end):
            field.valueChanged.connect(self._check)
        self.name.setFocus()

    @property
    def error(self) -> str:
        """What is wrong; empty where nothing is."""
        return self._error.text()

    def event_of_fields(self) -> Event:
        """The event as it has been filled in; ValueError where it is none."""
        return Event(
            self.kind.currentText(),
            self.start.value(),
            self.end.value(),
            self.name.currentText(),
            self.text.toPlainText(),
            SIDES[self.side.currentIndex()],
        )

    def _check(self) -> None:
        try:
            self.event_of_fields()
            words = ""
        except ValueError as error:
            words = f"This cannot be: {error}."
        set_error(self._error, words)
        self._set_complete(not words)


def _seconds_field(seconds: float, last_s: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setDecimals(DECIMALS)
    field.setRange(min(0.0, seconds), max(last_s, seconds))
    field.setSuffix(" s")
    field.setSingleStep(0.1)
    field.setValue(seconds)
    return field


class KindDialog(FormDialog):
    """Asks for name, key and colour of a kind of events of the user's own.

    Args:
        kinds: Those that there are.
        parent: The window.
    """

    def __init__(self, kinds: Sequence[EventKind], parent: QWidget | None = None) -> None:
        super().__init__("New kind of event", 48, parent)
        self._kinds = kinds
        self.name = QLineEdit()
        self.name.setPlaceholderText("such as: tic, laugh, hand before the face")
        self.key = QComboBox()
        self.key.addItems(list(free_keys(kinds)))
        self.colour = QComboBox()
        for name, colour in KIND_COLOURS:
            self.colour.addItem(_swatch(colour), name, colour)
        self.colour.setCurrentIndex((len(kinds) - 4) % len(KIND_COLOURS))
        self._error = make_error_line()
        form = make_form()
        form.addRow("Name", self.name)
        form.addRow("Key", self.key)
        form.addRow("Colour", self.colour)
        form.addRow(self._error)
        self._fill("A kind of your own is set by its key as the others are.", form)
        self.name.textChanged.connect(self._check)
        self._set_complete(False)

    def kind(self) -> EventKind:
        """The kind as it has been filled in."""
        colour = str(self.colour.currentData())
        return EventKind(self.name.text().strip(), self.key.currentText(), colour)

    def _check(self) -> None:
        words = ""
        try:
            with_kind(self._kinds, self.kind())
        except InputError as error:
            words = str(error)
        set_error(self._error, words if self.name.text().strip() else "")
        self._set_complete(not words)


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(2 * GRID, 2 * GRID)
    picture.fill(Qt.GlobalColor.transparent)
    picture.fill(QColor(colour))
    return QIcon(picture)
