"""Dialog on what a speaker has consented to."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QLineEdit, QWidget

from facedyn_app.formatting import shown_name
from facedyn_app.gui.dialogs.form import FormDialog, make_form
from facedyn_app.gui.widgets.consent_fields import ConsentFields
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.records import Consent, Purpose

WITHDRAWN = "What is not ticked is withdrawn. The speaker and the sessions stay until forgotten."


class ConsentDialog(FormDialog):
    """Asks what a speaker's consent holds for from now on, and until when.

    Args:
        name: The speaker.
        consent: What it is now.
        parent: The window.
    """

    def __init__(self, name: str, consent: Consent, parent: QWidget | None = None) -> None:
        super().__init__("Consent", 56, parent)
        self._consent = consent
        self.fields = ConsentFields()
        self.fields.show_consent(consent.in_force())
        self.giver = QLineEdit()
        self.giver.setPlaceholderText("the person, or who may speak for them")
        self._note = make_note()
        form = make_form()
        form.addRow("Recorded", make_note(consent.text))
        form.addRow("By purpose", make_note(consent.words()))
        form.addRow("It holds for", self.fields)
        form.addRow("", self._note)
        form.addRow("Given by", self.giver)
        self._fill(f"What has “{shown_name(name)}” consented to?", form)
        self.fields.changed.connect(self._tell)
        self._tell()

    @property
    def wanted(self) -> dict[Purpose, date | None]:
        """What the consent holds for, each purpose with its last day."""
        return self.fields.wanted

    @property
    def note(self) -> str:
        """What the ticks mean; empty where they take nothing back."""
        return self._note.text()

    def _tell(self) -> None:
        taken = self._consent.in_force().keys() - self.wanted.keys()
        self._note.setText(WITHDRAWN if taken else "")
