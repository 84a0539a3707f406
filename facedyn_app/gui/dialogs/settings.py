"""Settings dialog: pages by stage, checked as typed, kept between starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.device import choose_device, mediapipe_is_there
from facedyn_app.errors import FacedynError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.gui.dialogs.form import without_icons
from facedyn_app.gui.dialogs.settings_page import Choice, ChoiceBox, Conflict, SettingsPage
from facedyn_app.gui.status import error_status
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.form_parts import make_error_line, set_error
from facedyn_app.gui.widgets.head_menu import HEAD_FILES
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import (
    MEDIAPIPE,
    ClinicalSettings,
    LandmarkSettings,
    MachineSettings,
    NetworkSettings,
    Settings,
    TrustSettings,
)

HEAD, RECOGNIZER = "Head", "Recognizer"
PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    HEAD: (),
    "Computing": ("machine",),
    "Video": ("video",),
    "Landmarks": ("landmarks",),
    "Fit": ("fit",),
    "Features": ("features",),
    RECOGNIZER: ("network", "train"),
    "Trust": ("trust",),
    "Clinical measures": ("clinical",),
    "Privacy": ("privacy",),
    "Appearance": ("appearance",),
}
LEADS: Final = {
    HEAD: "The 3D head that new videos are fitted with. People are compared only with sessions of "
    "the same head.",
    "Computing": "Where the work is done; nothing leaves this machine in any case.",
    "Video": "How the pictures of a video file are read.",
    "Landmarks": "How faces are found in the frames of a video.",
    "Fit": "How the head is fitted to the landmarks. Every session keeps the settings that it was "
    "made with.",
    "Features": "What of the motion a new recognizer learns from. A trained one keeps its own.",
    RECOGNIZER: "Who is it? is answered by the active recognizer of the library.",
    "Trust": "Where “good” ends and “do not use” begins.",
    "Clinical measures": "What counts as a blink and as rest, how far each side of the face moves, "
    "and how sure a difference must be.",
    "Privacy": "Videos are read where they are, never copied; the program opens no network "
    "connection. Whoever is asked about, enrolled or forgotten stands in the library's audit "
    "trail.",
    "Appearance": "How the window looks.",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has been filled in.

    Attributes:
        settings: All settings.
        head: Id, file or folder of the head for new videos.
        recognizer: Name of the active recognizer.
    """

    settings: Settings
    head: str
    recognizer: str


