"""Train recognizer: the form, the training at work, its result; closing it stops nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QStackedWidget, QVBoxLayout, QWidget

from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.panel import DONE, Panel, PanelStatus, error_status
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.training.flows import TrainFlows
from facedyn_app.gui.training.form import TrainForm
from facedyn_app.gui.training.page import TrainingPage
from facedyn_app.gui.training.recognizers import RecognizerFlows, accuracy_words
from facedyn_app.gui.training.work import Material, TrainingOrder, read_material
from facedyn_app.settings import Settings

NOBODY = "There is nobody in the library to learn from yet."
FIRST_STEPS = (
    "Training needs two speakers or more, with two sessions each or more: enrol recordings in this "
    "window, or bring in a folder of them with “facedyn import”."
)


class TrainDialog(QDialog):
    """A view of the training: what runs goes on without it.

    Args:
        flows: The training.
        recognizers: The list that the result joins.
        queue: For short work on the disk.
        folder: The library.
        settings: Gives the window's settings.
        parent: The window.
    """

    closed = Signal()

    def __init__(
        self,
        flows: TrainFlows,
        recognizers: RecognizerFlows,
        queue: JobQueue,
        folder: Path,
        settings: Callable[[], Settings],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train recognizer")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(136 * GRID, 84 * GRID)
        self._flows, self._recognizers, self._queue = flows, recognizers, queue
        self._folder, self._settings = folder, settings
        self._watch: Watch | None = None
        self.form: TrainForm | None = None
        self.page = TrainingPage()
        self.panel = Panel(NOBODY, FIRST_STEPS)
        self.panel.retry_requested.connect(self.read)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        inside = QVBoxLayout(self.panel.content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addWidget(self.panel)
        self._connect()
        if flows.training is not None:
            self._show_training()
        else:
            self.read()

    def _connect(self) -> None:
        page, flows = self.page, self._flows
        page.end_requested.connect(flows.end_with_best)
        page.stop_requested.connect(flows.stop)
        page.activate_requested.connect(self._activate)
        page.again_requested.connect(self._again)
        flows.changed.connect(self._show_training)
        self._recognizers.listed.connect(self._show_training)

    def read(self) -> None:
        """Read what there is to train on, and show the form."""
        self.panel.show_status(PanelStatus("working", "Reading the library …"))
        job = Job("Read what to train on", read_material(self._folder))
        self._watch = Watch(job, self._show_form, self._fail)
        self._queue.add(job)

    def done(self, result: int) -> None:
        """Take nothing any more; the training goes on."""
        if self._watch is not None:
            self._watch.drop()
        super().done(result)
        self.closed.emit()

    def _show_form(self, material: Material) -> None:
        if self.form is not None:
            self._stack.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        if not material.sessions:
            self.panel.show_empty()
            return
        self.form = TrainForm(material, self._settings())
        self.form.ordered.connect(self._start)
        self._stack.addWidget(self.form)
        self._stack.setCurrentWidget(self.form)
        self.panel.show_status(DONE)

    def _fail(self, error: Exception) -> None:
        self.panel.show_status(error_status(error))

    @Slot(object)
    def _start(self, order: TrainingOrder) -> None:
        self._flows.start(order)

    @Slot()
    def _show_training(self) -> None:
        training = self._flows.training
        if training is None:
            return
        if training.error is not None and training.state is None and self.form is not None:
            # it could not even begin: the sentence stands where it can be put right
            self.form.show_failure(training.error)
            self._stack.setCurrentWidget(self.form)
            return
        name = training.order.name
        known = (one for one in self._recognizers.entries if one.name == name)
        entry = next(known, None)
        self.page.show_training(training, accuracy_words(entry) if entry is not None else "")
        self.page.activate.setEnabled(entry is not None and not (entry.active or entry.fault))
        self._stack.setCurrentWidget(self.page)
        self.panel.show_status(DONE)

    @Slot()
    def _activate(self) -> None:
        if self._flows.training is not None:
            self._recognizers.activate(self._flows.training.order.name)

    @Slot()
    def _again(self) -> None:
        self._flows.clear()
        self.read()
