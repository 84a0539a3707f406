"""Ctrl+C: the work is asked to stop at its next report, where everything is in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from facedyn_app.cli.progress_line import ProgressLine
from facedyn_app.progress import Cancelled, OnProgress, Progress


@contextmanager
def stoppable(line: ProgressLine) -> Iterator[OnProgress]:
    """A report that shows progress, and stops the work when the user has asked for that.

    The first Ctrl+C (or a request of the system to end) stops the work at its next report; a
    second one stops it wherever it is.
    """
    asked = threading.Event()

    def on_progress(progress: Progress) -> None:
        if asked.is_set():
            raise Cancelled
        line.show(progress)

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    with _handling(ask):
        yield on_progress


@contextmanager
def _handling(ask: signal._HANDLER) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    # what the caller has set to be ignored, as a shell does for work in the background, stays so
    wanted = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
