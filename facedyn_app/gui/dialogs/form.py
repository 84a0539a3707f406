"""Form of the dialogs: a lead, fields with notes beside them, buttons; checks of paths."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDateEdit,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.screen_fit import FittedDialog, ScrolledPage
from facedyn_app.library.importers import VIDEO_ENDINGS

_VIDEO_ENDING = re.compile(rf"({'|'.join(map(re.escape, VIDEO_ENDINGS))})(?!\w)", re.IGNORECASE)


def folder_error(folder: Path) -> str:
    """Why nothing can be written into a folder, as far as that is seen without trying."""
    if not folder.is_dir():
        return f"There is no folder '{folder}'."
    return "" if os.access(folder, os.W_OK) else f"The folder '{folder}' cannot be written."


def place_error(text: str, *, is_file: bool) -> str:
    """Why nothing can be written there, as far as that is seen without trying.

    Args:
        text: The path as it was typed.
        is_file: Whether it is to be a file; else a new folder.
    """
    try:
        path = Path(text).expanduser()
        if is_file and path.is_dir():
            return f"'{path}' is a folder."
        if not is_file and path.exists() and (not path.is_dir() or any(path.iterdir())):
            return f"'{path}' is there already: name a new folder."
        return folder_error(path.absolute().parent)
    except (OSError, RuntimeError) as error:  # too long, forbidden, or the home of nobody
        return f"'{text}' cannot be written: {getattr(error, 'strerror', None) or error}."


def plain_name(title: str) -> str:
    """What a recording or speaker is called, as a file's name that every system takes."""
    name = _VIDEO_ENDING.sub("", title)
    plain = "".join(letter if letter.isalnum() or letter in "-_ ." else "_" for letter in name)
    plain = plain.replace("_ ", "_")  # of "Anna, visit 1"
    return plain.strip(" .")[:80] or "recording"


def make_date(day: date | None = None) -> QDateEdit:
    """A field for a day that has been; today where none is given."""
    today = QDate.currentDate()
    field = QDateEdit(today if day is None else QDate(day.year, day.month, day.day))
    field.setCalendarPopup(True)
    field.setDisplayFormat("yyyy-MM-dd")
    field.setMaximumDate(today)
    return field


def make_form() -> QFormLayout:
    """Rows of labels and fields, to be filled."""
    form = QFormLayout()
    form.setSpacing(GRID)
    return form


def without_icons(buttons: QDialogButtonBox) -> None:
    """Let buttons say in words what they do: a desktop's own signs suit neither light nor dark."""
    for button in buttons.buttons():
        button.setIcon(QIcon())


class FormDialog(FittedDialog):
    """A form between a lead and two buttons, the first of which waits until all is there.

    Args:
        title: The window's title.
        width: Least width, in steps of the grid.
        parent: The window.
        agree: What the first button does; "OK" where it is not said.
    """

    def __init__(
        self, title: str, width: int, parent: QWidget | None = None, agree: str = ""
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(width * GRID)
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self._agree = self._buttons.button(kinds.Ok)
        if agree:
            self._agree.setText(agree)

    @property
    def complete(self) -> bool:
        """Whether all that is needed is there."""
        return self._agree.isEnabled()

    def _set_complete(self, complete: bool) -> None:
        self._agree.setEnabled(complete)

    def _fill(self, text: str, form: QFormLayout) -> None:
        """Put the text above the form and the buttons below it, and let them end the dialog."""
        lead = QLabel(text)
        lead.setTextFormat(Qt.TextFormat.PlainText)
        lead.setWordWrap(True)
        without_icons(self._buttons)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2 * GRID)
        inside.addWidget(lead)
        inside.addLayout(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(ScrolledPage(page))
        column.addWidget(self._buttons)
