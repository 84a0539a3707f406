"""Window on the clinical measures of the shown recording: left and right, tasks, blinks."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QPushButton,
    QWidget,
)

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.sheets import sheets_of
from facedyn_app.dynamics.session_qc import quality_line
from facedyn_app.gui.formatting import simulated_label, tip_text
from facedyn_app.gui.status import DONE, EMPTY, PanelStatus
from facedyn_app.gui.widgets.clinical_frame import ClinicalFrame, make_page
from facedyn_app.gui.widgets.clinical_tables import ClinicalTable
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.gui.widgets.grading_form import GradingForm
from facedyn_app.gui.widgets.lid_plot import LidPlot
from facedyn_app.gui.widgets.status_line import StatusLine
from facedyn_app.records import Quality
from facedyn_app.reports.clinical_blink_words import (
    BLINK_HEADS,
    BLINK_NOTE,
    blink_facts,
    blink_rows,
)
from facedyn_app.reports.clinical_rows import MeasuredSession, RowKind
from facedyn_app.reports.clinical_words import (
    MIDDLE_HEADS,
    SIDED_HEADS,
    TASK_HEADS,
    assumed,
    how_to_read,
    middle_rows,
    sided_rows,
    task_rows,
)
from facedyn_app.reports.sheet_words import sheet_facts

NOTHING: Final = "Blinks, excursions, left against right of the shown recording appear here."
FIRST_STEP: Final = "Open a video or a session first."
NO_TASKS: Final = (
    "No task is marked. Mark tasks below the traces (T), let Mark > Find tasks… propose them, or "
    "record with View > Task guide; then peaks, speeds and what else moves stand here."
)
MIRROR_TIP: Final = (
    "Fits the recording's video once more with left and right exchanged: the program's own "
    "left-right difference is then measured in this very recording and taken off. It takes as long "
    "as the first fit, and can be stopped."
)
SKIN_TIP: Final = (
    "Fits the recording's video once more, its frames aligned with the pictures themselves: "
    "movements in mm come out nearer to their true size (95 % of simulated excursions within "
    "0.7 mm or 10 %, without it 75 %). Do it for all visits of a person or for none."
)
ROWS: Final = (RowKind.RECORDING, RowKind.TASK, RowKind.BLINK)


class ClinicalWindow(ClinicalFrame):
    """Stays beside the main window and follows what that shows; goes when it is closed.

    Args:
        parent: The main window.

    Attributes:
        mirror_requested: Fit the mirror image of the shown recording.
        skin_requested: Fit the shown recording once more, its skin followed.
        moment_picked: float: the user wants to see this moment, s.
    """

    mirror_requested = Signal()
    skin_requested = Signal()
    moment_picked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Clinical measures", NOTHING, FIRST_STEP, parent)
        self._measured: MeasuredSession | None = None
        self.kind = QComboBox()
        self.kind.addItems([f"A row a {kind}" for kind in ROWS])
        self.kind.setAccessibleName("Rows of the table to export")
        self.export.setToolTip("CSV, Excel or Parquet, with a code book of its columns")
        self.mirror = QPushButton("Fit mirror image")
        self.mirror.setToolTip(tip_text(MIRROR_TIP))
        self.mirror.clicked.connect(self.mirror_requested)
        self.skin = QPushButton("Follow the skin")
        self.skin.setToolTip(tip_text(SKIN_TIP))
        self.skin.clicked.connect(self.skin_requested)
        self.copy.setToolTip("The tables of this page, for a spreadsheet; Ctrl+C: selected rows")
        self.work = StatusLine()
        self.sides = ClinicalTable(SIDED_HEADS)
        self.middle = ClinicalTable(MIDDLE_HEADS)
        self.tasks = ClinicalTable(TASK_HEADS)
        self.no_tasks = make_note(NO_TASKS)
        self.blinks = ClinicalTable(BLINK_HEADS, 2, (0, 1))
        self.blinks.setToolTip(BLINK_NOTE)
        self.blink_facts = QLabel()
        self.blink_facts.setWordWrap(True)
        self.blink_facts.setTextFormat(Qt.TextFormat.PlainText)
        self.lids = LidPlot()
        self.sheets = GradingForm()
        for source in (self.sides, self.tasks, self.blinks, self.lids):
            source.moment_picked.connect(self.moment_picked)
        self._lay_out()
        self.show_nothing()

    @property
    def rows(self) -> RowKind:
        """What a row of the exported table is."""
        return ROWS[self.kind.currentIndex()]

    @property
    def measured(self) -> MeasuredSession | None:
        """What is shown."""
        return self._measured

    def show_nothing(self) -> None:
        """Show that there is no recording."""
        self.show_status(EMPTY)
        self.offer_fits(mirror=False, skin=False)

    def show_status(self, status: PanelStatus) -> None:
        """Show a sentence in place of the measures."""
        self._measured = None
        for button in (self.export, self.copy):
            button.setEnabled(False)
        self.panel.show_status(status)

    def offer_fits(self, *, mirror: bool, skin: bool) -> None:
        """Offer to fit the mirror image, and to follow the skin, or not."""
        self.mirror.setEnabled(mirror)
        self.skin.setEnabled(skin)

    def show_measured(
        self, measured: MeasuredSession, quality: Quality, settings: ClinicalSettings
    ) -> None:
        """Show a recording's measures.

        Args:
            measured: What was measured.
            quality: Of the recording's measurement.
            settings: What counted as what.
        """
        self._measured = measured
        found = measured.measures
        name = simulated_label(measured.name, simulated=measured.session.simulated)
        self.headline.setText(" · ".join([name, quality_line(quality), *quality.reasons]))
        self.note.setText(" ".join([*assumed(found), how_to_read(settings)]))
        self.sides.show_rows(sided_rows(found))
        self.middle.show_rows(middle_rows(found))
        tasks = task_rows(found)
        self.tasks.show_rows(tasks)
        self.no_tasks.setVisible(not found.tasks)
        seconds = measured.session.motion.seconds
        self.blinks.show_rows(blink_rows(found, seconds))
        self.blink_facts.setText(
            " · ".join(f"{what}: {text}" for what, text in blink_facts(found, settings))
        )
        self.lids.show_measures(seconds, found)
        self.sheets.show_sheets(sheets_of(measured.session))
        for button in (self.export, self.copy):
            button.setEnabled(True)
        self.panel.show_status(DONE)

    def _lay_out(self) -> None:
        blinks = make_page(self.blink_facts, self.lids, self.blinks, stretches=(0, 2, 3))
        pages = (
            ("Left and right", make_page(self.sides, self.middle, stretches=(5, 2))),
            ("Tasks", make_page(self.no_tasks, self.tasks, stretches=(0, 1))),
            ("Blinks", blinks),
            ("Grading sheets", make_page(self.sheets, stretches=(1,))),
        )
        fields = (("Inter-pupillary distance", self.ipd),)
        buttons = (self.copy, self.kind, self.export)
        self.lay_out(fields, (self.mirror, self.skin), buttons, pages, below=(self.work,))
        self.work.hide()

    def text_to_copy(self) -> str:
        """The tables of the page that is shown."""
        pages = ((self.sides, self.middle), (self.tasks,), (self.blinks,))
        place = self.tabs.currentIndex()
        if place < len(pages):
            texts = [table.text(selected=False) for table in pages[place]]
        else:
            texts = ["\n".join("\t".join(row) for row in sheet_facts(self.sheets.on_sheets))]
        return "\n\n".join(texts)
