"""Heads: the one new videos are fitted with, the one drawn beside a recording."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSettings, Signal, Slot

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import MismatchError
from facedyn_app.gui.jobs import Batch, JobQueue
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import DONE, PanelStatus, error_status, not_drawn_status
from facedyn_app.headmodel.channel_sets import drawing_head_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.workflows.head_pictures import draw_pictures
from facedyn_app.workflows.heads import HeadChoice, head_to_draw, list_choices, ready_head
from facedyn_app.workflows.records import Recording

KEY: Final = "head/chosen"
PANEL: Final = "head"


class HeadController(QObject):
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
        failed: A head could not be opened, or not be drawn.
    """

    chosen = Signal(object)
    listed = Signal(object, str)
    drawn = Signal(object)
    failed = Signal()

    def __init__(
        self, state: AppState, queue: JobQueue, short: JobQueue, memory: QSettings | None
    ) -> None:
        super().__init__()
        self.name = DEFAULT_HEAD if memory is None else str(memory.value(KEY, DEFAULT_HEAD))
        self.choices: tuple[HeadChoice, ...] = ()
        self._state = state
        self._queue, self._short = queue, short
        self._memory = memory
        self._heads: dict[str, HeadModel] = {}
        self._wanted = ""
        state.recording_changed.connect(self._draw_head_of)

    def start(self) -> None:
        """Read the head that was chosen last; the built-in one where that is gone."""
        self._short.submit(
            ready_head,
            self.name,
            title="Read the head",
            on_result=self._take_first,
            on_error=self._fail_first,
        )
        self._list()

    @Slot(str)
    def choose(self, name: str) -> None:
        """Use another head for new videos, once it has been read and its landmarks are placed.

        Args:
            name: Id of a built-in or a remembered head, or a file or folder.
        """
        if self._state.timeline is None:
            self._state.set_status(PANEL, PanelStatus("working", f"Opening {Path(name).name} …"))
        self._queue.submit(
            ready_head,
            name,
            title=f"Head: {Path(name).name}",
            on_result=self._take_choice,
            on_error=partial(self._fail_choice, name),
            on_progress=self._show_progress,
            on_cancel=self._end_choice,
        )

    @Slot()
    def draw_pictures(self) -> None:
        """Draw the head of the shown recording, or the chosen one where none is shown."""
        recording = self._state.recording
        name = self.name
        if recording is not None:
            with suppress(MismatchError):  # no head can draw it: the chosen one then
                name = drawing_head_of(recording.session)
        self._queue.submit(
            draw_pictures,
            name,
            title=f"Pictures of {name}",
            on_result=self.drawn.emit,
            on_error=self._fail,
        )

    def _list(self) -> None:
        self._short.submit(
            list_choices,
            title="List the heads",
            on_result=self._take_list,
            on_error=self._fail,
        )

    def _take_list(self, choices: tuple[HeadChoice, ...]) -> None:
        self.choices = choices
        self.listed.emit(choices, self.name)

    def _take_first(self, head: HeadModel) -> None:
        self._heads[head.head_id] = head
        self._wanted = ""
        self._draw_head_of(self._state.recording)

    def _fail_first(self, error: Exception) -> None:
        self._fail_choice(self.name, error)
        if self.name != DEFAULT_HEAD:
            self.name = DEFAULT_HEAD
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

    def _fail_choice(self, name: str, error: Exception) -> None:
        self._state.set_status(PANEL, error_status(error, partial(self.choose, name)))
        self._fail(error)
        self._list()

    def _fail(self, error: Exception) -> None:
        self.failed.emit()
        self._state.show_error(error)

    def _show_progress(self, batch: Batch) -> None:
        if self._state.timeline is None:
            stage, share = batch[-1].stage, batch[-1].share
            self._state.set_status(PANEL, PanelStatus("working", f"{stage} …", share=share))

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
            self._short.submit(
                head_to_draw,
                recording.session,
                title=f"Read the head {wanted}",
                on_result=partial(self._take_drawn, wanted),
                on_error=partial(self._fail_drawn, wanted),
            )

    def _take_drawn(self, wanted: str, head: HeadModel) -> None:
        self._heads[wanted] = head
        if wanted == self._wanted:
            self._state.set_head(head)

    def _fail_drawn(self, wanted: str, error: Exception) -> None:
        if wanted == self._wanted:
            self._state.set_status(PANEL, not_drawn_status(wanted, error))
