"""Marking of events by menu and keys: what the user asks for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from facedyn_app.gui.menus import MARK, Command
from facedyn_app.workflows.event_kinds import BUILT_IN, EventKind

NAMES = {
    "exclude": "Exclude from here, or the in-to-out stretch",
    "include": "Keep only from here, or the in-to-out stretch",
    "task": "Task from here, or the in-to-out stretch",
    "note": "Note here",
}


class Marking(QObject):
    """The entries of the menu "Mark".

    Attributes:
        kind_keyed: str: the key of a kind of events.
        edit_requested: Change what the chosen event says.
        delete_requested: Delete it.
        step_requested: int: choose the next one, or the one before.
        edge_requested: str: its "start" or "end" shall be the frame that is shown.
        kind_requested: A new kind of events.
        tasks_requested: Find where the tasks of a protocol were done.
        confirm_requested: Confirm the chosen proposed task, or all of them.
        import_requested: Take events from a file.
        export_requested: Write the events into a file.
        undo_requested: Take the last change back.
        redo_requested: Make it again.
    """

    kind_keyed = Signal(str)
    edit_requested = Signal()
    delete_requested = Signal()
    step_requested = Signal(int)
    edge_requested = Signal(str)
    kind_requested = Signal()
    tasks_requested = Signal()
    confirm_requested = Signal()
    import_requested = Signal()
    export_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._menu: QMenu | None = None
        self._own: list[QAction] = []

    def commands(self) -> list[Command]:
        """The entries, in the order of their menus."""
        kinds = [
            Command(MARK, NAMES[one.kind], partial(self.kind_keyed.emit, one.key), one.key)
            for one in BUILT_IN
        ]
        return [
            Command("Edit", "Undo marking", self.undo_requested.emit, "Ctrl+Z"),
            Command("Edit", "Redo marking", self.redo_requested.emit, "Ctrl+Shift+Z"),
            *kinds,
            Command(
                *(MARK, "Next event", partial(self.step_requested.emit, 1), "Ctrl+Down"),
                begins=True,
            ),
            Command(MARK, "Previous event", partial(self.step_requested.emit, -1), "Ctrl+Up"),
            Command(MARK, "Event begins here", partial(self.edge_requested.emit, "start"), "["),
            Command(MARK, "Event ends here", partial(self.edge_requested.emit, "end"), "]"),
            Command(MARK, "Edit event…", self.edit_requested.emit, "F2"),
            Command(MARK, "Delete event", self.delete_requested.emit, "Del"),
            Command(
                *(MARK, "Find tasks…", self.tasks_requested.emit, "", "From the traces"),
                begins=True,
            ),
            Command(MARK, "Confirm proposed tasks", self.confirm_requested.emit, "Y"),
            Command(
                *(MARK, "Import events…", self.import_requested.emit, "", "CSV, or ELAN's .eaf"),
                begins=True,
            ),
            Command(MARK, "Export events…", self.export_requested.emit, "", "CSV, or ELAN's .eaf"),
            Command(MARK, "New kind of event…", self.kind_requested.emit, "", "With a key"),
        ]

    def use_menu(self, menu: QMenu) -> None:
        """The menu that the user's own kinds stand in."""
        self._menu = menu

    def show_kinds(self, kinds: Sequence[EventKind]) -> None:
        """Offer the user's own kinds beside the program's."""
        for action in self._own:
            action.deleteLater()
        self._own = []
        for one in kinds:
            if one in BUILT_IN or self._menu is None:
                continue
            action = QAction(f"“{one.kind}” from here, or the in-to-out stretch", self._window)
            action.setShortcut(QKeySequence(one.key))
            action.triggered.connect(partial(self._key, one.key))
            self._menu.addAction(action)
            self._own.append(action)

    def _key(self, key: str, _checked: bool = False) -> None:
        self.kind_keyed.emit(key)
