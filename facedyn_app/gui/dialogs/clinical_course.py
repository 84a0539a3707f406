"""Window on a person's clinical measures over time: values and change, traces, faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QPushButton,
    QWidget,
)

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.change import Change
from facedyn_app.dynamics.clinical.task_values import measured_tasks
from facedyn_app.dynamics.session_qc import quality_line
from facedyn_app.gui.formatting import simulated_label
from facedyn_app.gui.status import DONE, EMPTY, PanelStatus
from facedyn_app.gui.widgets.clinical_frame import ClinicalFrame, make_page
from facedyn_app.gui.widgets.clinical_tables import ClinicalTable
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.gui.widgets.long_names import NameChoice
from facedyn_app.gui.widgets.speaker_choice import SpeakerChoice
from facedyn_app.gui.widgets.task_faces import TaskFacesView
from facedyn_app.gui.widgets.task_traces import TaskTraces
from facedyn_app.reports.clinical_course_words import (
    ClinicalVisit,
    course_doubts,
    course_heads,
    course_note,
    course_rows,
)
from facedyn_app.workflows.clinical_course import ClinicalCourse
from facedyn_app.workflows.records import ListedSpeaker

NOBODY: Final = "Nobody is enrolled in this library yet, so nothing can be compared over time."
FIRST_STEP: Final = "Open videos of a person, and enrol each with Session > Enrol as a speaker…"
ONE_SESSION: Final = (
    "A change needs two sessions: enrol another recording of this person. Here stands the one."
)
NO_TASKS: Final = (
    "No task is marked that can be shown. Mark tasks below the traces (T), or record with "
    "View > Task guide; then each session's movement stands here."
)
NO_FACES: Final = "No task was measured in both sessions, so there are no faces to compare."


class CourseWindow(ClinicalFrame):
    """Stays beside the main window; goes when it is closed.

    Args:
        parent: The main window.

    Attributes:
        speaker_picked: str: the user wants to see this speaker.
        pair_picked: (int, int): the user wants these sessions compared, from 0.
        page_requested: Write the page to print.
    """

    speaker_picked = Signal(str)
    pair_picked = Signal(int, int)
    page_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Clinical measures over time", NOBODY, FIRST_STEP, parent)
        self.course: ClinicalCourse | None = None
        self.speaker = SpeakerChoice("Whose sessions are looked at")
        self.speaker.activated.connect(self._pick_speaker)
        self.pair = (
            NameChoice("Before", "The earlier session of the change"),
            NameChoice("After", "The later session of the change"),
        )
        for choice in self.pair:
            choice.activated.connect(self._pick_pair)
        self.page = QPushButton("Page to print…")
        self.copy.setToolTip("The table, for a spreadsheet; Ctrl+C: selected rows")
        self.export.setToolTip("The changes as CSV, Excel or Parquet, with a code book")
        self.page.setToolTip("One page, PDF or HTML: values, change, traces, faces")
        self.page.clicked.connect(self.page_requested)
        self.table = ClinicalTable(course_heads(()))
        self.traces = TaskTraces()
        self.no_traces = make_note(NO_TASKS)
        self.faces = TaskFacesView()
        self._lay_out()
        self.show_status(EMPTY)

    def show_speakers(self, speakers: Sequence[ListedSpeaker], chosen: str | None) -> None:
        """Offer the speakers of a library."""
        self.speaker.show_speakers(speakers, chosen)
        if not speakers:
            self.show_status(EMPTY)

    def show_status(self, status: PanelStatus) -> None:
        """Show a sentence in place of the measures."""
        self.course = None
        for widget in (self.copy, self.export, self.page, *self.pair):
            widget.setEnabled(False)
        self.panel.show_status(status)

    def show_course(self, course: ClinicalCourse, settings: ClinicalSettings) -> None:
        """Show a person's sessions; the first and the last are to be compared."""
        self.course = course
        labels = [visit.label for visit in course.visits]
        for choice, place in zip(self.pair, (0, len(labels) - 1), strict=True):
            with QSignalBlocker(choice):
                choice.clear()
                choice.addItems(labels)
                choice.setCurrentIndex(place)
            choice.setEnabled(len(labels) > 1)
        self.copy.setEnabled(True)
        for button in (self.export, self.page):
            button.setEnabled(len(labels) > 1)
        lines = [*course_doubts(course.visits), *(_headline(one) for one in course.visits[:4])]
        self.headline.setText("\n".join(lines))
        scales = {one.measures.scale.text for one in course.measured if one.measures.scale}
        self.note.setText(" ".join([*sorted(scales), course_note(settings)]))
        each = [measured_tasks(one.measures) for one in course.measured]
        tasks = list(dict.fromkeys(task for one in each for task in one))
        self.traces.show_tasks(course.visits, tasks)
        self.traces.setVisible(bool(tasks))
        self.no_traces.setVisible(not tasks)
        self.said.setText("" if len(labels) > 1 else ONE_SESSION)
        self.panel.show_status(DONE)

    def show_changes(self, changes: Sequence[Change], settings: ClinicalSettings) -> None:
        """Show the values of all sessions and the change between the two that are chosen."""
        if self.course is not None:
            visits = self.course.visits
            rows, named = course_rows(visits, changes, settings), range(2, 2 + len(visits))
            self.table.show_table(course_heads(visits), rows, named)

    @property
    def compared(self) -> tuple[int, int]:
        """Places of the sessions that are compared, from 0."""
        return self.pair[0].currentIndex(), self.pair[1].currentIndex()

    def _lay_out(self) -> None:
        fields = (
            ("Speaker", self.speaker),
            ("Inter-pupillary distance", self.ipd),
            ("Before", self.pair[0]),
            ("After", self.pair[1]),
        )
        pages = (
            ("Values and change", make_page(self.table, stretches=(1,))),
            ("Traces of tasks", make_page(self.no_traces, self.traces, stretches=(0, 1))),
            ("Faces at tasks", make_page(self.faces, stretches=(1,))),
        )
        self.lay_out(fields, (), (self.copy, self.export, self.page), pages)

    def _pick_speaker(self) -> None:
        self.speaker_picked.emit(self.speaker.currentData())

    @Slot()
    def _pick_pair(self) -> None:
        before, after = self.compared
        if before != after:
            self.pair_picked.emit(before, after)
            return
        moved = self.pair.index(self.sender()) if self.sender() in self.pair else 0
        other = self.pair[1 - moved]  # a session compared with itself: the other one gives way
        with QSignalBlocker(other):
            other.setCurrentIndex((before + 1) % other.count())
        self.pair_picked.emit(*self.compared)

    def text_to_copy(self) -> str:
        """The table."""
        return self.table.text(selected=False)


def _headline(visit: ClinicalVisit) -> str:
    name = simulated_label(visit.label, simulated=visit.measured.session.simulated)
    rest = "marked" if visit.measured.measures.rest_marked else "assumed"
    words = f"{name} · rest {rest} · {quality_line(visit.quality)}"
    return " · ".join([words, *visit.quality.reasons])
