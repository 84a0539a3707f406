"""The main window: makes the panels and connects them with the state; knows no work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QVBoxLayout, QWidget

from facedyn_app.gui import docks as places
from facedyn_app.gui.actions import build_menus
from facedyn_app.gui.docks import Docks
from facedyn_app.gui.facts_panel import FactsPanel
from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.head_menu import HeadMenu, may_be_head
from facedyn_app.gui.head_panel import HeadPanel
from facedyn_app.gui.library_panel import LibraryPanel
from facedyn_app.gui.panel import Panel
from facedyn_app.gui.player import Player
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.seek_bar import SeekBar
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import DONE, PanelStatus
from facedyn_app.gui.status_line import StatusLine
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.trace_plot import LEFT_PX
from facedyn_app.gui.traces import RIGHT_PX, TracesPanel
from facedyn_app.gui.transport import Transport
from facedyn_app.gui.trust_panel import TrustPanel
from facedyn_app.gui.video_view import VideoPanel
from facedyn_app.gui.who_panel import WhoPanel
from facedyn_app.gui.window_commands import window_commands
from facedyn_app.gui.workflows.opening import RECORDING_FILES
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import Settings


class MainWindow(QMainWindow):
    """Everything that is seen.

    Args:
        state: What is open and shown.
        memory: Where size and layout are remembered; None to forget them.

    Attributes:
        videos_chosen: list[Path]: the user has opened or dropped these files and folders.
        table_requested: Write the shown recording as a table.
        film_requested: Write the shown recording with what was measured drawn into it.
        export_requested: Write meshes of the shown recording.
        report_requested: Write a report to print.
        camera_requested: Open a live camera.
        library_chosen: Path: the user has opened this library.
        demo_requested: Open the demo.
        refit_requested: Fit the face of the shown recording again.
        enrol_requested: Enrol the shown recording.
        identify_requested: Ask who the shown recording is.
        ticked_requested: Ask who all ticked recordings are.
        scores_requested: Write every score of the recordings that were asked about.
        drift_requested: str: show this speaker's drift; empty where none is in question.
        train_requested: Show the training.
        recognizers_requested: Show the recognizers.
        settings_requested: Ask for the settings.
        scheme_requested: Qt.ColorScheme: light, dark, or as the system.
        closing: The window closes; work must stop.
    """

    videos_chosen = Signal(object)
    table_requested = Signal()
    export_requested = Signal()
    film_requested = Signal()
    report_requested = Signal()
    camera_requested = Signal()
    library_chosen = Signal(object)
    demo_requested = Signal()
    refit_requested = Signal()
    enrol_requested = Signal()
    identify_requested = Signal()
    ticked_requested = Signal()
    scores_requested = Signal()
    drift_requested = Signal(str)
    train_requested = Signal()
    recognizers_requested = Signal()
    settings_requested = Signal()
    scheme_requested = Signal(object)
    closing = Signal()

    def __init__(self, state: AppState, memory: QSettings | None) -> None:
        super().__init__()
        self.state = state
        self._memory = memory
        self._closed = False
        self.setWindowTitle("facedyn")
        self.setAcceptDrops(True)
        self.video = VideoPanel()
        self.head = HeadPanel()
        self.traces = TracesPanel()
        self.seek_bar = SeekBar(LEFT_PX, RIGHT_PX)
        self.player = Player()
        self.who = WhoPanel()
        self.trust = TrustPanel(state.settings.trust)
        self.library = LibraryPanel()
        self.facts = FactsPanel()
        self.status_line = StatusLine()
        self.head_menu = HeadMenu(self)
        self.feed = FrameFeed(state, self.video, self)
        self.transport = Transport(state, self.player, self.seek_bar, self.traces, self)
        self._build()
        self._connect()

    @property
    def panels(self) -> dict[str, Panel]:
        """Panels by the topic whose status they show."""
        return {
            "video": self.video,
            "head": self.head,
            "traces": self.traces,
            "who": self.who,
            "trust": self.trust,
            "library": self.library,
            "facts": self.facts,
        }

    def _build(self) -> None:
        self.resize(1600, 1000)
        self.setCentralWidget(self.video)
        timeline = QWidget()
        column = QVBoxLayout(timeline)
        column.setContentsMargins(0, 0, 0, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self.traces, 1)
        column.addWidget(self.seek_bar)
        column.addWidget(self.player)
        self.docks = Docks(
            self,
            {
                places.LIBRARY: self.library,
                places.FACTS: self.facts,
                places.HEAD: self.head,
                places.TIMELINE: timeline,
                places.WHO: self.who,
                places.TRUST: self.trust,
            },
        )
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().setSizeGripEnabled(False)
        menus = build_menus(self, window_commands(self))
        menus["Session"].insertMenu(menus["Session"].actions()[1], self.head_menu)
        menus["View"].addSeparator()
        menus["View"].addActions(self.docks.toggle_actions())
        kept = self._memory
        self._remembered = kept is not None and self.docks.restore(kept)

    def _connect(self) -> None:
        state = self.state
        state.recording_changed.connect(self._show_recording)
        state.recordings_changed.connect(self._show_recordings)
        state.frame_changed.connect(self._pose_head)
        state.head_changed.connect(self._draw_head)
        state.settings_changed.connect(self._use_settings)
        state.status_changed.connect(self._show_status)
        self.who.enrol_requested.connect(self.enrol_requested)
        self.who.moment_picked.connect(self.transport.go_to_moment)
        self.who.add_first_step("Who is it?").clicked.connect(self.identify_requested)
        self.who.add_first_step("Enrol…").clicked.connect(self.enrol_requested)
        self.video.add_first_step("Open video…").clicked.connect(self.choose_videos)
        self.video.add_first_step("Live camera").clicked.connect(self.camera_requested)
        self.video.add_first_step("Open demo").clicked.connect(self.demo_requested)
        self.library.recording_picked.connect(state.show_recording)
        self.library.recording_ticked.connect(state.tick)
        self.library.drift_requested.connect(self.drift_requested)

    def choose_videos(self) -> None:
        """Ask for videos and other recordings, and open them."""
        files, _ = QFileDialog.getOpenFileNames(self, "Open recording", "", RECORDING_FILES)
        if files:
            self.videos_chosen.emit([Path(file) for file in files])

    def choose_folder(self) -> None:
        """Ask for a folder and open the recordings in it."""
        folder = QFileDialog.getExistingDirectory(self, "Open folder of recordings")
        if folder:
            self.videos_chosen.emit([Path(folder)])

    def choose_library(self) -> None:
        """Ask for the folder of a library and open it."""
        folder = QFileDialog.getExistingDirectory(self, "Open library")
        if folder:
            self.library_chosen.emit(Path(folder))

    def ask_drift(self) -> None:
        """Ask for the drift of the speaker in question."""
        recording = self.state.recording
        answer = recording.identification if recording is not None else None
        best = answer.matches[0].name if answer is not None and answer.matches else ""
        self.drift_requested.emit(self.library.selected_speaker or best)

    @Slot(object)
    def _show_recording(self, recording: Recording | None) -> None:
        self.video.faces.show_recording(recording)
        self.facts.show_recording(recording)
        self.who.show_recording(recording)
        self.trust.show_recording(recording)
        self.library.select_recording(recording.key if recording else None)
        self.setWindowTitle(f"{recording.label} - facedyn" if recording else "facedyn")

    @Slot()
    def _show_recordings(self) -> None:
        shown = self.state.recording.key if self.state.recording else None
        self.library.show_recordings(self.state.recordings, self.state.ticked, shown)

    @Slot(int)
    def _pose_head(self, frame: int) -> None:
        recording, timeline = self.state.recording, self.state.timeline
        if timeline is not None and frame < timeline.n_frames:
            session = recording.session if recording is not None else None
            self.head.show_frame(timeline, frame, session)
            self.who.evidence.show_seconds(float(timeline.seconds[frame]))

    @Slot(object)
    def _draw_head(self, head: HeadModel) -> None:
        self.head.set_head(head)
        if self.head.status.kind == "working":
            self.head.show_status(DONE)
        self._pose_head(self.state.frame)

    @Slot(object)
    def _use_settings(self, settings: Settings) -> None:
        self.trust.use_thresholds(settings.trust)

    @Slot(str, object)
    def _show_status(self, topic: str, status: PanelStatus) -> None:
        self.panels[topic].show_status(status)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take files."""
        if _local_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open recordings and folders that are dropped; offer the last head among the files."""
        files = _local_files(event)
        if not files:
            return
        event.acceptProposedAction()
        heads = [file for file in files if may_be_head(file)]
        videos = [file for file in files if file not in heads]
        if videos:
            self.videos_chosen.emit(videos)
        if heads:
            self.head_menu.offer(heads[-1])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Share the room out at the first show, when nothing is remembered."""
        super().showEvent(event)
        if not self._remembered:
            # After the first layout: before it Qt does not know what room there is.
            QTimer.singleShot(0, self, self.docks.share_out)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make tabs of the right column when it gets narrow."""
        super().resizeEvent(event)
        self.docks.fit_width(self.width())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remember the layout, stop the work and wait for it."""
        if not self._closed:
            self._closed = True
            self.player.pause()
            if self._memory is not None:
                self.docks.save(self._memory)
            self.closing.emit()
            self.feed.close()
            self.head.view.close_graphics()
        super().closeEvent(event)


def _local_files(event: QDropEvent) -> Sequence[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
