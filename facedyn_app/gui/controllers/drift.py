"""Shape drift of a speaker: its window, and the measuring of what that shows."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot

from facedyn_app.gui.controllers.following import SpeakerController
from facedyn_app.gui.dialogs.drift import DriftWindow
from facedyn_app.gui.status import PanelStatus
from facedyn_app.workflows.drift_detail import DriftDetail, detail_drift


class DriftController(SpeakerController[DriftWindow]):
    """One drift window at most; it follows the library."""

    def _new_window(self) -> DriftWindow:
        window = DriftWindow(self._state.settings.trust, self._parent)
        window.speaker_picked.connect(self._measure)
        window.finished.connect(self._forget)
        return window

    @Slot(str)
    def _measure(self, speaker: str) -> None:
        self._drop()
        self._speaker = speaker
        if self.window is not None:
            working = PanelStatus("working", f"Measuring the shape of {speaker} …")
            self.window.show_status(working)
        self.queue.submit(
            detail_drift,
            speaker,
            self._library.snapshot.folder,
            title=f"Drift of {speaker}",
            on_result=self._take,
            on_error=partial(self._fail, speaker),
        )

    def _take(self, detail: DriftDetail) -> None:
        if self.window is not None:
            self.window.show_detail(detail)
