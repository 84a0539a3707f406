"""Tasks before the camera and in recordings: gone through, marked, found from the traces."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QMenu

from facedyn_app.dynamics.task_proposal import PROPOSED
from facedyn_app.events import Events
from facedyn_app.gui.controllers.annotations import AnnotationController
from facedyn_app.gui.controllers.camera import CameraController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.controllers.marking import MarkingController
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.protocols import Protocol, Step, protocol_to_json, steps_of, task_events
from facedyn_app.video import RecordedVideo, VideoRecorder
from facedyn_app.workflows.protocols import find_tasks, list_protocols

TICK_MS: Final = 100


class TaskController(QObject):
    """Leads through a protocol while the camera records, on the recording's own clock.

    Args:
        window: With the guide and the menu.
        state: What is shown; the marks of a recording wait in it until it is fitted.
        library: Its queue looks for tasks.
        camera: The camera, and the question before a recording.
        annotations: Takes the tasks that were found.
        marking: Offers the tasks' names.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        camera: CameraController,
        annotations: AnnotationController,
        marking: MarkingController,
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library = window, state, library
        self._camera, self._annotations = camera, annotations
        self._guide = window.video.tasks
        self._protocol: Protocol | None = None
        self._steps: tuple[Step, ...] = ()
        self._recorder: VideoRecorder | None = None
        self._began = self._stopped = 0.0
        self._sounded = -1
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        window.video.camera.tasks_requested.connect(partial(self.ask, self.begin))
        window.marking.tasks_requested.connect(partial(self.ask, self.find))
        window.closing.connect(self._timer.stop)
        self._guide.stop_requested.connect(self.stop)
        camera.live.changed.connect(self._follow_recorder)
        camera.live.recorded.connect(self._mark_recorded)
        known, _ = list_protocols()
        tasks = [task.id for one in known for task in one.protocol.tasks]
        marking.task_names = tuple(dict.fromkeys(tasks))

    def ask(self, use: Callable[[Protocol], None]) -> None:
        """Use the only protocol that there is, or ask which."""
        known, wrong = list_protocols()
        if wrong:
            self._state.show_message(wrong[0])
        if len(known) == 1:
            use(known[0].protocol)
            return
        menu = QMenu(self._window)
        for one in known:
            menu.addAction(one.protocol.title, partial(use, one.protocol))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    def begin(self, protocol: Protocol) -> None:
        """Lead through a protocol; where nothing is recorded, when that has begun."""
        self._protocol, self._steps = protocol, steps_of(protocol)
        self._recorder, self._sounded = None, -1
        self._guide.show_words(protocol.text, f"{protocol.title} begins with the recording")
        if self._camera.live.recorder is None:
            self._camera.ask_recording()
        else:
            self._follow_recorder()

    def find(self, protocol: Protocol) -> None:
        """Propose where the tasks of a protocol were done in the shown recording."""
        recording = self._state.recording
        if recording is None:
            self._state.show_message("Open a video first, then find the tasks in it.")
            return
        self._library.queue.submit(
            find_tasks,
            recording.session,
            protocol,
            title=f"Find the tasks of {protocol.title}",
            on_result=partial(self._take_found, recording.key, protocol),
            on_error=self._state.show_error,
        )

    @Slot()
    def stop(self) -> None:
        """Go through the tasks no further; those that are over stay marked."""
        if self._recorder is not None:
            self._stopped = self._recorder.seconds
        else:
            self._protocol = None
        self._timer.stop()
        self._guide.hide()

    def _take_found(self, key: str, protocol: Protocol, found: Events) -> None:
        shown = self._state.recording
        if shown is None or shown.key != key:
            return
        self._state.use_protocol(key, protocol_to_json(protocol))
        others = tuple(one for one in self._annotations.events if one.kind != PROPOSED)
        said = f"{len(found)} tasks proposed: move their edges, delete, and press Y to confirm."
        self._annotations.replace_all((*others, *found), said)

    @Slot()
    def _follow_recorder(self) -> None:
        recorder = self._camera.live.recorder
        if self._protocol is None:
            return
        if recorder is not None and self._recorder is None:
            self._recorder, self._began, self._stopped = recorder, recorder.seconds, 0.0
            self._timer.start()
        elif recorder is None and self._recorder is not None:
            self._timer.stop()
            self._guide.hide()
        elif self._camera.live.open_feed is None:
            self._protocol = None
            self._guide.hide()

    @Slot()
    def _tick(self) -> None:
        if self._recorder is None or self._protocol is None:
            return
        clock = self._recorder.seconds - self._began
        number = next((k for k, one in enumerate(self._steps) if clock < one.end), None)
        self._sound(clock)
        if number is None:
            self._timer.stop()
            self._guide.show_words("Done. Thank you.", "Stop the recording to see what was done.")
            return
        step = self._steps[number]
        count, share = _count(step, clock)
        place = f"{step.task.title}: {number + 1} of {len(self._steps)}"
        self._guide.show_words(step.task.text, place, share, count)

    def _sound(self, clock: float) -> None:
        """Sound a tone once at each begin and end that has come."""
        moments = [(time, one.task.tone) for one in self._steps for time in (one.start, one.end)]
        last = max((k for k, (time, _) in enumerate(moments) if clock >= time), default=-1)
        if last > self._sounded:
            self._sounded = last
            if moments[last][1]:
                QApplication.beep()

    @Slot(object)
    def _mark_recorded(self, recorded: RecordedVideo) -> None:
        recorder, protocol = self._recorder, self._protocol
        if recorder is None or protocol is None or recorder.path != recorded.path:
            return
        events = task_events(protocol, self._began, self._stopped or recorder.seconds)
        self._state.expect(str(recorded.path), events, protocol_to_json(protocol))
        self._protocol = self._recorder = None
        self._guide.hide()


def _count(step: Step, clock: float) -> tuple[str, float]:
    """The count-down to a task's begin, or the seconds left, and how much is over, 0..1."""
    if clock < step.start:
        return f"… {math.ceil(step.start - clock)}", 0.0
    left = step.end - clock
    return f"{math.ceil(left)}", 1.0 - left / (step.end - step.start)
