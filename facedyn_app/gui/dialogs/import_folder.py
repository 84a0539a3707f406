"""Import of a folder into the library: by whose consent, and what for."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from facedyn_app.formatting import shown_name
from facedyn_app.gui.dialogs.consenting import ConsentingDialog
from facedyn_app.gui.dialogs.form import make_form
from facedyn_app.gui.widgets.form_parts import TickBox
from facedyn_app.workflows.options import ImportStatement

NEAR_NAMES = "Folders called nearly as a speaker are other people"


class ImportDialog(ConsentingDialog):
    """Asks for the consent of everybody in a folder; what is missing is said beside the field.

    Args:
        title: The folder's name.
        parent: The window.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__("Import folder", 60, "the people", parent, agree="Import")
        self.near = TickBox(NEAR_NAMES)
        form = make_form()
        self._add_consent(form)
        form.addRow("", self.near)
        self._fill(
            f"The recordings in “{shown_name(title)}” become sessions of the speakers after whom "
            "its folders are called. They are fitted one after the other; what is not done when "
            "the program ends waits in the library's import queue. A template of how a face moves "
            "is biometric data: it is kept on this machine only, and only with consent.",
            form,
        )
        self._check()

    def statement(self) -> ImportStatement:
        """What has been filled in."""
        consent, terms = self._consent()
        return ImportStatement(consent, near=self.near.isChecked(), terms=terms)

    def _check(self) -> None:
        self._set_complete(self._tell_missing())
