"""A page of settings: the records of some stages, a row for each setting, checked as typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from facedyn_app.gui.settings.field import SettingField, add_heading
from facedyn_app.gui.theme import GRID
from facedyn_app.limits import limits_of, settings_of

HEADINGS: Final = {"network": "Network of a new recognizer", "train": "Training"}

Conflict = tuple[str, str] | None
"""The setting that does not go with others, and what it must be."""


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
    def faults(self) -> tuple[str, ...]:
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
            sound = not any(field.fault for field in fields.values())
            found = self._conflict(stage, self._record(stage)) if sound else None
            for name, field in fields.items():
                field.show_conflict(found[1] if found is not None and found[0] == name else "")
        self.changed.emit()
