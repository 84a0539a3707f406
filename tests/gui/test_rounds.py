"""The window opened, worked in and closed again and again: nothing is left, nothing grows."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.assets import asset_folder
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.settings import Settings
from tests.gui.conftest import PATIENCE_MS

WARM_UP = 10
MIB_A_ROUND, OBJECTS_A_ROUND = 1.0, 100
"""What a round may leave behind at the most; a window or a recording that stays is far more."""


@dataclass(frozen=True)
class Left:
    """What a round has left in the process."""

    threads: int
    widgets: int
    desks: int
    objects: int
    mib: float


def memory_mib() -> float:
    """Memory in use; 0 where the system does not tell it as Linux does."""
    if not sys.platform.startswith("linux"):
        return 0.0
    ctypes.CDLL(None).malloc_trim(0)  # what the C library keeps for later is not in use
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def left() -> Left:
    for _ in range(3):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    return Left(
        threads=sum(type(t) is not threading._DummyThread for t in threading.enumerate()),
        widgets=len(QApplication.allWidgets()),
        desks=sum(type(kept) is AppController for kept in gc.get_objects()),
        objects=len(gc.get_objects()),
        mib=memory_mib(),
    )


def play_round(folder: Path, qtbot: QtBot) -> None:
    """Open the window and two videos, start, look at the drift, cancel, close."""
    app = AppController(Settings(), folder / "library", None)
    app.window.show()
    videos = sorted((asset_folder("resources") / "demo").glob("S-0[12]_session1.mp4"))
    app.window.videos_chosen.emit(videos)
    qtbot.waitUntil(lambda: app.state.timeline is not None, timeout=PATIENCE_MS)
    app.window.drift_requested.emit("")
    app.window.status_line.cancel_requested.emit()
    qtbot.waitUntil(lambda: len(app.queue.jobs) < len(videos), timeout=PATIENCE_MS)
    app.window.close()
    assert app.queue.jobs == ()
    app.window.deleteLater()


def play(n_rounds: int, folder: Path, qtbot: QtBot) -> list[Left]:
    found = []
    for _ in range(n_rounds):
        play_round(folder, qtbot)
        found.append(left())
    return found


def test_a_few_rounds_leave_no_thread_and_no_window(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    before = left()  # tests that have failed keep what they had
    first, *_, last = play(3, tmp_path, qtbot)
    assert (last.threads, last.widgets) == (first.threads, first.widgets)
    assert last.desks <= before.desks


@pytest.mark.slow
def test_fifty_rounds_do_not_grow(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> None:
    before = left()
    found = play(50, tmp_path, qtbot)
    last = found[-1]
    assert (last.threads, last.widgets) == (found[0].threads, found[0].widgets)
    assert last.desks <= before.desks
    n = len(found) - 1 - WARM_UP
    assert last.mib - found[WARM_UP].mib < n * MIB_A_ROUND, [round(one.mib) for one in found]
    assert last.objects - found[WARM_UP].objects < n * OBJECTS_A_ROUND
