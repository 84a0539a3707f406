"""Keeping of the open library: its audit shown, backed up, restored, written as a dataset."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from facedyn_app.folders import documents_folder
from facedyn_app.formatting import counted
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.audit import AuditDialog
from facedyn_app.gui.dialogs.file_place import ask_place
from facedyn_app.gui.dialogs.pseudonyms import PseudonymsDialog
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import error_status
from facedyn_app.library.backup import BackupFacts, Restored
from facedyn_app.library.protection.held import LockedError
from facedyn_app.workflows.audit import read_audit, write_audit_table
from facedyn_app.workflows.backup import backup, restore
from facedyn_app.workflows.export_bids import ExportedLibrary, export_bids

ENDING = "backup"


class KeepingController(QObject):
    """Shows who did what, writes backups and datasets, and makes libraries of backups.

    Args:
        window: Where the user asks for it.
        state: What is shown.
        library: The library that is open; its queue reads the audit.
        queue: For the long work.
    """

    def __init__(
        self, window: MainWindow, state: AppState, library: LibraryController, queue: JobQueue
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library, self._queue = window, state, library, queue
        window.audit_requested.connect(self.show_audit)
        window.backup_requested.connect(self.ask_backup)
        window.restore_requested.connect(self.ask_restore)
        window.dataset_requested.connect(self.ask_dataset)

    @Slot()
    def show_audit(self) -> AuditDialog:
        """Show who did what in the open library."""
        dialog = AuditDialog(self._window)
        dialog.export_requested.connect(partial(self._ask_table, dialog))
        self._library.queue.submit(
            read_audit,
            self._library.snapshot.folder,
            title="Read the audit",
            on_result=dialog.show_audit,
            on_error=lambda error: dialog.show_error(error_status(error).sentence),
        )
        dialog.open()
        return dialog

    def _ask_table(self, dialog: AuditDialog) -> None:
        say = self._state.show_message
        path = ask_place(dialog, "Export audit", "audit", ("csv",), say)
        if path is not None:
            self._library.queue.submit(
                write_audit_table,
                dialog.lines,
                path,
                title=f"Write {path.name}",
                on_result=lambda _: say(f"Written: {path}"),
                on_error=self._state.show_error,
            )

    @Slot()
    def ask_backup(self) -> None:
        """Ask where to write the open library as one file, and write it."""
        if why_not := self._library.why_not("back up"):
            self._state.show_message(why_not)
            return
        say = self._state.show_message
        path = ask_place(self._window, "Back up the library", "library", (ENDING,), say)
        if path is not None:
            self.back_up(path)

    def back_up(self, path: Path) -> None:
        """Write the open library as one file."""

        def done(facts: BackupFacts) -> None:
            how = "encrypted" if facts.encrypted else "not encrypted"
            self._state.show_message(
                f"Backed up, {how}: {counted(facts.n_sessions, 'session')} in {path}"
            )

        self._queue.submit(
            backup,
            self._library.snapshot.folder,
            path,
            title=f"Back up into {path.name}",
            on_result=done,
            on_error=self._state.show_error,
        )

    @Slot()
    def ask_dataset(self) -> None:
        """Ask for a new folder, and write the open library there as a dataset."""
        if why_not := self._library.why_not("export"):
            self._state.show_message(why_not)
            return
        offered = str(documents_folder() / "library-bids")
        title = "Export the library as a BIDS dataset: a new folder"
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, offered)
        if chosen:
            self.write_dataset(Path(chosen))

    def write_dataset(self, folder: Path) -> None:
        """Write the open library as a dataset of the Brain Imaging Data Structure."""

        def done(written: ExportedLibrary) -> None:
            who = counted(len(written.people), "person", "people")
            self._state.show_message(
                f"Written: {counted(written.n_sessions, 'session')} of {who} under pseudonyms in "
                f"{folder}. Faces' motion and shape may still tell who they are."
            )
            dialog = PseudonymsDialog(written.people, folder.name, self._window)
            self._library.listed.connect(dialog.follow)
            dialog.show()

        self._queue.submit(
            export_bids,
            self._library.snapshot.folder,
            folder,
            title=f"Write {folder.name}",
            on_result=done,
            on_error=self._state.show_error,
        )

    @Slot()
    def ask_restore(self) -> None:
        """Ask for a backup and an empty folder, make a library there, and open it."""
        place = str(documents_folder())
        kinds = f"Backups (*.{ENDING});;All files (*)"
        file, _ = QFileDialog.getOpenFileName(self._window, "Restore a backup", place, kinds)
        if not file:
            return
        folder = QFileDialog.getExistingDirectory(
            self._window, "Restore into a new, empty folder", place
        )
        if folder:
            self.restore(Path(file), Path(folder))

    def restore(self, path: Path, folder: Path) -> None:
        """Make a library of a backup, and open it."""

        def done(restored: Restored) -> None:
            n = counted(restored.facts.n_sessions, "session")
            wrong = "" if restored.audit.sound else "; its audit is not as it was written"
            self._state.show_message(f"Restored: {n} in {folder}{wrong}")
            self._library.open_library(folder)

        def fail(error: Exception) -> None:
            self._state.show_error(error)
            if isinstance(error, LockedError):
                self._library.locked.emit(path, partial(self.restore, path, folder))

        self._queue.submit(
            restore,
            path,
            folder,
            title=f"Restore {path.name}",
            on_result=done,
            on_error=fail,
        )
