"""How one video is read: which of its films, at what rate, recorded mirrored or not."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from facedyn_app.gui.dialogs.form import FormDialog, make_form
from facedyn_app.gui.dialogs.settings_page import Choice, ChoiceBox
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.setting_field import SettingField
from facedyn_app.records import VideoInfo
from facedyn_app.settings import VideoSettings

MAIN_FILM = "-1"
ASKED = ("fps", "mirrored_pixels")


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
        self.films = ChoiceBox("Film", choices, chosen)
        self.films.setVisible(bool(info.films))
        self.fields = {
            item.name: SettingField(item, getattr(settings, item.name), self)
            for item in fields(VideoSettings)
            if item.name in ASKED
        }
        form, grid = make_form(), QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setColumnStretch(3, 1)
        for field in self.fields.values():
            field.place(grid, grid.rowCount())
            field.changed.connect(self._check)
        form.addRow(self.films)
        form.addRow(grid)
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
