"""Dialog on the reading of one video: its film, its rate, whether it was recorded mirrored."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from facedyn_app.gui.dialogs.form import FormDialog, make_form
from facedyn_app.gui.dialogs.settings_page import Choice, ChoiceBox
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.gui.widgets.setting_field import SettingField
from facedyn_app.records import VideoInfo
from facedyn_app.settings import VideoSettings

MAIN_FILM = "-1"
NOTES = {
    "fps": "Even steps of so many frames a second; 0 takes the file's own times, and 25 frames/s "
    "where it states none.",
    "mirrored_pixels": "As front cameras and video calls do: left and right are exchanged back.",
}
"""What each setting does to a recording."""


class ReadingDialog(FormDialog):
    """Asks how a video is to be read; holds for this video alone, which is then fitted anew.

    Args:
        info: The video.
        settings: How it is read now.
        parent: The window.

    Attributes:
        ordered: VideoSettings: read it so.
        films: The films to choose from; hidden where there is one.
        fields: The other settings by name.
    """

    ordered = Signal(object)

    def __init__(
        self, info: VideoInfo, settings: VideoSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__("How the video is read", 60, parent, agree="Fit again")
        self._settings = settings
        choices = [Choice(MAIN_FILM, "the main one")]
        choices += [Choice(str(k), f"number {k}: {words}") for k, words in enumerate(info.films)]
        chosen = str(settings.stream) if settings.stream < len(info.films) else MAIN_FILM
        self.films = ChoiceBox("Film", choices, chosen, self)
        self.films.setVisible(bool(info.films))
        self.fields = {
            item.name: SettingField(item, getattr(settings, item.name), self)
            for item in fields(VideoSettings)
            if item.name in NOTES
        }
        form = make_form()
        if info.films:
            form.addRow(self.films)
        for name, field in self.fields.items():
            row = QHBoxLayout()
            row.addWidget(field.editor)
            row.addWidget(QLabel(field.unit))
            row.addStretch(1)
            row.addWidget(field.reset)
            form.addRow(field.label, row)
            form.addRow("", make_note(NOTES[name]))
            form.addRow("", field.note)
            field.changed.connect(self._check)
        self._fill(_lead(info), form)
        self._check()

    def reading(self) -> VideoSettings:
        """What has been chosen."""
        values = {name: field.value for name, field in self.fields.items()}
        return replace(self._settings, stream=int(self.films.chosen), **values)

    def accept(self) -> None:
        """Order the fit."""
        self.ordered.emit(self.reading())
        super().accept()

    def _check(self) -> None:
        self._set_complete(not any(field.error for field in self.fields.values()))


def _lead(info: VideoInfo) -> str:
    rate = f"{info.fps:.4g} frames/s{', which is assumed' if info.fps_assumed else ''}"
    notes = " ".join(info.notes)
    return (
        f"“{info.path.name}”: {info.width} x {info.height} px, {rate}. {notes}".strip()
        + "\n\nThis holds for this recording alone."
    )
