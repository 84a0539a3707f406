"""Frame feed: video, landmarks, head and traces on the one frame whose picture has come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QSize, Slot

from facedyn_app.dynamics.session_qc import valid_percent
from facedyn_app.gui.frame_loader import FrameLoader, LoadedFrame, image_to_qimage
from facedyn_app.gui.panels.video import VideoPanel
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import DONE, PanelStatus, error_status
from facedyn_app.gui.timeline import Timeline
from facedyn_app.records import INVALID_REASONS, ByteArray, FloatArray
from facedyn_app.video import mirror_points
from facedyn_app.workflows.records import Recording


class FrameFeed(QObject):
    """Answers `AppState.frame_wanted`: decodes the picture, then tells the state to show it.

    A recording without a video, or with one that cannot be read, is shown at once.

    Args:
        state: The window's state.
        panel: Where the picture is shown.
        parent: The window.
    """

    def __init__(self, state: AppState, panel: VideoPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._panel = panel
        self._broken: set[Path] = set()
        self._loader = FrameLoader(self)
        self._loader.loaded.connect(self._show_loaded)
        self._loader.failed.connect(self._show_failure)
        panel.view.resized.connect(self._loader.set_size)
        state.frame_wanted.connect(self._fetch)
        state.recording_changed.connect(self._begin)

    def close(self) -> None:
        """Stop decoding and wait."""
        self._loader.close()

    def forget(self) -> None:
        """Show no picture, and close the video."""
        self._panel.view.show_picture(None, None, QSize())
        self._panel.show_readout("")
        self._loader.release()

    def show_live(self, image: ByteArray, points: FloatArray | None, text: str) -> None:
        """Show the newest frame of an analysis under way, or of a camera.

        Args:
            image: (H, W, 3) uint8 RGB.
            points: (L, 2) landmarks, px, or None.
            text: What stands below it.
        """
        size = QSize(image.shape[1], image.shape[0])
        self._panel.view.show_picture(image_to_qimage(image), points, size)
        self._panel.show_readout(text)
        if self._panel.status.kind != "done":
            self._panel.show_status(DONE)

    @Slot(object)
    def _begin(self, recording: Recording | None) -> None:
        if recording is not None and recording.video is None:
            self._panel.show_status(
                PanelStatus(
                    "empty",
                    f"Only the motion of “{recording.label}” is at hand, not its video.",
                    "Head and traces are shown; File > Find videos… finds it where it is now.",
                )
            )

    @Slot(int)
    def _fetch(self, frame: int) -> None:
        recording = self._state.recording
        video = recording.video if recording is not None else None
        if recording is None or video is None or video in self._broken:
            self._state.show_frame(frame)
        else:
            reading = recording.reading or self._state.settings.video
            film = replace(reading, stream=recording.session.stream)
            self._loader.request(video, film, frame)

    @Slot(object)
    def _show_loaded(self, loaded: LoadedFrame) -> None:
        recording, timeline = self._state.recording, self._state.timeline
        if recording is None or timeline is None or recording.video != loaded.path:
            return
        frame = min(loaded.index, timeline.n_frames - 1)
        points = None
        if recording.landmarks is not None and frame < len(recording.landmarks.seconds):
            points = recording.landmarks.only(np.array([frame])).points[0]
            if recording.session.mirrored:
                points = mirror_points(points, loaded.width)
        self._panel.view.show_picture(loaded.image, points, QSize(loaded.width, loaded.height))
        self._panel.show_readout(_readout(recording, timeline, frame))
        if self._panel.status.kind != "done":
            self._panel.show_status(DONE)
        self._state.show_frame(frame)

    @Slot(object, object)
    def _show_failure(self, path: Path, error: Exception) -> None:
        self._broken.add(path)
        recording = self._state.recording
        if recording is not None and recording.video == path:
            self._panel.show_status(error_status(error, self._retry))
            self._state.show_frame(self._state.wanted)

    def _retry(self) -> None:
        recording = self._state.recording
        if recording is not None and recording.video in self._broken:
            self._broken.discard(recording.video)
            self._state.want_frame(self._state.wanted)


def _readout(recording: Recording, timeline: Timeline, frame: int) -> str:
    origin = "simulated · " if recording.session.simulated else ""
    origin += "kept, not fitted anew · " if recording.kept else ""
    quality = recording.quality
    valid = f"valid {valid_percent(quality)}"
    if not timeline.motion.valid[frame]:
        reasons = recording.session.invalid_reason
        reason = "" if reasons is None else f": {INVALID_REASONS[reasons[frame]]}"
        return f"{origin}no trusted face in this frame{reason} · {valid}"
    error = timeline.error_percent[frame]
    text = f"landmark error {error:.2f} % of face height" if np.isfinite(error) else "face found"
    return f"{origin}{text} · {valid}"
