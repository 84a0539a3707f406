"""Dialog on a report: what on, as PDF or HTML, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from facedyn_app.gui.dialogs.form import FormDialog, make_form, place_error, plain_name
from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.widgets.form_parts import TickBox, make_note
from facedyn_app.workflows.records import Recording

WORDS: Final = (
    "A report to print or to keep: quality, figures, settings, versions and consent. "
    "For research use, not a medical device."
)
CLINICAL_TIP: Final = (
    "Blinks, excursions in mm, left against right. Of a recording as a part of its report; of a "
    "speaker the page on their measures over time, in place of the report on drift"
)
REPLACED: Final = "This file is there already: it will be replaced."
FORMATS: Final = ("pdf", "html")


@dataclass(frozen=True, slots=True, eq=False)
class ReportOrder:
    """A report that is wanted.

    Attributes:
        recording: On this one; None for a report on speakers.
        speaker: On this one; None for all of the library.
        path: The file, `.pdf` or `.html`.
        clinical: Whether clinical measures are wanted: of a recording as a part, of a speaker over
            time as a page of their own.
    """

    recording: Recording | None
    speaker: str | None
    path: Path
    clinical: bool = False


class ReportDialog(FormDialog):
    """Asks what to write; what is missing is said beside the field.

    Args:
        recording: The one that is shown, if there is one.
        speakers: Names of those enrolled.
        folder: Where files are offered to be put.
        parent: The window.
    """

    def __init__(
        self,
        recording: Recording | None,
        speakers: Sequence[str],
        folder: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Write report", 64, parent, agree="Write")
        self._recording, self._folder = recording, folder
        self.subject = QComboBox()
        if recording is not None:
            self.subject.addItem(f"This recording: {recording.title}")
        self._first_speaker = self.subject.count()
        self._speakers = tuple(speakers)
        self.subject.addItems([f"Speaker over time: {name}" for name in speakers])
        if speakers:
            self.subject.addItem("All speakers of the library")
        self.clinical = TickBox("Clinical measures")
        self.clinical.setToolTip(tip_text(CLINICAL_TIP))
        self.form = QComboBox()
        self.form.addItems([form.upper() for form in FORMATS])
        self.path = QLineEdit()
        browse = QPushButton("Browse…")
        self._note = make_note()
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(browse)
        form = make_form()
        form.addRow("Report on", self.subject)
        form.addRow("", self.clinical)
        form.addRow("Format", self.form)
        form.addRow("Where", where)
        form.addRow("", self._note)
        self._fill(WORDS, form)
        for box in (self.subject, self.form):
            box.currentIndexChanged.connect(self._suggest)
        self.path.textChanged.connect(self._check)
        browse.clicked.connect(self._ask_path)
        self._suggest()

    @property
    def note(self) -> str:
        """The sentence beside the place; empty where nothing is missing."""
        return self._note.text()

    def order(self) -> ReportOrder:
        """What has been filled in."""
        path = Path(self.path.text().strip()).expanduser()
        if self._on_recording:
            return ReportOrder(self._recording, None, path, self.clinical.isChecked())
        wanted = self.clinical.isChecked() and self._speaker is not None
        return ReportOrder(None, self._speaker, path, wanted)

    @property
    def _on_recording(self) -> bool:
        return self.subject.currentIndex() < self._first_speaker

    @property
    def _speaker(self) -> str | None:
        """None for all of them."""
        place = self.subject.currentIndex() - self._first_speaker
        return self._speakers[place] if place < len(self._speakers) else None

    @property
    def _form(self) -> str:
        return FORMATS[self.form.currentIndex()]

    def _suggest(self) -> None:
        """Offer a place by the name of what it is on."""
        name = self._speaker or "library"
        if self._on_recording and self._recording is not None:
            name = self._recording.title
        self.clinical.setEnabled(self._on_recording or self._speaker is not None)
        self.path.setText(str(self._folder / f"{plain_name(name)}-report.{self._form}"))
        self._check()

    def _check(self) -> None:
        note = self._missing()
        self._set_complete(not note)
        if not note and Path(self.path.text().strip()).expanduser().exists():
            note = REPLACED
        self._note.setText(note)

    def _missing(self) -> str:
        text = self.path.text().strip()
        if not text:
            return "Say where to."
        if not text.lower().endswith(f".{self._form}"):
            return f"The file's name must end in .{self._form}."
        return place_error(text, is_file=True)

    def _ask_path(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Write report", self.path.text())
        if chosen:
            self.path.setText(chosen)
