"""Clinical measures of a speaker over time: their window, the measuring, the table, the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.controllers.following import SpeakerController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.clinical_course import NO_FACES, CourseWindow
from facedyn_app.gui.dialogs.file_place import ask_place
from facedyn_app.gui.dialogs.form import plain_name
from facedyn_app.gui.pdf import print_pdf
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import PanelStatus, error_status
from facedyn_app.gui.theme import colours_of
from facedyn_app.progress import OnProgress
from facedyn_app.reports.clinical_files import ClinicalFormat
from facedyn_app.reports.clinical_rows import RowKind
from facedyn_app.reports.task_faces import TaskFaces, common_tasks
from facedyn_app.settings import Settings
from facedyn_app.workflows.audit import export_words, record_speaker_use, recorded
from facedyn_app.workflows.clinical_course import (
    ClinicalCourse,
    compare_visits,
    faces_of_visits,
    measure_course,
)
from facedyn_app.workflows.measure import MeasureOptions, write_measured


class CourseController(SpeakerController[CourseWindow]):
    """One window of measures over time at most; it follows library and settings."""

    def __init__(self, library: LibraryController, state: AppState, parent: QWidget) -> None:
        super().__init__(library, state, parent)
        state.settings_changed.connect(self._measure_again)

    def _new_window(self) -> CourseWindow:
        window = CourseWindow(self._parent)
        window.speaker_picked.connect(self._measure)
        window.ipd_changed.connect(self._measure_again)
        window.pair_picked.connect(self._compare)
        window.export_requested.connect(self.ask_table)
        window.page_requested.connect(self.ask_page)
        window.finished.connect(self._forget)
        return window

    @Slot()
    def ask_table(self) -> None:
        """Ask where to write the changes as a table, and write it."""
        path = self._ask("Export changes", "change", ClinicalFormat)
        if path is not None:
            self.write_table(path)

    @Slot()
    def ask_page(self) -> None:
        """Ask where to write the page to print, and write it."""
        path = self._ask("Page to print", "over-time", ("pdf", "html"))
        if path is not None:
            self.write_page(path)

    def write_table(self, path: Path) -> None:
        """Write the changes between the sessions that are compared; the ending says the format."""
        window = self.window
        if window is None or window.course is None:
            return
        before, after = window.compared
        changes = compare_visits(window.course, before, after, self._state.settings.clinical)
        names = [window.course.visits[place].name for place in (before, after)]
        write = partial(
            write_measured,
            window.course.measured,
            [(names[0], names[1], change) for change in changes],
            path,
            MeasureOptions(window.ipd.mm, RowKind.CHANGE),
        )
        self.queue.submit(
            recorded,
            self._record("export", f"measures {export_words(path)}"),
            write,
            title=f"Write {path.name}",
            on_result=lambda files: self._say(f"Written: {', '.join(map(str, files))}"),
            on_error=lambda error: self._say(str(error)),
        )

    def write_page(self, path: Path) -> None:
        """Write the page to print; its ending says the format."""
        window = self.window
        if window is None or window.course is None:
            return
        self._say(f"Writing {path} …")
        self.queue.submit(
            recorded,
            self._record("report", "clinical measures"),
            partial(_write_page, window.course, window.compared, path, self._state.settings),
            title=f"Write {path.name}",
            on_result=lambda _: self._say(f"Written: {path}"),
            on_error=lambda error: self._say(str(error)),
        )

    def _record(self, action: str, how: str) -> Callable[[], None]:
        """Says in the audit what was done with the measures of the person who is shown."""
        course = None if self.window is None else self.window.course
        person = "" if course is None else course.person
        return partial(record_speaker_use, self._library.snapshot.folder, person, action, how)

    def _ask(self, title: str, added: str, forms: Iterable[str]) -> Path | None:
        if self.window is None or self.window.course is None:
            return None
        name = f"{plain_name(self.window.course.person)}-{added}"
        return ask_place(self.window, title, name, forms, self._say)

    @Slot()
    def _measure_again(self) -> None:
        if self.window is not None and self._speaker:
            self._measure(self._speaker)

    @Slot(str)
    def _measure(self, speaker: str) -> None:
        if self.window is None:
            return
        self._drop()
        self._speaker = speaker
        self.window.show_status(PanelStatus("working", f"Measuring the sessions of {speaker} …"))
        self.queue.submit(
            measure_course,
            speaker,
            self._library.snapshot.folder,
            self.window.ipd.mm,
            self._state.settings,
            title=f"Clinical measures of {speaker} over time",
            on_result=self._take,
            on_error=partial(self._fail, speaker),
            on_progress=partial(self._show_share, speaker),
        )

    def _show_share(self, speaker: str, batch: tuple[object, ...]) -> None:
        share = getattr(batch[-1], "share", None)
        if self.window is not None and self.window.course is None:
            text = f"Measuring the sessions of {speaker} …"
            self.window.show_status(PanelStatus("working", text, share=share))

    def _take(self, course: ClinicalCourse) -> None:
        if self.window is not None:
            self.window.show_course(course, self._state.settings.clinical)
            self._compare(*self.window.compared)

    @Slot(int, int)
    def _compare(self, before: int, after: int) -> None:
        window, settings = self.window, self._state.settings.clinical
        if window is None or window.course is None:
            return
        changes = () if before == after else compare_visits(window.course, before, after, settings)
        window.show_changes(changes, settings)
        tasks = common_tasks([window.course.measured[place] for place in (before, after)])
        if before == after or not tasks:
            window.faces.say(NO_FACES)
            return
        window.faces.say("Drawing the faces …")
        stage = QColor(colours_of(window).stage)
        self.queue.submit(
            faces_of_visits,
            window.course,
            before,
            after,
            tasks,
            (stage.red(), stage.green(), stage.blue()),
            title="Faces at tasks",
            on_result=partial(self._show_faces, window.course, before, after),
            on_error=self._fail_faces,
        )

    def _show_faces(
        self, course: ClinicalCourse, before: int, after: int, faces: tuple[TaskFaces, ...]
    ) -> None:
        window = self.window
        if window is None or window.course is not course or window.compared != (before, after):
            return
        labels = [course.visits[place].label for place in (before, after)]
        if faces:
            window.faces.show_faces(faces, *labels)
        else:
            window.faces.say("The sessions have different heads, or none: no faces are drawn.")

    def _fail_faces(self, error: Exception) -> None:
        if self.window is not None:
            self.window.faces.say(f"The faces are not drawn. {error_status(error).sentence}")

    def _say(self, text: str) -> None:
        self._state.show_message(text)
        if self.window is not None:
            self.window.said.setText(text)


def _write_page(
    course: ClinicalCourse,
    compared: tuple[int, int],
    path: Path,
    settings: Settings,
    on_progress: OnProgress,
) -> None:
    from facedyn_app.workflows.clinical_report import write_course  # slow to import

    write_course(course, compared, path, settings, print_pdf, on_progress)