class SettingsDialog(FittedDialog):
    """Edits all settings; OK is there as long as nothing is wrong.

    Attributes:
        head_offered: str: look whether this head file or folder can be used.

    Args:
        settings: As they are now.
        heads: The heads to choose from.
        recognizers: The recognizers of the library.
        chosen: The id of the head and the name of the recognizer that are used now.
        drawn: The head in use, for the number of its directions; None where it is not read yet.
        parent: The window.
    """

    head_offered = Signal(str)

    def __init__(
        self,
        settings: Settings,
        heads: Sequence[Choice],
        recognizers: Sequence[Choice],
        chosen: tuple[str, str],
        drawn: HeadModel | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(120 * GRID, 88 * GRID)
        self._settings, self._drawn = settings, drawn
        self.head = ChoiceBox("Head of new videos", heads, chosen[0])
        self.recognizer = ChoiceBox("Active recognizer", recognizers, chosen[1])
        self.head.add_button("Head file…").clicked.connect(self._ask_head_file)
        self.head.add_button("Folder…").clicked.connect(self._ask_head_folder)
        tops = {HEAD: self.head, RECOGNIZER: self.recognizer}
        self.pages = {name: self._make_page(name, tops.get(name)) for name in PAGES}
        self.list = QListWidget()
        self._stack = QStackedWidget()
        self._note = make_error_line()
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.RestoreDefaults)
        self._lay_out()
        self.head.changed.connect(self._check)
        self._check()

    def _make_page(self, name: str, top: QWidget | None) -> SettingsPage:
        records = {stage: getattr(self._settings, stage) for stage in PAGES[name]}
        page = SettingsPage(records, self._conflict, top)
        page.changed.connect(self._check)
        return page

    def _lay_out(self) -> None:
        self.list.setFixedWidth(18 * GRID)
        self.list.setSpacing(GRID // 4)
        self.list.addItems(list(self.pages))
        for name, page in self.pages.items():
            self._stack.addWidget(_with_lead(LEADS[name], page))
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        kinds = QDialogButtonBox.StandardButton
        defaults = self._buttons.button(kinds.RestoreDefaults)
        defaults.setText("Reset this page")
        defaults.setToolTip("Put the defaults into all fields of this page")
        defaults.setAutoDefault(False)
        defaults.clicked.connect(self._reset_page)
        without_icons(self._buttons)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.list)
        row.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(row, 1)
        column.addWidget(self._note)
        column.addWidget(self._buttons)

    @property
    def complete(self) -> bool:
        """Whether all that is filled in can be used."""
        return self._buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()

    @property
    def note(self) -> str:
        """Which pages have something wrong; empty where none has."""
        return self._note.text()

    def show_page(self, name: str) -> None:
        """Turn to a page."""
        self.list.setCurrentRow(list(self.pages).index(name))

    def wanted(self) -> Wanted:
        """What has been filled in; only where it is complete."""
        records: dict[str, Any] = {}
        for page in self.pages.values():
            records |= page.records()
        return Wanted(replace(self._settings, **records), self.head.chosen, self.recognizer.chosen)

    def _conflict(self, _stage: str, record: Any) -> Conflict:
        if isinstance(record, MachineSettings):
            try:
                choose_device(record.device)
            except FacedynError:
                return "device", "is not there: no CUDA device was found on this machine"
            return None
        if isinstance(record, FitSettings):
            return _directions_conflict(record, self._drawn)
        if isinstance(record, LandmarkSettings):
            if record.engine == MEDIAPIPE and not mediapipe_is_there():
                return "engine", "is not there: MediaPipe was not found on this machine"
            return None
        if isinstance(record, NetworkSettings | TrustSettings | ClinicalSettings):
            return record.conflict()
        return None

    def _check(self) -> None:
        wrong = [name for name, page in self.pages.items() if page.errors]
        if self.head.error and HEAD not in wrong:
            wrong.append(HEAD)
        set_error(self._note, f"Something is not right on: {', '.join(wrong)}." if wrong else "")
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not wrong)

    def _reset_page(self) -> None:
        self.pages[list(self.pages)[self._stack.currentIndex()]].reset()

    def _ask_head_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Head file", "", HEAD_FILES)
        self.offer_head(file)

    def _ask_head_folder(self) -> None:
        self.offer_head(QFileDialog.getExistingDirectory(self, "Head folder"))

    def offer_head(self, path: str) -> None:
        """Choose a head file or folder; empty for none."""
        if path:
            text = f"{path}: read where it is and never copied, once you press OK."
            self.head.add(Choice(path, Path(path).name, text))
            self.head.choose(path)
            self.head_offered.emit(path)

    @Slot(str, object)
    def refuse_head(self, path: str, error: Exception) -> None:
        """Say that an offered head cannot be used."""
        self.head.refuse(path, error_status(error).sentence)


def _with_lead(text: str, page: QWidget) -> QWidget:
    whole = QWidget()
    lead = QLabel(text)
    lead.setWordWrap(True)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2 * GRID)
    column.addWidget(lead)
    column.addWidget(page, 1)
    return whole


def _directions_conflict(fit: FitSettings, head: HeadModel | None) -> Conflict:
    """Whether more directions are asked for than the head in use has."""
    if head is None:
        return None
    for name, most in (("n_shape", head.n_shape), ("n_expression", head.n_expression)):
        if getattr(fit, name) > most:
            return name, f"must be at most {most}, as many as the head {head.head_id} has"
    return None
