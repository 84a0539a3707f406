"""Training dialog: the form, the training under way, its result; closing it stops nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from facedyn_app.gui.dialogs.train_form import TrainForm
from facedyn_app.gui.dialogs.train_page import TrainingPage
from facedyn_app.gui.status import DONE
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.workflows.recognizers import accuracy_text
from facedyn_app.gui.workflows.training import Material, TrainingRun
from facedyn_app.library.recognizers import RecognizerEntry
from facedyn_app.settings import Settings

NOBODY = "There is nobody in the library to learn from yet."
FIRST_STEPS = (
    "Training needs two speakers or more, with two sessions each or more: enrol recordings in this "
    "window, or bring in a folder of them with “facedyn import”."
)


class TrainDialog(FittedDialog):
    """A view of the training: what runs goes on without it.

    Attributes:
        ordered: TrainingOrder: begin this.
        closed: It is seen no more.
    """

    ordered = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train recognizer")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(136 * GRID, 84 * GRID)
        self.form: TrainForm | None = None
        self.page = TrainingPage()
        self.panel = Panel(NOBODY, FIRST_STEPS)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        inside = QVBoxLayout(self.panel.content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addWidget(self.panel)

    def done(self, result: int) -> None:
        """Close; the training goes on."""
        super().done(result)
        self.closed.emit()

    def show_form(self, material: Material, settings: Settings) -> None:
        """Ask for a training with what there is to train on."""
        if self.form is not None:
            self._stack.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        if not material.sessions:
            self.panel.show_empty()
            return
        self.form = TrainForm(material, settings)
        self.form.ordered.connect(self.ordered)
        self._stack.addWidget(self.form)
        self._stack.setCurrentWidget(self.form)
        self.panel.show_status(DONE)

    def show_training(self, run: TrainingRun, entry: RecognizerEntry | None) -> None:
        """Show how a training stands.

        Args:
            run: The training.
            entry: Its recognizer, once there is one.
        """
        if run.error is not None and run.state is None and self.form is not None:
            # it could not even begin: the sentence stands where it can be put right
            self.form.show_failure(run.error)
            self._stack.setCurrentWidget(self.form)
            return
        self.page.show_training(run, accuracy_text(entry) if entry is not None else "")
        self.page.activate.setEnabled(entry is not None and not (entry.active or entry.fault))
        self._stack.setCurrentWidget(self.page)
        self.panel.show_status(DONE)
