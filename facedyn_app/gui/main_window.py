"""Main window: the panels, connected with the state."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from facedyn_app.gui import docks as places
from facedyn_app.gui.docks import Docks
from facedyn_app.gui.frame_feed import FrameFeed
from facedyn_app.gui.marking import Marking
from facedyn_app.gui.menus import MARK, MenuWindow, build_menus, window_commands
from facedyn_app.gui.panels.facts import FactsPanel
from facedyn_app.gui.panels.head import HeadPanel
from facedyn_app.gui.panels.library import LibraryPanel
from facedyn_app.gui.panels.queue import QueuePanel
from facedyn_app.gui.panels.trace_plot import LEFT_PX
from facedyn_app.gui.panels.traces import RIGHT_PX, TracesPanel
from facedyn_app.gui.panels.trust import TrustPanel
from facedyn_app.gui.panels.video import VideoPanel
from facedyn_app.gui.panels.who import WhoPanel
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import DONE, PanelStatus
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.transport import Transport
from facedyn_app.gui.widgets.event_lane import EventLane
from facedyn_app.gui.widgets.head_menu import HeadMenu, may_be_head
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.player import Player
from facedyn_app.gui.widgets.seek_bar import SeekBar
from facedyn_app.gui.widgets.status_line import StatusLine
from facedyn_app.gui.widgets.work_bar import WorkBar
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.settings import Settings
from facedyn_app.workflows.records import Recording


class MainWindow(MenuWindow):
    """Everything that is seen.

    Args:
        state: What is open and shown.
        memory: Where size and layout are remembered; None to forget them.

    Attributes:
        closing: The window closes; work must stop.
    """

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
        self.lane = EventLane(LEFT_PX, RIGHT_PX)
        self.seek_bar = SeekBar(LEFT_PX, RIGHT_PX)
        self.player = Player()
        self.who = WhoPanel()
        self.trust = TrustPanel(state.settings.trust)
        self.library = LibraryPanel()
        self.facts = FactsPanel()
        self.queue = QueuePanel()
        self.work_bar = WorkBar()
        self.status_line = StatusLine()
        self.head_menu = HeadMenu(self)
        self.feed = FrameFeed(state, self.video, self)
        self.marking = Marking(self)
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
            "queue": self.queue,
        }

    def _build(self) -> None:
        self.resize(1600, 1000)
        self.setCentralWidget(self.work_bar.above(self.video))
        timeline = QWidget()
        column = QVBoxLayout(timeline)
        column.setContentsMargins(0, 0, 0, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self.traces, 1)
        column.addWidget(self.lane)
        column.addWidget(self.seek_bar)
        column.addWidget(self.player)
        self.docks = Docks(
            self,
            {
                places.LIBRARY: self.library,
                places.FACTS: self.facts,
                places.QUEUE: self.queue,
                places.HEAD: self.head,
                places.TIMELINE: timeline,
                places.WHO: self.who,
                places.TRUST: self.trust,
            },
        )
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().setSizeGripEnabled(False)
        menus = build_menus(
            self,
            window_commands(
                self,
                self.docks.reset,
                partial(self._ask_of_speaker, self.drift_requested),
                partial(self._ask_of_speaker, self.course_requested),
                [*self.transport.commands(), *self.marking.commands()],
            ),
        )
        self.marking.use_menu(menus[MARK])
        menus["Session"].insertMenu(menus["Session"].actions()[1], self.head_menu)
        menus["View"].addSeparator()
        menus["View"].addActions(self.docks.toggle_actions())
        kept = self._memory
        self._remembered = kept is not None and self.docks.restore(kept)

    def _connect(self) -> None:
        state = self.state
        state.recording_changed.connect(self._show_recording)
        state.timeline_changed.connect(self.lane.set_timeline)
        state.frame_changed.connect(self.lane.show_frame)
        self.traces.range_changed.connect(self.lane.set_range)
        state.recordings_changed.connect(self._show_recordings)
        state.frame_changed.connect(self._pose_head)
        state.head_changed.connect(self._draw_head)
        state.settings_changed.connect(self._use_settings)
        state.status_changed.connect(self._show_status)
        self.who.enrol_requested.connect(self.enrol_requested)
        self.who.moment_picked.connect(self.transport.go_to_moment)
        self.who.add_first_step("Who is it?").clicked.connect(self.identify_requested)
        self.who.add_first_step("Enrol…").clicked.connect(self.enrol_requested)
        self.video.reading.clicked.connect(self.reading_requested)
        self.video.add_first_step("Open video…").clicked.connect(self.choose_videos)
        self.video.add_first_step("Live camera").clicked.connect(self.camera_requested)
        self.video.add_first_step("Open demo").clicked.connect(self.demo_requested)
        self.library.recording_picked.connect(state.show_recording)
        self.library.recording_ticked.connect(state.tick)
        self.library.drift_requested.connect(self.drift_requested)
        self.library.course_requested.connect(self.course_requested)

    def _ask_of_speaker(self, request: SignalInstance) -> None:
        """Ask for something of the speaker in question: the selected, or the most likely one."""
        recording = self.state.recording
        answer = recording.identification if recording is not None else None
        best = answer.matches[0].name if answer is not None and answer.matches else ""
        request.emit(self.library.selected_speaker or best)

    @Slot(object)
    def _show_recording(self, recording: Recording | None) -> None:
        self.video.faces.show_recording(recording)
        self.video.show_reading(recording)
        self.facts.show_recording(recording)
        self.who.show_recording(recording)
        self.trust.show_recording(recording)
        self.library.select_recording(recording.key if recording else None)
        self.setWindowTitle(f"{recording.label} - facedyn" if recording else "facedyn")

    def show_nothing(self) -> None:
        """Empty all panels on a recording, so that nothing of it stays in them."""
        self.player.pause()
        self.feed.forget()
        self.head.rest()
        for panel in (self.video, self.head, self.traces, self.facts, self.who, self.trust):
            panel.show_empty()

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
            self.who.evidence.show_seconds(float(timeline.motion.seconds[frame]))

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
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open recordings and folders that are dropped; offer the last head among the files."""
        urls = event.mimeData().urls()
        if not urls:
            return
        files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        # refused with a sentence where they are read
        addresses = [Path(url.toString()) for url in urls if not url.isLocalFile()]
        event.acceptProposedAction()
        heads = [file for file in files if may_be_head(file)]
        videos = [file for file in files if file not in heads]
        for recordings in (videos, addresses):
            if recordings:
                self.videos_chosen.emit(recordings)
        if heads:
            self.head_menu.offer(heads[-1])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fit the screen; share the room out at the first show, when nothing is remembered."""
        super().showEvent(event)
        self.docks.fit_to_screen()
        if not self._remembered:
            # After the first layout: before it Qt does not know what room there is.
            QTimer.singleShot(0, self, self.docks.share_out)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make tabs where it gets narrow or low."""
        super().resizeEvent(event)
        self.docks.fit_size(self.size())

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
