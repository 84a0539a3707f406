"""A tree with a Delete key of its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QTreeView


class TreeWithDelete(QTreeView):
    """A tree whose Delete key is its own while it has the focus.

    Attributes:
        delete_pressed: The key was pressed. A shortcut of the same key would be ambiguous beside
            the menus', and then neither acts.
    """

    delete_pressed = Signal()

    def event(self, event: QEvent) -> bool:
        """Claim the key before the menus are asked."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_delete(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Tell that Delete was pressed; leave all other keys to the tree."""
        if _is_delete(event):
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


def _is_delete(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Delete)
