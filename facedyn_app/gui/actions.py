"""Menus and keys of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

KEYS: Final = (
    ("Space", "Play, pause"),
    ("Left, Right", "One frame back, on"),
    ("Ctrl+Left, Ctrl+Right", "Four frames back, on"),
    ("Ctrl+Alt+Left, Ctrl+Alt+Right", "A hundred frames back, on"),
    ("Home, End", "First, last frame"),
    ("Ctrl+J", "Go to a frame"),
    ("I, O", "In point, out point"),
    ("M", "Mark the frame, or take its mark away"),
    ("Esc", "Forget in and out point; never stops work"),
    ("Ctrl+O, Ctrl+Shift+O", "Open videos, a folder of videos"),
    ("Ctrl+L", "Live camera"),
    ("Ctrl+D", "Shape drift of the speaker who is selected"),
    ("Ctrl+T", "Train a recognizer"),
    ("Ctrl+,", "Settings"),
    ("Shift+arrows, +, -", "Turn the head that has the focus, zoom"),
    ("F1", "This list"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a menu.

    Attributes:
        menu: The menu that it stands in.
        words: Its words.
        run: What it does.
        keys: Its shortcut, in Qt's portable form; may be empty.
        tip: The technical term, for the tooltip.
    """

    menu: str
    words: str
    run: Callable[[], None]
    keys: str = ""
    tip: str = ""


MENUS: Final = ("File", "Edit", "View", "Session", "Identify", "Train", "Help")


def build_menus(window: QMainWindow, commands: list[Command]) -> dict[str, QMenu]:
    """Put the commands into the window's menu bar, in their order.

    Returns:
        The menus by name.
    """
    bar = window.menuBar()
    menus = {name: bar.addMenu(f"&{name}") for name in MENUS}
    for menu in menus.values():
        menu.setToolTipsVisible(True)
    for command in commands:
        action = QAction(command.words, window)
        action.setToolTip(command.tip or command.words)
        if command.keys:
            action.setShortcut(QKeySequence(command.keys))
        action.triggered.connect(_without_argument(command.run))
        menus[command.menu].addAction(action)
    return menus


def _without_argument(run: Callable[[], None]) -> Callable[[], None]:
    # QAction.triggered hands over whether it is checked; commands take nothing.
    def call() -> None:
        run()

    return call


def keys_text() -> str:
    """The list of keys as HTML, for the help."""
    rows = (f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{what}</td></tr>" for key, what in KEYS)
    return f"<table>{''.join(rows)}</table>"
