"""Head menu: which head new videos are fitted with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from facedyn_app.gui.formatting import tip_text
from facedyn_app.headmodel.files.flame_downloads import flame_heads_in
from facedyn_app.headmodel.files.ict_files import NEUTRAL
from facedyn_app.workflows.heads import HeadChoice
from facedyn_app.workflows.recordings import holds_motion

HEAD_FILES: Final = "Heads (*.pkl *.npz);;All files (*)"
ENDINGS: Final = (".pkl", ".npz")


class HeadMenu(QMenu):
    """The heads, one of them ticked; below them, ways to bring in another and to look at one.

    Attributes:
        head_picked: str: id, file or folder of a head for new videos.
        pictures_requested: Show what the head looks like.
    """

    head_picked = Signal(str)
    pictures_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Head", parent)
        self.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self._after = self.addSeparator()
        for text, tip, run in (
            ("Choose a head file…", "FLAME .pkl or .npz, ICT-FaceKit .npz", self.choose_file),
            ("Choose a head folder…", "ICT-FaceKit's folder of OBJ files", self.choose_folder),
            ("Show the head…", "What it can do, and where its landmarks sit", self._ask_pictures),
        ):
            action = self.addAction(text)
            action.setToolTip(tip)
            action.triggered.connect(run)

    @property
    def heads(self) -> tuple[QAction, ...]:
        """The entries of the heads."""
        return tuple(self._group.actions())

    def show_heads(self, choices: Sequence[HeadChoice], chosen: str) -> None:
        """List the heads; those whose file is gone cannot be picked."""
        for action in self.heads:
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        for choice in choices:
            action = QAction(choice.text if choice.there else f"{choice.text} (gone)", self)
            action.setToolTip(tip_text(choice.tip))
            action.setData(choice.head_id)
            action.setCheckable(True)
            action.setChecked(choice.head_id == chosen)
            action.setEnabled(choice.there)
            action.triggered.connect(self._pick)
            self._group.addAction(action)
            self.insertAction(self._after, action)

    def choose_file(self) -> None:
        """Ask for a head file."""
        file, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Head file", "", HEAD_FILES)
        if file:
            self.head_picked.emit(file)

    def choose_folder(self) -> None:
        """Ask for a folder that is a head."""
        folder = QFileDialog.getExistingDirectory(self.parentWidget(), "Head folder")
        if folder:
            self.head_picked.emit(folder)

    def offer(self, path: Path) -> None:
        """Ask whether a file that was dropped is to be the head of new videos.

        What FLAME comes packed in is not asked about: what is said of it names the file to choose.
        """
        if flame_heads_in(path):
            self.head_picked.emit(str(path))
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Head",
            f"Use “{path.name}” as the head of new videos?",
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            self.parentWidget(),
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText("It is read where it is and never copied.")
        box.setObjectName("head offer")

        def answered(button: int) -> None:
            box.deleteLater()
            if button == QMessageBox.StandardButton.Yes:
                self.head_picked.emit(str(path))

        box.finished.connect(answered)
        box.open()

    def _pick(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.head_picked.emit(action.data())

    def _ask_pictures(self) -> None:
        self.pictures_requested.emit()


def may_be_head(path: Path) -> bool:
    """Whether a dropped file or folder is offered as a head; a recording is none of these."""
    if flame_heads_in(path):
        return True
    if path.is_dir():
        return (path / NEUTRAL).is_file()
    return path.suffix.lower() in ENDINGS and not holds_motion(path)
