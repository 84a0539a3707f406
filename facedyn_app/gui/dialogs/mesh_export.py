"""Dialog on a mesh export: which meshes, in which format, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from facedyn_app.gui.dialogs.form import FormDialog, make_form, place_error, plain_name
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.reports.kinds import MeshFormat, MeshKind

KINDS: Final = {
    MeshKind.EXPRESSION: (
        "Motion only",
        "The mean head moved by expression and jaw: no trace of the person's own shape is in it.",
    ),
    MeshKind.FULL: (
        "Whole head",
        "Shape, expression, jaw and pose, as the head stood before the camera: it shows who it is.",
    ),
    MeshKind.NEUTRAL: (
        "Shape at rest",
        "The person's shape without expression, one mesh for the recording: it shows who it is.",
    ),
}
ONE, ALL = 0, 1


@dataclass(frozen=True, slots=True)
class MeshOrder:
    """Which meshes of a recording are wanted.

    Attributes:
        kind: What they show.
        form: Their format.
        frame: One frame, from 0; None for all of them.
        path: The file, or the new folder for all frames.
    """

    kind: MeshKind
    form: MeshFormat
    frame: int | None
    path: Path


class MeshDialog(FormDialog):
    """Asks what to write; what is missing is said beside the field.

    Args:
        title: The recording.
        frame: The frame that is shown, from 0.
        fitted: Whether it has a trusted fit.
        folder: Where files are offered to be put.
        parent: The window.
    """

    def __init__(
        self, title: str, frame: int, fitted: bool, folder: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__("Export mesh", 64, parent, agree="Export")
        self._title, self._frame, self._fitted, self._folder = title, frame, fitted, folder
        self.kind = QComboBox()
        self.kind.addItems([text for text, _ in KINDS.values()])
        self.frames = QComboBox()
        self.frames.addItems([f"This frame ({frame + 1})", "All frames, as numbered files"])
        self.form = QComboBox()
        self.form.addItems([form.upper() for form in MeshFormat])
        self.path = QLineEdit()
        self._browse = QPushButton("Browse…")
        self._kind_note, self._path_note = make_note(), make_note()
        self._lay_out()
        for box in (self.kind, self.frames, self.form):
            box.currentIndexChanged.connect(self._suggest)
        self.path.textChanged.connect(self._check)
        self._browse.clicked.connect(self._ask_path)
        self._suggest()

    def _lay_out(self) -> None:
        text = f"Meshes of “{self._title}”, in metres, the vertices in the head file's order."
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(self._browse)
        form = make_form()
        form.addRow("Mesh", self.kind)
        form.addRow("", self._kind_note)
        form.addRow("Frames", self.frames)
        form.addRow("Format", self.form)
        form.addRow("Where", where)
        form.addRow("", self._path_note)
        self._fill(text, form)

    @property
    def note(self) -> str:
        """The sentence beside the place; empty where nothing is missing."""
        return self._path_note.text()

    def order(self) -> MeshOrder:
        """What has been filled in."""
        frame = self._frame if self.frames.currentIndex() == ONE else None
        path = Path(self.path.text().strip()).expanduser()
        return MeshOrder(self._kind, self._form, frame, path)

    @property
    def _kind(self) -> MeshKind:
        return list(KINDS)[self.kind.currentIndex()]

    @property
    def _form(self) -> MeshFormat:
        return list(MeshFormat)[self.form.currentIndex()]

    @property
    def _one_file(self) -> bool:
        neutral = self._kind is MeshKind.NEUTRAL
        return neutral or self.frames.currentIndex() == ONE

    def _suggest(self) -> None:
        """Offer a place by the name of the recording."""
        kind, form = self._kind, self._form
        neutral = kind is MeshKind.NEUTRAL
        self.frames.setEnabled(not neutral)
        self._kind_note.setText(KINDS[kind][1])
        name = f"{plain_name(self._title)}-{kind}"
        if not neutral and self._one_file:
            name += f"-{self._frame + 1}"
        self.path.setText(str(self._folder / (f"{name}.{form}" if self._one_file else name)))
        self._check()

    def _check(self) -> None:
        note = self._missing()
        self._path_note.setText(note)
        self._set_complete(not note)

    def _missing(self) -> str:
        text, form = self.path.text().strip(), self._form
        if not text:
            return "Say where to."
        if self._one_file and not text.lower().endswith(f".{form}"):
            return f"The file's name must end in .{form}."
        neutral = self._kind is MeshKind.NEUTRAL
        if self._one_file and not neutral and not self._fitted:
            return "This frame has no trusted fit, so there is no mesh of it."
        return place_error(text, is_file=self._one_file)

    def _ask_path(self) -> None:
        text = "Export mesh" if self._one_file else "Export meshes into a new folder"
        chosen, _ = QFileDialog.getSaveFileName(self, text, self.path.text())
        if chosen:
            self.path.setText(chosen)
