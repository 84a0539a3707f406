"""Docks of the panels: moved, closed, brought back and remembered."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from facedyn_app.gui.widgets.screen_fit import ScrolledPage, fit_to_screen

LAYOUT_VERSION: Final = 2
NARROW_PX: Final = 1280
LOW_PX: Final = 600
LIBRARY, FACTS, QUEUE, HEAD, TIMELINE, WHO, TRUST = (
    "library",
    "facts",
    "queue",
    "head",
    "timeline",
    "who",
    "trust",
)
TITLES: Final = {
    LIBRARY: "Library",
    FACTS: "Session",
    QUEUE: "Import queue",
    HEAD: "Head",
    TIMELINE: "Time",
    WHO: "Who",
    TRUST: "Trust",
}

LONG: Final = (FACTS, WHO, TRUST)
"""Panels that scroll on a low screen; the others shrink."""


class Docks:
    """The docks of the main window.

    Args:
        window: The window; its central widget is set already.
        panels: The widget of each of the names above.
    """

    def __init__(self, window: QMainWindow, panels: dict[str, QWidget]) -> None:
        self._window = window
        self._docks = {name: _dock(window, name, panels[name]) for name in TITLES}
        self._narrow = self._low = False
        window.setDockNestingEnabled(True)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.reset()

    @property
    def narrow(self) -> bool:
        """Whether head, who and trust stand behind each other as tabs."""
        return self._narrow

    def dock(self, name: str) -> QDockWidget:
        """The dock of a panel."""
        return self._docks[name]

    def toggle_actions(self) -> list[QAction]:
        """One action a dock that shows or hides it."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def reset(self) -> None:
        """Put every dock back to where it stands at the first start."""
        window, docks = self._window, self._docks
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        for dock in docks.values():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        window.addDockWidget(left, docks[LIBRARY])
        window.splitDockWidget(docks[LIBRARY], docks[FACTS], Qt.Orientation.Vertical)
        window.tabifyDockWidget(docks[FACTS], docks[QUEUE])
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks[TIMELINE])
        if self._low:
            window.tabifyDockWidget(docks[TIMELINE], docks[WHO])
        else:
            window.splitDockWidget(docks[TIMELINE], docks[WHO], Qt.Orientation.Vertical)
        if self._narrow or self._low:
            window.tabifyDockWidget(docks[WHO], docks[TRUST])
            window.tabifyDockWidget(docks[TRUST], docks[HEAD])
        else:
            window.addDockWidget(right, docks[HEAD])
            window.splitDockWidget(docks[WHO], docks[TRUST], Qt.Orientation.Horizontal)
        for dock in docks.values():
            dock.show()
        docks[TIMELINE if self._low else WHO].raise_()
        docks[FACTS].raise_()
        self.share_out()

    def fit_to_screen(self) -> None:
        """Bring window and floating docks to where they can be seen, in a size that fits."""
        for window in (self._window, *self._docks.values()):
            if window.isWindow():
                fit_to_screen(window)

    def share_out(self) -> None:
        """Give the docks their part of the window's size."""
        docks = self._docks
        width, height = self._window.width(), self._window.height()
        self._resize([docks[LIBRARY]], [round(0.22 * width)], Qt.Orientation.Horizontal)
        if self._low:
            self._resize([docks[TIMELINE]], [round(0.5 * height)], Qt.Orientation.Vertical)
        else:
            rows = [round(0.35 * height), round(0.31 * height)]
            self._resize([docks[TIMELINE], docks[WHO]], rows, Qt.Orientation.Vertical)
        columns = [round(0.55 * height), round(0.35 * height)]
        self._resize([docks[LIBRARY], docks[FACTS]], columns, Qt.Orientation.Vertical)
        if not (self._narrow or self._low):
            half = round(0.4 * width)
            self._resize([docks[HEAD]], [half], Qt.Orientation.Horizontal)
            halves = [round(0.36 * width), round(0.46 * width)]
            self._resize([docks[WHO], docks[TRUST]], halves, Qt.Orientation.Horizontal)

    def fit_size(self, size: QSize) -> None:
        """Make tabs of the right column below 1280 px, and of what stands below at 600 px."""
        narrow, low = size.width() < NARROW_PX, size.height() < LOW_PX
        if (narrow, low) != (self._narrow, self._low):
            self._narrow, self._low = narrow, low
            # Not within the resize itself: Qt would forget to take the old tabs away.
            QTimer.singleShot(0, self._window, self.reset)

    def save(self, settings: QSettings) -> None:
        """Remember size and layout."""
        settings.setValue("window/geometry", self._window.saveGeometry())
        settings.setValue("window/layout", self._window.saveState(LAYOUT_VERSION))
        settings.setValue("window/narrow", self._narrow)
        settings.setValue("window/low", self._low)

    def restore(self, settings: QSettings) -> bool:
        """Take up what was remembered; False when there was nothing."""
        geometry = settings.value("window/geometry")
        layout = settings.value("window/layout")
        if not isinstance(geometry, QByteArray) or not isinstance(layout, QByteArray):
            return False
        self._narrow = bool(settings.value("window/narrow", False, type=bool))
        self._low = bool(settings.value("window/low", False, type=bool))
        return self._window.restoreGeometry(geometry) and self._window.restoreState(
            layout, LAYOUT_VERSION
        )

    def _resize(
        self, docks: list[QDockWidget], sizes: list[int], orientation: Qt.Orientation
    ) -> None:
        self._window.resizeDocks(docks, sizes, orientation)


def _dock(window: QMainWindow, name: str, panel: QWidget) -> QDockWidget:
    dock = QDockWidget(TITLES[name], window)
    dock.setObjectName(name)
    dock.setWidget(ScrolledPage(panel) if name in LONG else panel)
    return dock
