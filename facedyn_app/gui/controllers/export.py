"""Exports: what to write and where to, asked and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDialog

from facedyn_app.folders import documents_folder
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.file_place import ask_place
from facedyn_app.gui.dialogs.form import plain_name
from facedyn_app.gui.dialogs.mesh_export import MeshDialog, MeshOrder
from facedyn_app.gui.dialogs.report import ReportDialog, ReportOrder
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.pdf import print_pdf
from facedyn_app.gui.state import AppState
from facedyn_app.progress import OnProgress
from facedyn_app.reports.kinds import FilmFormat, TableFormat
from facedyn_app.settings import Settings
from facedyn_app.workflows.audit import export_words, record_use, recorded
from facedyn_app.workflows.export import (
    ExportedMeshes,
    export_film,
    export_meshes,
    export_scores,
    export_table,
)
from facedyn_app.workflows.options import MeshOptions
from facedyn_app.workflows.records import Recording

Result = TypeVar("Result")


class ExportController(QObject):
    """Everything that is written for other programs and for paper.

    Args:
        window: Where the user asks for it.
        state: What is shown.
        library: The library that is open.
        queue: For the writing.
    """

    def __init__(
        self, window: MainWindow, state: AppState, library: LibraryController, queue: JobQueue
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library, self._queue = window, state, library, queue
        window.table_requested.connect(self.ask_table)
        window.scores_requested.connect(self.ask_scores)
        window.film_requested.connect(self.ask_film)
        window.export_requested.connect(self.ask_meshes)
        window.report_requested.connect(self.ask_report)

    @Slot()
    def ask_table(self) -> None:
        """Ask where to write the shown recording as a table, and write it."""
        recording = self._state.recording
        if recording is None:
            self._state.show_message("Open a video first, then export its table.")
            return
        path = self._ask_place("Export table", recording, "", TableFormat)
        if path is not None:
            self._write(
                path,
                partial(
                    export_table,
                    recording.session,
                    path,
                    file_names=self._state.settings.privacy.file_names,
                ),
                of=recording,
            )

    @Slot()
    def ask_scores(self) -> None:
        """Ask where to write the scores of the recordings that were asked about, and write them.

        Those of the ticked ones; where none of them was asked about, of all that are open.
        """
        asked = [
            [one for one in group if one.identification is not None]
            for group in (self._state.ticked, self._state.recordings)
        ]
        recordings = asked[0] or asked[1]
        if not recordings:
            self._state.show_message(
                "Ask who a recording is first (Ctrl+I), then export the scores."
            )
            return
        path = self._ask_place("Export scores", recordings[0], "-scores", ("csv",))
        if path is not None:
            kept = self._state.settings.privacy.file_names
            self._write(path, partial(export_scores, recordings, path, file_names=kept))

    @Slot()
    def ask_film(self) -> None:
        """Ask where to write the shown recording's film, and write it."""
        recording = self._state.recording
        if recording is None or recording.video is None:
            self._state.show_message("Open a video first, then export it with what was measured.")
            return
        path = self._ask_place("Export film", recording, "-measured", FilmFormat)
        if path is not None:
            write = partial(export_film, recording.session, recording.video, path, None)
            self._write(path, write, of=recording)

    def _ask_place(
        self, title: str, recording: Recording, added: str, forms: Iterable[str]
    ) -> Path | None:
        """A file whose name ends in one of the formats; the first where none is named."""
        name = f"{plain_name(recording.title)}{added}"
        return ask_place(self._window, title, name, forms, self._state.show_message)

    @Slot()
    def ask_meshes(self) -> None:
        """Ask which meshes of the shown recording to write, and where to, and write them."""
        recording = self._state.recording
        if recording is None:
            self._state.show_message("Open a video first, then export its meshes.")
            return
        frame = self._state.frame
        fitted = bool(recording.session.motion.valid[frame])
        dialog = MeshDialog(recording.title, frame, fitted, documents_folder(), self._window)
        dialog.accepted.connect(lambda: self.export_meshes(recording, dialog.order()))
        _open(dialog)

    @Slot()
    def ask_report(self) -> None:
        """Ask what to write a report on, and where to, and write it."""
        speakers = [speaker.name for speaker in self._library.snapshot.speakers]
        if self._state.recording is None and not speakers:
            self._state.show_message("Open a video or enrol a speaker first, then write a report.")
            return
        dialog = ReportDialog(self._state.recording, speakers, documents_folder(), self._window)
        dialog.accepted.connect(lambda: self.write_report(dialog.order()))
        _open(dialog)

    def export_meshes(self, recording: Recording, order: MeshOrder) -> None:
        """Write meshes of a recording."""
        number = None if order.frame is None else order.frame + 1
        options = MeshOptions(order.kind, order.form, number)
        write = partial(export_meshes, recording.session, order.path, options)
        self._write(order.path, write, partial(_meshes_text, order.path, options), of=recording)

    def write_report(self, order: ReportOrder) -> None:
        """Write a report."""
        write = partial(_write_report, order, self._library.snapshot.folder, self._state.settings)
        self._write(order.path, write)

    def _write(
        self,
        path: Path,
        write: Callable[[OnProgress], Result],
        text: Callable[[Result], str] | None = None,
        of: Recording | None = None,
    ) -> None:
        """Write a file, and say so: in a sentence on what was written, or else its name.

        The audit of the library that keeps the recording says so, too.
        """
        if of is not None:
            say_so = partial(record_use, of.kept_in, "export", export_words(path))
            write = partial(recorded, say_so, write)

        def say(written: Result) -> None:
            self._state.show_message(f"Written: {path}" if text is None else text(written))

        self._queue.submit(
            write, title=f"Write {path.name}", on_result=say, on_error=self._state.show_error
        )


def _write_report(
    order: ReportOrder, folder: Path, settings: Settings, on_progress: OnProgress
) -> None:
    # slow to import
    from facedyn_app.workflows.clinical_report import report_on_course
    from facedyn_app.workflows.report import report_on_session, report_on_speakers

    path, trust, kept = order.path, settings.trust, settings.privacy.file_names
    if order.recording is not None:
        clinical = settings.clinical if order.clinical else None
        report_on_session(
            order.recording,
            folder,
            path,
            trust,
            print_pdf,
            on_progress,
            clinical=clinical,
            file_names=kept,
        )
    elif order.clinical and order.speaker is not None:
        report_on_course(
            order.speaker, folder, path, settings, print_pdf, on_progress, file_names=kept
        )
    else:
        report_on_speakers(
            order.speaker, folder, path, trust, print_pdf, on_progress, file_names=kept
        )


def _meshes_text(path: Path, options: MeshOptions, written: ExportedMeshes) -> str:
    if options.one_file:
        return f"Written: {path}"
    n_skipped = len(written.skipped)
    skipped = f"; {n_skipped} frames without a trusted fit left out" if n_skipped else ""
    return f"Written: {len(written.files)} meshes in {path}{skipped}"


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
