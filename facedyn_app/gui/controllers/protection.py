"""Protection of the open library: unlocked, locked after idle, set up and changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QCursor, QGuiApplication, QWindow
from PySide6.QtWidgets import QDialog

from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.protection import (
    Change,
    ChangeDialog,
    ProtectDialog,
    RecoveryDialog,
    UnlockDialog,
)
from facedyn_app.gui.jobs import JobQueue
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.status import LOCKED, error_status
from facedyn_app.library.protection.held import BACKUP, LIBRARY
from facedyn_app.workflows import protection

LOOK_MS: Final = 5000
INPUTS: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)
"""What tells that somebody is there."""
WAITS = "The library is locked as soon as the work in hand has ended."


class ProtectionController(QObject):
    """Asks for passphrases, and locks the library where nobody is there any more.

    Args:
        window: Where the user asks for it.
        state: What is shown.
        library: The library that is open.
        queue: For the long work.
        working: Whether work is under way that the library is open for.
        clock: Seconds that only rise.

    Attributes:
        dialog: What is asked at the moment; None where nothing is.
    """

    def __init__(
        self,
        window: MainWindow,
        state: AppState,
        library: LibraryController,
        queue: JobQueue,
        working: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._window, self._state, self._library, self._queue = window, state, library, queue
        self._working, self._clock = working, clock
        self._last_input, self._waiting = clock(), False
        self.dialog: QDialog | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)
        window.protection_requested.connect(self.ask)
        window.lock_requested.connect(self.lock)
        window.closing.connect(self._timer.stop)
        library.locked.connect(self.ask_passphrase)
        self._surface: QWindow | None = None
        self._pointer = QCursor.pos()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusObjectChanged.connect(self._note)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note that somebody is there; nothing is kept from anybody."""
        if event.type() in INPUTS:
            self._note()
        return False

    @Slot()
    def _note(self) -> None:
        self._last_input = self._clock()

    def _follow(self) -> None:
        """Look where the pointer is, and listen to what is typed into the window.

        Not to every event of the program, most of which are no input: that would cost the window
        a call for each.
        """
        surface = self._window.windowHandle()
        if surface is not None and surface is not self._surface:
            self._surface = surface
            surface.installEventFilter(self)
        if (pointer := QCursor.pos()) != self._pointer:
            self._pointer = pointer
            self._note()

    @Slot()
    def look(self) -> None:
        """Lock the library where nobody has touched anything for the time that is set."""
        self._follow()
        minutes = self._state.settings.privacy.lock_minutes
        idle = self._clock() - self._last_input >= 60.0 * minutes
        snapshot = self._library.snapshot
        open_now = snapshot.protected and not snapshot.locked
        if open_now and (self._waiting or (minutes and idle)):
            self.lock()

    @Slot()
    def lock(self) -> None:
        """Lock the library, once the work in hand has ended; what is of it is closed."""
        snapshot = self._library.snapshot
        if snapshot.locked or not snapshot.protected:
            not_protected = "The library is not protected: there is nothing to lock."
            self._state.show_message(LOCKED.sentence if snapshot.locked else not_protected)
            return
        if self._working():
            if not self._waiting:
                self._state.show_message(WAITS)
            self._waiting = True
            return
        self._waiting = False
        protection.lock(snapshot.folder)
        self._library.close_locked()
        self._state.show_message(LOCKED.sentence)

    @Slot(object, object)
    def ask_passphrase(self, path: Path, then: Callable[[], object]) -> None:
        """Ask for what opens a library or a backup, and go on."""
        if isinstance(self.dialog, UnlockDialog):
            return
        what = BACKUP if path.is_file() else LIBRARY
        dialog = UnlockDialog(path.name, what, self._window)

        def done(_: object) -> None:
            dialog.finish()
            self._last_input = self._clock()
            then()

        def unlock(given: str) -> None:
            self._library.queue.submit(
                protection.unlock_library,
                path,
                given,
                title=f"Unlock the {what}",
                on_result=done,
                on_error=lambda error: dialog.show_error(error_status(error).sentence),
            )

        dialog.given.connect(unlock)
        self._open(dialog)

    @Slot()
    def ask(self) -> None:
        """Ask how the library is to be protected, or what is to be changed of that."""
        snapshot = self._library.snapshot
        name = snapshot.folder.name
        if snapshot.locked:
            self._library.open_library(snapshot.folder)  # which asks for its passphrase
        elif snapshot.protected:
            change = ChangeDialog(name, self._window)
            change.accepted.connect(partial(self._change, change))
            self._open(change)
        elif why_not := self._library.why_not("protect"):
            self._state.show_message(why_not)
        else:
            protect = ProtectDialog(name, self._window)
            protect.accepted.connect(partial(self._protect, protect))
            self._open(protect)

    def _protect(self, dialog: ProtectDialog) -> None:
        self._run(
            partial(protection.protect, keyring=dialog.keyring.isChecked()),
            dialog.passphrase,
            title="Protect the library",
            done="The library is protected.",
        )

    def _change(self, dialog: ChangeDialog) -> None:
        acts: dict[Change, tuple[Callable[..., str | None], str]] = {
            Change.PASSPHRASE: (protection.replace_passphrase, "The passphrase is another one."),
            Change.KEYS: (protection.rekey, "The library has new keys."),
            Change.RECOVERY: (protection.replace_recovery, "The recovery key is another one."),
            Change.NONE: (protection.take_off, "The library is not protected any more."),
        }
        act, done = acts[dialog.change]
        if dialog.change is Change.PASSPHRASE:
            act = partial(act, new=dialog.passphrase)
        self._run(act, dialog.present.text(), title="Change the protection", done=done)

    def _run(
        self, act: Callable[..., str | None], passphrase: str, *, title: str, done: str
    ) -> None:
        folder = self._library.snapshot.folder

        def show(recovery: str | None) -> None:
            self._state.show_message(done)
            self._library.open_library(folder)
            if recovery is not None:
                self._open(RecoveryDialog(recovery, self._window))

        self._queue.submit(
            act, folder, passphrase, title=title, on_result=show, on_error=self._state.show_error
        )

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None
