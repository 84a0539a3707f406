"""Import queue of the library: shown as it is there, gone on with, changed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot

from facedyn_app.formatting import counted
from facedyn_app.gui import docks
from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.import_folder import ImportDialog
from facedyn_app.gui.jobs import Job, JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.library.work_rows import WorkState
from facedyn_app.workflows.import_ import QueuedFolder, queue_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.work import QueueAct, QueueRun, QueueSnapshot, change_queue, run_next

TITLE = "Import queue"


class QueueController(QObject):
    """Works the library's queue a recording at a time, so that videos opened meanwhile get a turn.

    Args:
        window: Shows it.
        state: For what is said in the status line.
        library: The library that is open; its short queue makes the changes.
        heads: Which head videos are fitted with.
        queue: For the long work.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        heads: HeadController,
        queue: JobQueue,
    ) -> None:
        super().__init__(window)
        self._heads = heads
        self._window, self._state, self._library, self._queue = window, state, library, queue
        self._asked: Path | None = None
        self._job: Job | None = None
        self._n_added = self._n_failed = 0
        panel = window.queue
        library.queue_listed.connect(self._show)
        library.listed.connect(self._forget_other)
        window.import_requested.connect(self.ask_import)
        window.work_bar.go_on_requested.connect(self.go_on)
        panel.go_on_requested.connect(self.go_on)
        panel.stop_requested.connect(self.stop)
        panel.retry_requested.connect(lambda ids: self._change(QueueAct.RETRY, ids))
        panel.cancel_requested.connect(lambda ids: self._change(QueueAct.CANCEL, ids))
        panel.remove_requested.connect(lambda ids: self._change(QueueAct.CLEAR, ids))

    @property
    def running(self) -> bool:
        """Whether this window works the queue."""
        return self._job is not None

    @Slot(object)
    def ask_import(self, folder: Path) -> None:
        """Ask by whose consent the recordings of a folder come into the library."""
        dialog = ImportDialog(folder.name, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.import_folder(folder, dialog.statement()))
        dialog.open()

    def import_folder(self, folder: Path, statement: ImportStatement) -> None:
        """Put the recordings of a folder into the queue, and go on with it."""
        self._queue.submit(
            queue_folder,
            folder,
            self._library.snapshot.folder,
            statement,
            FitOptions.of(self._state.settings, self._heads.name),
            title=f"Import: {folder.name}",
            on_result=self._take_folder,
            on_error=self._state.show_error,
        )

    def _take_folder(self, found: QueuedFolder) -> None:
        said = f"In the import queue: {found.n_new} new, {found.n_done} done before"
        if found.left_out:
            said += f", {len(found.left_out)} left out, such as: {found.left_out[0][1]}"
        self._state.show_message(said)
        self.go_on()

    @Slot()
    def go_on(self) -> None:
        """Work what waits, until nothing waits or the user stops it."""
        if self.running:
            return
        self._window.work_bar.hide()
        self._window.docks.dock(docks.QUEUE).raise_()
        self._n_added = self._n_failed = 0
        self._submit(self._library.snapshot.folder)

    @Slot()
    def stop(self) -> None:
        """Work it no more; what is in hand waits again."""
        if self._job is not None:
            self._queue.cancel(self._job)

    def _submit(self, folder: Path) -> None:
        self._job = self._queue.submit(
            run_next,
            folder,
            title=TITLE,
            on_result=lambda run: self._take(folder, run),
            on_error=self._fail,
            on_cancel=self._end,
        )
        self._window.queue.show_running(True)

    def _take(self, folder: Path, run: QueueRun) -> None:
        self._n_added += run.n_added
        self._n_failed += len(run.left_out)
        self._library.look()
        if run.n_worked and folder == self._library.snapshot.folder:
            self._submit(folder)
            return
        self._end()
        n = self._n_added
        text = f"Import queue: {counted(n, 'session')} enrolled"
        self._state.show_message(f"{text}, {self._n_failed} failed." if self._n_failed else text)

    def _fail(self, error: Exception) -> None:
        self._end()
        self._state.show_error(error)

    def _end(self) -> None:
        self._job = None
        self._window.queue.show_running(False)
        self._library.look()

    def _change(self, act: QueueAct, ids: tuple[int, ...]) -> None:
        if ids:
            self._library.queue.submit(
                change_queue,
                self._library.snapshot.folder,
                act,
                ids,
                None,
                title=f"Import queue: {act}",
                on_result=lambda _: self._library.look(),
                on_error=self._state.show_error,
            )

    @Slot(object)
    def _show(self, found: QueueSnapshot) -> None:
        """Show the queue; where a library is opened in which work waits, ask about it, once."""
        self._window.queue.show_queue(found)
        first, self._asked = self._asked != found.folder, found.folder
        at_work = self.running or found.n(WorkState.RUNNING) > 0 or found.read_only
        if not found.n_free:
            self._window.work_bar.hide()
        elif first and not at_work:
            self._window.work_bar.ask(found.n_free)

    @Slot()
    def _forget_other(self) -> None:
        """Ask nothing about a library that is no longer open."""
        if self._asked not in (None, self._library.snapshot.folder):
            self._window.work_bar.hide()
            self._window.queue.show_queue(QueueSnapshot(self._library.snapshot.folder))
            self._asked = None
