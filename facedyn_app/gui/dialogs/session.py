"""Dialogs on one session: its enrolment, with consent, the day of its recording, its note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from facedyn_app.errors import InputError
from facedyn_app.formatting import shown_name
from facedyn_app.gui.dialogs.consenting import ConsentingDialog
from facedyn_app.gui.dialogs.form import FormDialog, make_date, make_form
from facedyn_app.gui.status import error_status
from facedyn_app.gui.widgets.form_parts import TickBox, make_error_line, make_note, set_error
from facedyn_app.library.annotations import Annotation
from facedyn_app.library.names import near_key
from facedyn_app.library.operations import checked_name
from facedyn_app.library.takes import KnownRecordingError
from facedyn_app.workflows.enrol import Enrolment
from facedyn_app.workflows.records import ListedSession

ANOTHER_PERSON: Final = "This is another person"
ENROL_AGAIN: Final = "Enrol it all the same"
UNKNOWN: Final = "A session without a day stands where it was added to the library."


class DateDialog(FormDialog):
    """Asks for the day of recording.

    Args:
        session: The session.
        parent: The window.
    """

    def __init__(self, session: ListedSession, parent: QWidget | None = None) -> None:
        super().__init__("Date of recording", 48, parent)
        self.known = TickBox("The day is known")
        self.date = make_date(session.day)
        self._note = make_note()
        form = make_form()
        form.addRow("", self.known)
        form.addRow("Recorded on", self.date)
        form.addRow("", self._note)
        text = f"When was “{session.name}” recorded? Sessions stand in the order of their days."
        self._fill(text, form)
        self.known.toggled.connect(self._follow)
        self.known.setChecked(True)

    @property
    def day(self) -> date | None:
        """The day; None where it is not known."""
        picked = self.date.date()
        known = self.known.isChecked()
        return date(picked.year(), picked.month(), picked.day()) if known else None

    def _follow(self, known: bool) -> None:
        self.date.setEnabled(known)
        self._note.setText("" if known else UNKNOWN)


class NoteDialog(FormDialog):
    """Asks for tags and a note.

    Args:
        of: Whose they are.
        noted: What they are now.
        parent: The window.
    """

    def __init__(self, of: str, noted: Annotation, parent: QWidget | None = None) -> None:
        super().__init__("Tags and note", 48, parent)
        self.tags = QLineEdit(", ".join(noted.tags))
        self.tags.setPlaceholderText("such as: pilot, left side")
        self.note = QPlainTextEdit(noted.note)
        self.note.setTabChangesFocus(True)
        form = make_form()
        form.addRow("Tags", self.tags)
        form.addRow("Note", self.note)
        self._fill(f"What is to be known of “{shown_name(of)}”? It stays in the library.", form)

    @property
    def noted(self) -> Annotation:
        """The tags, which commas part, and the note."""
        tags = (tag.strip() for tag in self.tags.text().split(","))
        return Annotation(tuple(tag for tag in tags if tag), self.note.toPlainText())


class EnrolDialog(ConsentingDialog):
    """Asks for the speaker's name and consent; what is missing is said beside the field.

    It stays, with what was filled in, until the recording is enrolled.

    Attributes:
        ordered: Enrolment: enrol the recording so.

    Args:
        consents: Speakers who are enrolled already, with the consent recorded for each; empty
            for one whose consent has ended.
        title: The recording.
        parent: The window.
    """

    ordered = Signal(object)

    def __init__(
        self, consents: Mapping[str, str], title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__("Enrol as a speaker", 56, "the person", parent, agree="Enrol")
        self._consents = dict(consents)
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.addItems(list(consents))
        self.name.setCurrentText("")
        self._name_note, self._failure = make_note(), make_error_line()
        self.another, self.again = TickBox(ANOTHER_PERSON), TickBox(ENROL_AGAIN)
        self._near = {near_key(name): name for name in consents}
        self._lay_out(title)
        self.again.setVisible(False)
        for box in (self.another, self.again):
            box.toggled.connect(self._check_without_failure)
        self.name.currentTextChanged.connect(self._check)
        self._check()

    def _lay_out(self, title: str) -> None:
        text = (
            f"“{title}” becomes a session of this speaker. A template of how a face moves is "
            "biometric data: it is kept on this machine only, and only with consent."
        )
        form = make_form()
        form.addRow("Speaker", self.name)
        form.addRow("", self._name_note)
        form.addRow("", self.another)
        self._add_consent(form)
        form.addRow(self._failure)
        form.addRow("", self.again)
        self._fill(text, form)

    @property
    def notes(self) -> tuple[str, str, str]:
        """The sentences beside name, giver and scope; empty where nothing is missing."""
        return self._name_note.text(), self._giver_note.text(), self._scope_note.text()

    def enrolment(self) -> Enrolment:
        """What has been filled in."""
        name, (giver, _scope) = self.name.currentText().strip(), self._stated
        near, again = self.another.isChecked(), self.again.isChecked()
        if self._recorded(name) and not giver:
            return Enrolment(name, None, near, again)
        consent, terms = self._consent()
        return Enrolment(name, consent, near, again, terms)

    @property
    def failure(self) -> str:
        """Why the recording was not enrolled; empty where that is not so."""
        return self._failure.text()

    def accept(self) -> None:
        """Order the enrolment."""
        self._set_complete(False)
        self.ordered.emit(self.enrolment())

    @Slot()
    def finish(self) -> None:
        """Close: the recording is enrolled."""
        super().accept()

    @Slot(object)
    def show_failure(self, error: Exception) -> None:
        """Say why the recording was not enrolled."""
        self._check()
        status = error_status(error)
        if isinstance(error, KnownRecordingError):
            set_error(self._failure, status.sentence)
            self.again.setVisible(True)
            return
        set_error(self._failure, f"{status.sentence} {status.hint}")

    def _near_name(self, name: str) -> str:
        """The speaker whose name a new name nearly is; empty where there is none."""
        near = self._near.get(near_key(name), "")
        return "" if near == name or name in self._consents else near

    def _recorded(self, name: str) -> bool:
        return bool(self._consents.get(name))

    def _check(self) -> None:
        self.again.setVisible(False)
        self.again.setChecked(False)
        self._check_without_failure()

    def _check_without_failure(self) -> None:
        name = self.name.currentText().strip()
        if self.again.isHidden():
            set_error(self._failure, "")
        optional = self._recorded(name) and not any(self._stated)
        self.purposes.setEnabled(not optional)
        error, near = _name_error(name), self._near_name(name)
        self.another.setVisible(bool(near))
        told = f"This is nearly the name of “{near}”, who is in the library." if near else ""
        self._name_note.setText(error or told or _name_text(name, self._consents))
        named = not error and (not near or self.another.isChecked())
        consented = self._tell_missing(optional=optional)
        self._set_complete(named and consented)


def _name_error(name: str) -> str:
    if not name:
        return "Give the speaker a name or a code."
    try:
        checked_name(name)
    except InputError as error:
        return f"{error.sentence} {error.hint}"
    return ""


def _name_text(name: str, consents: Mapping[str, str]) -> str:
    return f"Enrolled already; consent recorded: {consents[name]}." if consents.get(name) else ""
