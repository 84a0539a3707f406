"""Settings: asked for, put to use, kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.gui.controllers.heads import HeadController
from facedyn_app.gui.controllers.recognizers import RecognizerController
from facedyn_app.gui.dialogs.settings import SettingsDialog, Wanted
from facedyn_app.gui.dialogs.settings_page import Choice
from facedyn_app.gui.formatting import accuracy_text, recognizer_text
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.logs import leave_out_names
from facedyn_app.progress import OnProgress
from facedyn_app.settings import AppearanceSettings, Settings
from facedyn_app.settings_file import write_settings
from facedyn_app.workflows.heads import read_head

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


class SettingsController(QObject):
    """The settings of the window, and the choices that stand beside them.

    Args:
        state: The window's state.
        heads: Which head videos are fitted with.
        recognizers: The recognizers of the library.
        queue: For short work on the disk.
        path: The file that the settings are kept in; None to forget them.

    Attributes:
        scheme_changed: Qt.ColorScheme: the window is to look like that.
        head_refused: str, Exception: why a head that was offered cannot be used.
    """

    scheme_changed = Signal(object)
    head_refused = Signal(str, object)

    def __init__(
        self,
        state: AppState,
        heads: HeadController,
        recognizers: RecognizerController,
        queue: JobQueue,
        path: Path | None,
    ) -> None:
        super().__init__()
        self._state, self._heads, self._recognizers = state, heads, recognizers
        self._queue, self._path = queue, path
        state.settings_changed.connect(_follow_privacy)
        _follow_privacy(state.settings)

    def ask(self, parent: QWidget, page: str = "") -> SettingsDialog:
        """Open the dialog, on a page where one is named; what is filled in is used on OK."""
        heads = [Choice(one.head_id, one.text, one.tip, one.there) for one in self._heads.choices]
        entries = self._recognizers.entries
        recognizers = [
            Choice(one.name, recognizer_text(one.name), accuracy_text(one), not one.fault)
            for one in entries
        ]
        active = next((one.name for one in entries if one.active), "")
        chosen = (self._heads.name, active)
        dialog = SettingsDialog(
            self._state.settings, heads, recognizers, chosen, self._state.head, parent
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._use(dialog.wanted(), chosen))
        dialog.head_offered.connect(self._check_head)
        self.head_refused.connect(dialog.refuse_head)
        if page:
            dialog.show_page(page)
        dialog.open()
        return dialog

    @Slot(object)
    def choose_scheme(self, scheme: Qt.ColorScheme) -> None:
        """Look light, dark or as the system, from now on."""
        colours = next(name for name, known in SCHEMES.items() if known == scheme)
        self._take(replace(self._state.settings, appearance=AppearanceSettings(colours)))

    def follow_system(self) -> None:
        """Look as the settings say, now that the system has other colours."""
        self.scheme_changed.emit(SCHEMES[self._state.settings.appearance.colours])

    @Slot(str)
    def _check_head(self, path: str) -> None:
        self._queue.submit(
            read_head,
            path,
            title=f"Look at {Path(path).name}",
            on_error=partial(self.head_refused.emit, path),
        )

    def _use(self, wanted: Wanted, chosen: tuple[str, str]) -> None:
        self._take(wanted.settings)
        if wanted.head != chosen[0]:
            self._heads.choose(wanted.head)
        if wanted.recognizer != chosen[1]:
            self._recognizers.activate(wanted.recognizer)

    def _take(self, settings: Settings) -> None:
        before = self._state.settings
        self._state.set_settings(settings)
        if settings.appearance != before.appearance:
            self.follow_system()
        if settings.trust != before.trust:
            self._judge_again(settings)
        if self._path is not None and settings != before:
            self._queue.submit(
                _keep,
                settings,
                self._path,
                title="Keep the settings",
                on_error=self._state.show_error,
            )

    def _judge_again(self, settings: Settings) -> None:
        for recording in self._state.recordings:
            quality = assess_quality(recording.session, settings.trust)
            self._state.add_recording(replace(recording, quality=quality))


def _follow_privacy(settings: Settings) -> None:
    """Let the log name no file where no names are to be kept."""
    if not settings.privacy.file_names:
        leave_out_names()


def _keep(settings: Settings, path: Path, _on_progress: OnProgress) -> None:
    write_settings(settings, path)
