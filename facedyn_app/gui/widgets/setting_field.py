"""Setting field: one setting as it is typed, with unit, range, default and its error."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from facedyn_app.formatting import plain_number, read_number
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import TickBox, make_error_line, make_note, set_error
from facedyn_app.limits import fault, limits_of

EDITOR_PX = 15 * GRID


class SettingField(QObject):
    """Edits one setting; stands in a row of a grid, its sentence in the row below.

    Args:
        item: The setting.
        value: What it is now.

    Attributes:
        changed: Something was typed or picked.
    """

    changed = Signal()

    def __init__(self, item: Field[Any], value: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.item = item
        self.default = item.default
        self._limits = limits_of(item)
        self.label = QLabel(self._limits.words)
        self.editor = self._make_editor()
        self.editor.setFixedWidth(EDITOR_PX)
        self.note = make_error_line()
        self.reset = QToolButton()
        self.reset.setText("Reset")
        self.reset.clicked.connect(self.set_default)
        for widget in (self.label, self.editor):
            widget.setToolTip(self._limits.meaning)
        self.set_value(value)
        self._show_state()

    @property
    def value(self) -> Any:
        """What has been typed, as a number where it is one; else as text."""
        if isinstance(self.editor, QCheckBox):
            return self.editor.isChecked()
        if isinstance(self.editor, QComboBox):
            return self.editor.currentText()
        return _read(self.editor.text(), self.default)

    @property
    def unit(self) -> str:
        """Of what is typed; empty where it has none."""
        return self._limits.unit

    @property
    def error(self) -> str:
        """What is wrong with it, "must be …"; empty where nothing is."""
        return fault(self.item, self.value)

    def set_value(self, value: Any) -> None:
        """Put a value into the field."""
        if isinstance(self.editor, QCheckBox):
            self.editor.setChecked(value)
        elif isinstance(self.editor, QComboBox):
            self.editor.setCurrentText(value)
        else:
            self.editor.setText(value_text(value))

    def set_default(self) -> None:
        """Put the default into the field."""
        self.set_value(self.default)

    def place(self, grid: QGridLayout, row: int) -> None:
        """Put the widgets into a row of a grid and the one below."""
        grid.addWidget(self.label, row, 0)
        grid.addWidget(self.editor, row, 1)
        facts = make_note(self._facts())
        if isinstance(self.editor, QCheckBox):
            grid.addWidget(facts, row, 2, 1, 2)
        else:
            grid.addWidget(QLabel(self._limits.unit), row, 2)
            grid.addWidget(facts, row, 3)
        grid.addWidget(self.reset, row, 4)
        grid.addWidget(self.note, row + 1, 1, 1, 4)

    def show_conflict(self, text: str) -> None:
        """Say how it does not go with others; an empty text where it does."""
        wrong = self.error or text
        set_error(self.note, f"This {wrong}." if wrong else "")

    def _make_editor(self) -> QLineEdit | QComboBox | QCheckBox:
        editor: QLineEdit | QComboBox | QCheckBox
        if isinstance(self.default, bool):
            editor = TickBox()
            editor.setText("yes")
            editor.toggled.connect(self._tell)
        elif self._limits.choices:
            editor = QComboBox()
            editor.addItems(self._limits.choices)
            editor.currentTextChanged.connect(self._tell)
        else:
            editor = QLineEdit()
            editor.textChanged.connect(self._tell)
        return editor

    def _facts(self) -> str:
        if isinstance(self.editor, QCheckBox):  # it has all the room that a number needs
            return f"{self.label.toolTip()} Default: {value_text(self.default)}."
        range_words = self._limits.range_words.removesuffix(self._limits.unit).strip()
        default = f"default {value_text(self.default)}"
        return f"{range_words}, {default}" if self._limits.low is not None else default

    def _tell(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        differs = self.value != self.default
        self.reset.setEnabled(differs)
        self.reset.setToolTip(f"Back to the default, {value_text(self.default)}")
        font = self.label.font()
        font.setBold(differs)
        self.label.setFont(font)
        self.show_conflict("")


def value_text(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(plain_number(part) for part in value)
    return plain_number(value) if isinstance(value, float) else str(value)


def _read(text: str, default: Any) -> Any:
    """The number or numbers in a text; the text itself where it is none."""
    try:
        if isinstance(default, tuple):
            # with decimal commas, numbers are told apart by semicolons
            return tuple(read_number(part) for part in text.split(";" if ";" in text else ","))
        return int(text) if isinstance(default, int) else read_number(text)
    except ValueError:
        return text


def add_heading(grid: QGridLayout, row: int, text: str, parent: QWidget) -> None:
    """A bold line above a group of settings."""
    heading = QLabel(text, parent)
    font = heading.font()
    font.setBold(True)
    font.setPointSizeF(1.1 * font.pointSizeF())
    heading.setFont(font)
    heading.setContentsMargins(0, GRID if row else 0, 0, 0)
    grid.addWidget(heading, row, 0, 1, 5)
