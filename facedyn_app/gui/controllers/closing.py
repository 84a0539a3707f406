"""Closing of what is of people and sessions that the library does not hold any more."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from facedyn_app.gui.controllers.identification import IdentificationController
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.controllers.people import PeopleController
from facedyn_app.gui.job_list import JobListModel
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.workflows.records import Gone


class ClosingController(QObject):
    """Takes the forgotten off the screen and out of the window's memory, whoever forgot them.

    Args:
        window: What shows them.
        state: What is open.
        library: Tells what is gone.
        identification: Drops answers that name them.
        people: Drops what could be undone.
        job_list: Drops failures of work on them.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        identification: IdentificationController,
        people: PeopleController,
        job_list: JobListModel,
    ) -> None:
        super().__init__()
        self._window, self._state, self._library = window, state, library
        self._identification, self._people, self._job_list = identification, people, job_list
        library.lost.connect(self.close)

    @Slot(object)
    def close(self, gone: Gone) -> None:
        """Close recordings of what is gone; answers that name somebody are asked for anew."""
        folder = self._library.snapshot.folder
        closed = [one for one in self._state.recordings if gone.is_session_of(one, folder)]
        shown = self._state.recording
        self._state.close_recordings([one.key for one in closed])
        if shown in closed:
            self._window.show_nothing()
        if gone.sessions:
            self._people.forget_undo()
        self._job_list.forget([*gone.names, *(one.title for one in closed)])
        self._identification.forget_answers(gone)
        if not self._state.live:
            self._window.trust.show_recording(self._state.recording)
