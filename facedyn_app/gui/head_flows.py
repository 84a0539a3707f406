"""Which head new videos are fitted with, and which one is drawn beside a recording."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSettings, Signal, Slot

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import MismatchError
from facedyn_app.gui import head_work
from facedyn_app.gui.jobs import Job, JobQueue, Watch
from facedyn_app.gui.panel import DONE, PanelStatus, error_status, not_drawn_status
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.state import AppState
from facedyn_app.headmodel.channel_sets import drawing_head_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import Progress

KEY: Final = "head/chosen"
PANEL: Final = "head"


class HeadFlows(QObject):
    """The chosen head, the head of each recording, and pictures of a head.

    Args:
        state: The window's state.
        queue: Work that takes its time and can be stopped.
        short: Queue of short work on the disk.
        memory: Where the choice is kept between starts; None to forget it.

    Attributes:
        name: Id of the head that new videos are fitted with.
        choices: The heads to choose from, as last listed.
        chosen: HeadModel: new videos are fitted with this one from now on.
        listed: (tuple[HeadChoice, ...], str): the heads to choose from, and the chosen one's id.
        drawn: HeadPictures.
        progressed: Progress of the running work.
        failed: Exception of work that has failed.
    """

    chosen = Signal(object)
    listed = Signal(object, str)
    drawn = Signal(object)
    progressed = Signal(object)
    failed = Signal(object)

    def __init__(
        self, state: AppState, queue: JobQueue, short: JobQueue, memory: QSettings | None
    ) -> None:
        super().__init__()
        self.name = DEFAULT_HEAD if memory is None else str(memory.value(KEY, DEFAULT_HEAD))
        self.choices: tuple[head_work.HeadChoice, ...] = ()
        self._state = state
        self._queue, self._short = queue, short
        self._memory = memory
        self._heads: dict[str, HeadModel] = {}
        self._wanted = ""
        self._asked = ""
        state.recording_changed.connect(self._draw_head_of)

    def start(self) -> None:
        """Read the head that was chosen last; the built-in one where that is gone."""
        job = Job("Read the head", head_work.make_ready(self.name))
        Watch(job, self._take_first, self._fail_first)
        self._short.add(job)
        self._list()

    @Slot(str)
    def choose(self, name: str) -> None:
        """Use another head for new videos, once it has been read and its landmarks are placed.

        Args:
            name: Id of a built-in or a remembered head, or a file or folder.
        """
        self._asked = name
        job = Job(f"Head: {Path(name).name}", head_work.make_ready(name))
        Watch(job, self._take_choice, self._fail_choice, self._show_progress, self._end_choice)
        if self._state.timeline is None:
            self._state.set_status(PANEL, PanelStatus("working", f"Opening {Path(name).name} …"))
        self._queue.add(job)

    @Slot()
    def draw_pictures(self) -> None:
        """Draw the head of the shown recording, or the chosen one where none is shown."""
        recording = self._state.recording
        name = self.name
        if recording is not None:
            with suppress(MismatchError):  # no head can draw it: the chosen one then
                name = drawing_head_of(recording.session)
        job = Job(f"Pictures of {name}", head_work.draw_pictures(name))
        Watch(job, self.drawn.emit, self.failed.emit, self._tell_progress)
        self._queue.add(job)

    @Slot(str)
    def retry(self, topic: str) -> None:
        """Open again what could not be opened."""
        if topic == PANEL and self._asked:
            self.choose(self._asked)

    def _list(self) -> None:
        job = Job("List the heads", head_work.list_choices)
        Watch(job, self._take_list, self.failed.emit)
        self._short.add(job)

    def _take_list(self, choices: tuple[head_work.HeadChoice, ...]) -> None:
        self.choices = choices
        self.listed.emit(choices, self.name)

    def _take_first(self, head: HeadModel) -> None:
        self._heads[head.head_id] = head
        self._wanted = ""
        self._draw_head_of(self._state.recording)

    def _fail_first(self, error: Exception) -> None:
        self._fail_choice(error)
        if self.name != DEFAULT_HEAD:
            self._asked, self.name = self.name, DEFAULT_HEAD
            self.start()

    def _take_choice(self, head: HeadModel) -> None:
        self._heads[head.head_id] = head
        self.name = head.head_id
        if self._memory is not None:
            self._memory.setValue(KEY, self.name)
        self._end_choice()
        self.chosen.emit(head)
        self._list()

    def _end_choice(self) -> None:
        """Draw what was to be drawn before, or the chosen head at rest."""
        self._wanted = ""
        self._draw_head_of(self._state.recording)
        if self._state.timeline is None and self.name in self._heads:
            self._state.set_status(PANEL, DONE)

    def _fail_choice(self, error: Exception) -> None:
        self._state.set_status(PANEL, error_status(error))
        self.failed.emit(error)
        self._list()

    def _tell_progress(self, batch: tuple[Progress, ...]) -> None:
        self.progressed.emit(batch[-1])

    def _show_progress(self, batch: tuple[Progress, ...]) -> None:
        newest = batch[-1]
        self.progressed.emit(newest)
        if self._state.timeline is None:
            status = PanelStatus("working", f"{newest.stage} …", share=newest.share)
            self._state.set_status(PANEL, status)

    @Slot(object)
    def _draw_head_of(self, recording: Recording | None) -> None:
        """See to it that the head of a recording is drawn; the chosen one where none is shown."""
        wanted = self.name if recording is None else recording.session.head_id
        if wanted == self._wanted:
            return
        self._wanted = wanted
        head = self._heads.get(wanted)
        if head is not None:
            if self._state.head is not head:
                self._state.set_head(head)
        elif recording is not None:
            self._state.set_status(PANEL, PanelStatus("working", f"Reading the head {wanted} …"))
            job = Job(f"Read the head {wanted}", head_work.head_to_draw(recording))
            Watch(job, partial(self._take_drawn, wanted), partial(self._fail_drawn, wanted))
            self._short.add(job)

    def _take_drawn(self, wanted: str, head: HeadModel) -> None:
        self._heads[wanted] = head
        if wanted == self._wanted:
            self._state.set_head(head)

    def _fail_drawn(self, wanted: str, error: Exception) -> None:
        if wanted == self._wanted:
            self._state.set_status(PANEL, not_drawn_status(wanted, error))
