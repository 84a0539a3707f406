"""Dialog before a camera recording: where to, and nothing without consent."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from facedyn_app.gui.dialogs.form import FormDialog, folder_error, make_form
from facedyn_app.gui.widgets.form_parts import TickBox, make_error_line, set_error

ENDING: Final = ".mkv"
CONSENT: Final = (
    "From Start until Stop, what the camera shows is written into a video file on this machine, "
    "without sound. Nothing else is kept. A video of a face is personal data: record only people "
    "who have agreed to it, and note who agreed, when and for what."
)


class RecordDialog(FormDialog):
    """Asks for folder, name and consent; what is missing is said beside the field.

    Args:
        folder: Where the recording is offered to be put.
        name: Name offered for it, without ending.
        parent: The window.
    """

    def __init__(self, folder: Path, name: str, parent: QWidget | None = None) -> None:
        super().__init__("Record the camera", 64, parent, agree="Start")
        self.folder = QLineEdit(str(folder))
        self.name = QLineEdit(name)
        self.agreed = TickBox("The person before the camera has agreed to be recorded")
        self._browse = QPushButton("Browse…")
        self._folder_error, self._name_error = make_error_line(), make_error_line()
        self._lay_out()
        self._browse.clicked.connect(self._ask_folder)
        self.folder.textChanged.connect(self._check)
        self.name.textChanged.connect(self._check)
        self.agreed.toggled.connect(self._check)
        self._check()

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(self._browse)
        form = make_form()
        form.addRow("Folder", where)
        form.addRow("", self._folder_error)
        form.addRow("Name", self.name)
        form.addRow("", self._name_error)
        form.addRow("Consent", self.agreed)
        self._fill(CONSENT, form)

    @property
    def errors(self) -> tuple[str, str]:
        """The sentences beside folder and name; empty where nothing is wrong."""
        return self._folder_error.text(), self._name_error.text()

    @property
    def path(self) -> Path:
        """The file to write."""
        name = self.name.text().strip()
        name = name if name.lower().endswith(ENDING) else name + ENDING
        return Path(self.folder.text().strip()).expanduser() / name

    def _check(self) -> None:
        in_folder, in_name = folder_error(self.path.parent), self._wrong_name()
        set_error(self._folder_error, in_folder)
        set_error(self._name_error, in_name)
        ready = not in_folder and not in_name and self.agreed.isChecked()
        self._set_complete(ready)

    def _wrong_name(self) -> str:
        name = self.name.text().strip()
        if not name:
            return "Give the recording a name."
        if Path(name).name != name:
            return "The name must not hold a folder."
        return "There is a file of this name already." if self.path.exists() else ""

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of recordings", self.folder.text())
        if chosen:
            self.folder.setText(chosen)
