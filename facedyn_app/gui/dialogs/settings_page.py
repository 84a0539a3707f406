"""Page of settings: a row for each, checked as typed, and a list to choose one thing from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, make_note, set_error
from facedyn_app.gui.widgets.setting_field import SettingField, add_heading
from facedyn_app.limits import limits_of, settings_of

HEADINGS: Final = {"network": "Network of a new recognizer", "train": "Training"}
Conflict = tuple[str, str] | None
"""The setting that does not go with others, and what it must be."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose.

    Attributes:
        key: What tells it from the others.
        text: Its name.
        more: What stands below when it is chosen.
        there: Whether it can be chosen.
    """

    key: str
    text: str
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
        self.note, self.error_note = make_note(), make_error_line()
        self._errors: dict[str, str] = {}
        self._model = QStandardItemModel(self)
        self.box.setModel(self._model)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(QLabel(label), 0, 0)
        self._grid.addWidget(self.box, 0, 1)
        self._grid.addWidget(self.note, 1, 1, 1, 3)
        self._grid.addWidget(self.error_note, 2, 1, 1, 3)
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
    def error(self) -> str:
        """Why what is chosen cannot be used; empty where it can."""
        return self._errors.get(self.chosen, "")

    def refuse(self, key: str, text: str) -> None:
        """Say why something cannot be used whenever it is chosen."""
        self._errors[key] = text
        self._tell()

    def add(self, choice: Choice) -> None:
        """Add something to choose."""
        item = QStandardItem(choice.text)
        item.setEnabled(choice.there)
        self._choices.append(choice)
        self._model.appendRow(item)

    def choose(self, key: str) -> None:
        """Choose what has this key, if it is there."""
        for row, choice in enumerate(self._choices):
            if choice.key == key:
                self.box.setCurrentIndex(row)

    def add_button(self, text: str) -> QPushButton:
        """A button beside the list."""
        button = QPushButton(text)
        self._grid.addWidget(button, 0, self._grid.columnCount())
        return button

    def _tell(self) -> None:
        row = self.box.currentIndex()
        self.note.setText(self._choices[row].more if row >= 0 else "")
        set_error(self.error_note, self.error)
        self.changed.emit()


class SettingsPage(QScrollArea):
    """Edits the records of some stages.

    Args:
        records: The record of each stage, by the stage's name.
        conflict: Says what in a stage's record does not go together: called with the stage's
            name and the record.
        top: What stands above the settings; None for nothing.

    Attributes:
        changed: Something was typed or picked.
    """

    changed = Signal()

    def __init__(
        self,
        records: Mapping[str, Any],
        conflict: Callable[[str, Any], Conflict],
        top: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kinds = {stage: type(record) for stage, record in records.items()}
        self._conflict = conflict
        self._fields: dict[str, dict[str, SettingField]] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        column.setSpacing(2 * GRID)
        if top is not None:
            column.addWidget(top)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID // 2)
        self._grid.setColumnStretch(3, 1)
        column.addLayout(self._grid)
        column.addStretch(1)
        for stage, record in records.items():
            self._add_stage(stage, record)
        self.setWidget(inside)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._check()

    @property
    def fields(self) -> dict[str, dict[str, SettingField]]:
        """The fields by stage and name."""
        return self._fields

    @property
    def errors(self) -> tuple[str, ...]:
        """What is wrong, a sentence each; empty where nothing is."""
        own = (field for stage in self._fields.values() for field in stage.values())
        return tuple(field.note.text() for field in own if field.note.text())

    def records(self) -> dict[str, Any]:
        """The records as they have been filled in; only where there is no fault."""
        return {stage: self._record(stage) for stage in self._fields}

    def reset(self) -> None:
        """Put the defaults into all fields."""
        for stage in self._fields.values():
            for field in stage.values():
                field.set_default()

    def _add_stage(self, stage: str, record: Any) -> None:
        group = ""
        self._fields[stage] = {}
        for item in settings_of(record):
            wanted = limits_of(item).group or HEADINGS.get(stage, "")
            if wanted != group:
                group = wanted
                add_heading(self._grid, self._grid.rowCount(), group, self)
            field = SettingField(item, getattr(record, item.name), self)
            field.place(self._grid, self._grid.rowCount())
            field.changed.connect(self._check)
            self._fields[stage][item.name] = field

    def _record(self, stage: str) -> Any:
        values = {name: field.value for name, field in self._fields[stage].items()}
        return self._kinds[stage](**values)

    def _check(self) -> None:
        for stage, fields in self._fields.items():
            sound = not any(field.error for field in fields.values())
            found = self._conflict(stage, self._record(stage)) if sound else None
            for name, field in fields.items():
                field.show_conflict(found[1] if found is not None and found[0] == name else "")
        self.changed.emit()
