"""When a session was recorded: for sessions over months the order depends on it."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtWidgets import QWidget

from facedyn_app.gui.form import FormDialog, make_date, make_form, make_note
from facedyn_app.gui.listing import ListedSession
from facedyn_app.gui.tick_box import TickBox

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
        words = f"When was “{session.name}” recorded? Sessions stand in the order of their days."
        self._fill(words, form)
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
