"""Form of the dialogs that need a consent: who gave it, when, for what, until when."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from facedyn_app.gui.dialogs.form import FormDialog, make_date
from facedyn_app.gui.widgets.consent_fields import ConsentFields
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.records import ConsentTerms


class ConsentingDialog(FormDialog):
    """A form with the fields of a consent; what is missing is said beside the field.

    Whoever lays it out adds the rows, and calls `_check` for the first time.

    Args:
        title: The window's title.
        width: Least width, in steps of the grid.
        people: Whose consent it is, as in "the person".
        parent: The window.
        agree: What the first button does.
    """

    def __init__(
        self, title: str, width: int, people: str, parent: QWidget | None = None, agree: str = ""
    ) -> None:
        super().__init__(title, width, parent, agree)
        self.giver, self.scope = QLineEdit(), QLineEdit()
        self.giver.setPlaceholderText(f"{people}, or who may speak for them")
        self.scope.setPlaceholderText("such as: follow-up study until 2027")
        self.date = make_date()
        self.purposes = ConsentFields()
        self._giver_note, self._scope_note = make_note(), make_note()
        for field in (self.giver, self.scope):
            field.textChanged.connect(self._check)
        self.purposes.changed.connect(self._check)

    def _check(self) -> None:
        """Say what is missing, and whether all is there."""
        raise NotImplementedError

    def _add_consent(self, form: QFormLayout) -> None:
        """Add the rows of the consent."""
        form.addRow("Consent given by", self.giver)
        form.addRow("", self._giver_note)
        form.addRow("On (date)", self.date)
        form.addRow("For what", self.scope)
        form.addRow("", self._scope_note)
        form.addRow("It holds for", self.purposes)

    @property
    def _stated(self) -> tuple[str, str]:
        """Who gave the consent, and what for, as typed."""
        return self.giver.text().strip(), self.scope.text().strip()

    def _tell_missing(self, *, optional: bool = False) -> bool:
        """Say beside the fields what is missing; whether the consent is there."""
        giver, scope = self._stated
        self._giver_note.setText("" if giver or optional else "Say who gave the consent.")
        self._scope_note.setText("" if scope or optional else "Say what the consent is for.")
        return optional or bool(giver and scope and self.purposes.wanted)

    def _consent(self) -> tuple[str, ConsentTerms]:
        """The consent in words, as it is put on record, and what it is for, until when."""
        giver, scope = self._stated
        wanted = self.purposes.wanted
        until = next(iter(wanted.values()), None)
        words = f"given by {giver} on {self.date.date().toString('yyyy-MM-dd')} for {scope}"
        return words, ConsentTerms(frozenset(wanted), until, giver)
