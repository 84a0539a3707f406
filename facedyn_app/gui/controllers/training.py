"""Training of a recognizer: its thread, its dialog, the button that shows one under way."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import Literal

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QPushButton

from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.controllers.recognizers import RecognizerController
from facedyn_app.gui.dialogs.recognizers import RecognizersDialog
from facedyn_app.gui.dialogs.train import TrainDialog
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.status import PanelStatus, error_status
from facedyn_app.gui.theme import tabular_font
from facedyn_app.gui.training_run import TrainingOrder, TrainingRun
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.workflows.train import Material, read_material, train_by_name

READING = PanelStatus("working", "Reading the library …")
ENDS = {"done": "is trained", "stopped": "stopped", "failed": "was not trained"}


class TrainingController(QObject):
    """One training at a time, which goes on when its dialog is closed.

    Args:
        window: The window.
        library: The library that is open.
        recognizers: Its recognizers.

    Attributes:
        queue: The thread of the training.
        current: The training that runs or has run last; None before the first.
        dialog: The dialog, while it is open.
        badge: Says in the status bar how far a training is, and opens the dialog.
    """

    def __init__(
        self, window: MainWindow, library: LibraryController, recognizers: RecognizerController
    ) -> None:
        super().__init__()
        self.queue = JobQueue(self)
        self.current: TrainingRun | None = None
        self.dialog: TrainDialog | None = None
        self._window, self._library, self._recognizers = window, library, recognizers
        self._enough = Event()
        self._reading: Job | None = None
        self.badge = QPushButton()
        self.badge.setFlat(True)
        self.badge.setFont(tabular_font(self.badge.font()))
        self.badge.setToolTip("Show the training")
        self.badge.setVisible(False)
        self.badge.clicked.connect(self.show_dialog)
        window.statusBar().addPermanentWidget(self.badge)
        window.train_requested.connect(self.show_dialog)
        window.recognizers_requested.connect(self.show_recognizers)
        window.closing.connect(self.queue.shut_down)
        recognizers.listed.connect(self._show)

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self.current is not None and self.current.running

    @Slot()
    def show_dialog(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = dialog = TrainDialog(self._window)
            dialog.closed.connect(self._forget_dialog)
            dialog.ordered.connect(self.start)
            dialog.page.end_requested.connect(self.end_with_best)
            dialog.page.stop_requested.connect(self.stop)
            dialog.page.activate_requested.connect(self._activate)
            dialog.page.again_requested.connect(self._ask_again)
            if self.current is None:
                self._read()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._show()

    @Slot()
    def show_recognizers(self) -> None:
        """Open the list of recognizers."""
        recognizers = self._recognizers
        dialog = RecognizersDialog(self._window)
        dialog.activate_requested.connect(recognizers.activate)
        dialog.folder_chosen.connect(recognizers.bring_in)
        recognizers.listed.connect(dialog.show_entries)
        recognizers.failed.connect(dialog.show_error)
        dialog.show_entries(recognizers.entries)
        recognizers.refresh()
        dialog.show()

    @Slot(object)
    def start(self, order: TrainingOrder) -> None:
        """Begin a training; nothing where one is under way."""
        if self.running:
            return
        self._enough = Event()
        run = self.current = TrainingRun(order)
        self.queue.submit(
            train_by_name,
            order.name,
            order.folder,
            order.settings,
            order.plan,
            self._enough,
            title=f"Train {order.name}",
            on_result=partial(self._take_result, run),
            on_error=partial(self._take_error, run),
            on_progress=partial(self._take_progress, run),
            on_cancel=partial(self._end, run, "stopped"),
        )
        self._show()

    @Slot()
    def end_with_best(self) -> None:
        """End the training; the best so far becomes the recognizer."""
        if self.current is not None and self.current.phase == "running":
            self.current.phase = "ending"
            self._enough.set()
            self._show()

    @Slot()
    def stop(self) -> None:
        """End the training without a recognizer; it can go on another time."""
        if self.queue.current is not None:
            self.queue.cancel(self.queue.current)

    def _read(self) -> None:
        """Read what there is to train on, and show the form."""
        dialog = self.dialog
        if dialog is None:
            return
        dialog.panel.show_status(READING)
        self._reading = self._library.queue.submit(
            read_material,
            self._library.snapshot.folder,
            title="Read what to train on",
            on_result=self._show_form,
            on_error=lambda error: dialog.panel.show_status(error_status(error, self._read)),
        )

    def _show_form(self, material: Material) -> None:
        if self.dialog is not None:
            self.dialog.show_form(material, self._window.state.settings)

    @Slot()
    def _forget_dialog(self) -> None:
        if self._reading is not None:
            self._reading.drop()
        self.dialog = None
        self._show()

    @Slot()
    def _show(self) -> None:
        """Show in dialog and status bar how the training stands."""
        run = self.current
        self.badge.setVisible(run is not None and (run.running or self.dialog is None))
        if run is None:
            return
        name = run.order.name
        ended = f"“{name}” {ENDS.get(run.phase, '')}"
        self.badge.setText(run.text if run.running else ended)
        if self.dialog is not None:
            known = (one for one in self._recognizers.entries if one.name == name)
            self.dialog.show_training(run, next(known, None))

    @Slot()
    def _activate(self) -> None:
        if self.current is not None:
            self._recognizers.activate(self.current.order.name)

    @Slot()
    def _ask_again(self) -> None:
        """Forget the training that has ended, and ask for another."""
        if not self.running:
            self.current = None
            self._show()
        self._read()

    def _take_progress(self, run: TrainingRun, batch: Batch) -> None:
        for progress in batch:
            if isinstance(progress.partial, TrainingState):
                run.state = progress.partial
                run.curve.add(progress.partial.step, progress.partial.loss)
        run.progress = batch[-1]
        self._show()

    def _take_result(self, run: TrainingRun, _recognizer: Recognizer) -> None:
        self._end(run, "done")
        self._recognizers.refresh()

    def _take_error(self, run: TrainingRun, error: Exception) -> None:
        run.error = error
        self._end(run, "failed")

    def _end(self, run: TrainingRun, phase: Literal["done", "stopped", "failed"]) -> None:
        run.phase = phase
        self._show()
