"""Garbage of Qt objects is collected in the window's thread."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from facedyn_app.gui.garbage import GuiGarbage


@pytest.fixture
def garbage(qapp: object) -> Iterator[GuiGarbage]:
    made = GuiGarbage()
    yield made
    made.end()
    assert gc.isenabled()


def test_a_cycle_ends_in_the_windows_thread_while_a_worker_allocates(
    garbage: GuiGarbage, qtbot: QtBot
) -> None:
    ended_in: list[int] = []
    one, stop = QObject(), threading.Event()
    one.itself = one  # type: ignore[attr-defined]  # a cycle: only the collector ends it
    weakref.finalize(one, lambda: ended_in.append(threading.get_ident()))

    def allocate() -> None:
        kept: list[list[int]] = []
        while not stop.wait(0.001):
            kept += [[n] for n in range(500)]

    worker = threading.Thread(target=allocate)
    worker.start()
    del one
    qtbot.waitUntil(lambda: bool(ended_in), timeout=60_000)
    stop.set()
    worker.join()
    assert ended_in == [threading.get_ident()]
