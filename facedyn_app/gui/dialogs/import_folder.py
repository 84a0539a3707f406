"""Import of a folder into the library: by whose consent, and what for."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from facedyn_app.formatting import shown_name
from facedyn_app.gui.dialogs.form import FormDialog, make_date, make_form
from facedyn_app.gui.dialogs.session import consent_terms, consent_words
from facedyn_app.gui.widgets.consent_fields import ConsentFields
from facedyn_app.gui.widgets.form_parts import TickBox, make_note
from facedyn_app.workflows.options import ImportStatement

NEAR_NAMES = "Folders called nearly as a speaker are other people"


class ImportDialog(FormDialog):
    """Asks for the consent of everybody in a folder; what is missing is said beside the field.

    Args:
        title: The folder's name.
        parent: The window.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__("Import folder", 60, parent, agree="Import")
        self.giver, self.scope = QLineEdit(), QLineEdit()
        self.giver.setPlaceholderText("the people, or who may speak for them")
        self.scope.setPlaceholderText("such as: follow-up study until 2027")
        self.date = make_date()
        self.purposes = ConsentFields()
        self.near = TickBox(NEAR_NAMES)
        self._giver_note, self._scope_note = make_note(), make_note()
        form = make_form()
        form.addRow("Consent given by", self.giver)
        form.addRow("", self._giver_note)
        form.addRow("On (date)", self.date)
        form.addRow("For what", self.scope)
        form.addRow("", self._scope_note)
        form.addRow("It holds for", self.purposes)
        form.addRow("", self.near)
        self._fill(
            f"The recordings in “{shown_name(title)}” become sessions of the speakers after whom "
            "its folders are called. They are fitted one after the other; what is not done when "
            "the program ends waits in the library's import queue. A template of how a face moves "
            "is biometric data: it is kept on this machine only, and only with consent.",
            form,
        )
        for field in (self.giver, self.scope):
            field.textChanged.connect(self._check)
        self.purposes.changed.connect(self._check)
        self._check()

    def statement(self) -> ImportStatement:
        """What has been filled in."""
        giver = self.giver.text().strip()
        consent = consent_words(giver, self.date, self.scope)
        terms = consent_terms(giver, self.purposes)
        return ImportStatement(consent, near=self.near.isChecked(), terms=terms)

    def _check(self) -> None:
        giver, scope = self.giver.text().strip(), self.scope.text().strip()
        self._giver_note.setText("" if giver else "Say who gave the consent.")
        self._scope_note.setText("" if scope else "Say what the consent is for.")
        self._set_complete(bool(giver and scope and self.purposes.wanted))
