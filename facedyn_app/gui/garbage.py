"""Collection of Python's garbage in the window's thread only."""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

CHECK_MS: Final = 200


class GuiGarbage(QObject):
    """Collects garbage in the thread that it lives in, from now until `end`.

    Python collects wherever it happens to allocate, workers included, and a widget or timer that
    is part of a cycle would end there: Qt does not survive that.

    Args:
        parent: Lives in the window's thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self._collect_due)
        self._timer.start()

    @Slot()
    def end(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()

    @Slot()
    def _collect_due(self) -> None:
        """Collect what Python would have collected: the oldest generation that is due."""
        due = [n for n, limit in enumerate(gc.get_threshold()) if gc.get_count()[n] > limit]
        if due:
            gc.collect(due[-1])
