"""Training form: the same checks as on the command line, said beside the fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.device import choose_device
from facedyn_app.errors import FacedynError, MismatchError
from facedyn_app.gui.dialogs.form import make_form
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.training_run import TrainingOrder
from facedyn_app.gui.widgets.form_parts import TickBox, make_error_line, make_note, set_error
from facedyn_app.gui.widgets.screen_fit import ScrolledPage
from facedyn_app.gui.widgets.session_tree import SessionTree
from facedyn_app.gui.widgets.setting_field import SettingField
from facedyn_app.limits import settings_of
from facedyn_app.recognizer.split import FEWEST_TO_SHARE, parse_test_sessions
from facedyn_app.settings import NetworkSettings, Settings
from facedyn_app.workflows.split import Split
from facedyn_app.workflows.train import Material, TrainingPlan, plan_split

SMALL: Final = NetworkSettings(width=64, n_blocks=2)
LARGE: Final = NetworkSettings(width=256, n_blocks=6)
SHOWN: Final = (("features", "gaze"), ("train", "budget_minutes"), ("machine", "device"))
"""The settings that are asked for here: stage and name."""


class TrainForm(QWidget):
    """Asks for a training.

    Args:
        material: What there is to train on.
        settings: The window's settings: all that is not asked here.

    Attributes:
        ordered: TrainingOrder: begin this.
    """

    ordered = Signal(object)

    def __init__(
        self, material: Material, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._material, self._settings = material, settings
        self._division: Split | None = None
        self.tree = SessionTree()
        self.name = QLineEdit(material.free_name())
        self.resume = TickBox("Go on with the unfinished training of this name")
        self.resume.setChecked(True)
        self.split = QComboBox()
        self.split.setEditable(True)
        self.split.addItems(["last", "none"])
        self.split.setToolTip("last, none, or numbers from 1 with commas between them")
        self.sizes = _sizes(settings.network)
        self.network = QComboBox()
        self.network.addItems(list(self.sizes))
        self.name_note, self.split_note = make_error_line(), make_error_line()
        self.sessions_note, self.summary = make_error_line(), make_note()
        self.start = QPushButton("Train")
        self.start.setDefault(True)
        self.fields = {name: self._field(stage, name) for stage, name in SHOWN}
        self._lay_out()
        self._connect()
        self.tree.show_sessions(material.sessions)
        self._check()

    def _field(self, stage: str, name: str) -> SettingField:
        record = getattr(self._settings, stage)
        item = next(item for item in settings_of(record) if item.name == name)
        return SettingField(item, getattr(record, name), self)

    def _lay_out(self) -> None:
        form = make_form()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Name", self.name)
        form.addRow("", self.resume)
        form.addRow("", self.name_note)
        form.addRow("Sessions for the test", self.split)
        form.addRow("", self.split_note)
        form.addRow("Network", self.network)
        grid = QGridLayout()
        grid.setSpacing(GRID // 2)
        grid.setColumnStretch(3, 1)
        for field in self.fields.values():
            field.place(grid, grid.rowCount())
        fields = QWidget()
        side = QVBoxLayout(fields)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(2 * GRID)
        side.addLayout(form)
        side.addLayout(grid)
        side.addWidget(make_note("All other settings of features and training: Edit > Settings…"))
        side.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(3 * GRID)
        columns.addWidget(self.tree, 1)
        columns.addWidget(ScrolledPage(fields), 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self.summary, 1)
        bottom.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        lead = QLabel(
            " ".join(
                [
                    "The recognizer learns from the ticked sessions who moves how.",
                    self._material.left_out.words,
                ]
            ).strip()
        )
        lead.setWordWrap(True)
        column.addWidget(lead)
        column.addLayout(columns, 1)
        column.addWidget(self.sessions_note)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.tree.changed.connect(self._check)
        self.name.textChanged.connect(self._check)
        self.resume.toggled.connect(self._check)
        self.split.currentTextChanged.connect(self._check)
        self.network.currentIndexChanged.connect(self._check)
        for field in self.fields.values():
            field.changed.connect(self._check)
        self.start.clicked.connect(self._order)

    @property
    def complete(self) -> bool:
        """Whether the training can begin."""
        return self.start.isEnabled()

    def show_failure(self, error: Exception) -> None:
        """Say beside the fields why a training could not be done."""
        text = error.sentence if isinstance(error, FacedynError) else str(error)
        set_error(self.sessions_note, text)

    def _check(self) -> None:
        name = self.name.text().strip()
        unfinished = name in self._material.unfinished
        self.resume.setVisible(unfinished)
        error = self._material.name_error(name)
        if unfinished and not self.resume.isChecked():
            error = "An unfinished training has this name: go on with it, or take another name."
        set_error(self.name_note, error)
        wrong = [self._check_device(), self._check_time(), self._check_sessions(), bool(error)]
        self.start.setEnabled(not any(wrong))

    def _check_device(self) -> bool:
        field = self.fields["device"]
        try:
            choose_device(field.value)
        except FacedynError:
            field.show_conflict("is not there: no CUDA device was found on this machine")
            return True
        field.show_conflict("")
        return False

    def _check_time(self) -> bool:
        return bool(self.fields["budget_minutes"].error)

    def _check_sessions(self) -> bool:
        """Divide what is ticked, show it, and say what is wrong with it."""
        self._division = None
        split = sessions = ""
        try:
            plan = self._plan()
        except FacedynError as error:
            split = f"{error.sentence} {error.hint}"
        else:
            sessions = self._divide(plan)
        set_error(self.split_note, split)
        set_error(self.sessions_note, sessions)
        self.tree.show_division(self._division)
        self.summary.setText(_summary(self._division) if self._division else "")
        return self._division is None

    def _divide(self, plan: TrainingPlan) -> str:
        if not plan.sessions:
            return "No session is ticked."
        material = self._material
        try:
            self._division = plan_split(material.sessions, material.folder, plan, self._settings)
        except MismatchError as error:
            return f"{error.sentence} Untick those of the others."
        except FacedynError as error:
            return error.sentence
        return ""

    def _plan(self) -> TrainingPlan:
        return TrainingPlan(
            parse_test_sessions(self.split.currentText()),
            device=str(self.fields["device"].value),
            resume=self.name.text().strip() in self._material.unfinished,
            sessions=self.tree.chosen,
        )

    def _order(self) -> None:
        settings = replace(self._settings, network=self.sizes[self.network.currentText()])
        for stage, name in SHOWN:
            change: dict[str, Any] = {name: self.fields[name].value}
            settings = replace(settings, **{stage: replace(getattr(settings, stage), **change)})
        name = self.name.text().strip()
        self.ordered.emit(TrainingOrder(name, self._material.folder, self._plan(), settings))


def _sizes(own: NetworkSettings) -> dict[str, NetworkSettings]:
    """The networks to choose from, the one in the settings first."""
    named = {"As in the settings": own, "Small, quick": SMALL, "Large, slow": LARGE}
    return {
        f"{text}: {size.width} channels, {size.n_blocks} deep": size for text, size in named.items()
    }


def _summary(division: Split) -> str:
    n_speakers = len({entry.speaker for entry in division.train})
    parts = [f"{len(division.train)} sessions of {n_speakers} speakers train"]
    held_out = {entry.speaker for entry in division.validation}
    if held_out:
        parts.append(f"{len(held_out)} speakers are held out and choose the best weights")
    else:
        parts.append(
            f"with fewer than {FEWEST_TO_SHARE} speakers nobody is held out, so the newest "
            "weights are kept"
        )
    n_test = len(division.test)
    parts.append(f"{n_test} sessions are tested at the end" if n_test else "none is tested")
    return "; ".join(parts) + "."
