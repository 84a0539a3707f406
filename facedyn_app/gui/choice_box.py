"""A list to choose one thing from, with a line below that says more of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QPushButton, QWidget

from facedyn_app.gui.form import make_fault, make_note, say
from facedyn_app.gui.theme import GRID


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose.

    Attributes:
        key: What tells it from the others.
        words: Its name.
        more: What stands below when it is chosen.
        there: Whether it can be chosen.
    """

    key: str
    words: str
    more: str = ""
    there: bool = True


class ChoiceBox(QWidget):
    """A label, a list, a line below it, and buttons beside it.

    Args:
        label: What is chosen.
        choices: What there is.
        chosen: Key of the one chosen now.

    Attributes:
        changed: Another one is chosen.
    """

    changed = Signal()

    def __init__(
        self, label: str, choices: Sequence[Choice], chosen: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._choices: list[Choice] = []
        self.box = QComboBox()
        self.note, self.fault_note = make_note(), make_fault()
        self._faults: dict[str, str] = {}
        self._model = QStandardItemModel(self)
        self.box.setModel(self._model)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(QLabel(label), 0, 0)
        self._grid.addWidget(self.box, 0, 1)
        self._grid.addWidget(self.note, 1, 1, 1, 3)
        self._grid.addWidget(self.fault_note, 2, 1, 1, 3)
        for choice in choices:
            self.add(choice)
        self.choose(chosen)
        self.box.currentIndexChanged.connect(self._tell)
        self._tell()

    @property
    def chosen(self) -> str:
        """Key of what is chosen; empty where there is nothing."""
        row = self.box.currentIndex()
        return self._choices[row].key if row >= 0 else ""

    @property
    def fault(self) -> str:
        """Why what is chosen cannot be used; empty where it can."""
        return self._faults.get(self.chosen, "")

    def refuse(self, key: str, words: str) -> None:
        """Say why something cannot be used whenever it is chosen."""
        self._faults[key] = words
        self._tell()

    def add(self, choice: Choice) -> None:
        """Add something to choose."""
        item = QStandardItem(choice.words)
        item.setEnabled(choice.there)
        self._choices.append(choice)
        self._model.appendRow(item)

    def choose(self, key: str) -> None:
        """Choose what has this key, if it is there."""
        for row, choice in enumerate(self._choices):
            if choice.key == key:
                self.box.setCurrentIndex(row)

    def add_button(self, words: str) -> QPushButton:
        """A button beside the list."""
        button = QPushButton(words)
        self._grid.addWidget(button, 0, self._grid.columnCount())
        return button

    def _tell(self) -> None:
        row = self.box.currentIndex()
        self.note.setText(self._choices[row].more if row >= 0 else "")
        say(self.fault_note, self.fault)
        self.changed.emit()
