"""Pseudonyms of a written dataset, and whom each stands for: told once, kept in no file."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QWidget

from facedyn_app.gui.dialogs.form import without_icons
from facedyn_app.gui.dialogs.listing import ListingDialog
from facedyn_app.workflows.records import LibrarySnapshot

HEADS = ("Pseudonym", "Speaker")


class PseudonymsDialog(ListingDialog):
    """A table of pseudonyms and names.

    Args:
        people: Each pseudonym and the speaker whom it stands for.
        folder: Name of the dataset's folder.
        parent: The window.
    """

    def __init__(
        self, people: Sequence[tuple[str, str]], folder: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            f"Pseudonyms in {folder}",
            "Whom the pseudonyms stand for is in no file and is shown only now. Keep the names "
            "apart from the dataset; faces' motion and shape may still tell who people are.",
            HEADS,
            people,
            60,
            parent,
        )
        self.copy = self._buttons.addButton("&Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip("Copy the table, to be pasted into a sheet")
        without_icons(self._buttons)
        text = "\n".join("\t".join(row) for row in (HEADS, *people))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))

    @Slot(object)
    def follow(self, snapshot: LibrarySnapshot) -> None:
        """Close where nobody is shown any more: the library was locked."""
        if not snapshot.speakers:
            self.close()
