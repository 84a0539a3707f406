"""Progress on stderr, and Ctrl+C, which stops the work where it next tells its progress.

On a terminal one line rewrites itself; anywhere else few lines are written.
"""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from facedyn_app.formatting import shown
from facedyn_app.progress import Cancelled, OnProgress, Progress

REWRITES_PER_SECOND = 10.0
SPARSE_SECONDS = 10.0
"""Where nobody watches, a line is written this often, s; short work writes none."""
SURE_AFTER_SECONDS = 1.0
"""The time left is shown when a stage has lasted this long, s."""


class ProgressLine:
    """Shows how far the work has come.

    Args:
        stream: Where to, usually stderr.
        clock: Seconds that only rise.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._watched = stream.isatty()
        self._shown = ""
        self._stage = ""
        self._stage_began = self._last = clock()

    def show(self, progress: Progress) -> None:
        """Show a report, unless one has just been shown."""
        now = self._clock()
        if progress.stage != self._stage:
            self._stage, self._stage_began = progress.stage, now
        if now - self._last < (1.0 / REWRITES_PER_SECOND if self._watched else SPARSE_SECONDS):
            return
        self._last = now
        text = _one_line(progress, now - self._stage_began)
        if self._watched:
            self._rewrite(text[: shutil.get_terminal_size().columns - 1])
        else:
            self._write(text + "\n")

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._rewrite("")
            self._write("\r")

    def say(self, sentence: str) -> None:
        """Write a sentence of its own above the line."""
        self.clear()
        self._write(shown(sentence) + "\n")

    def _rewrite(self, text: str) -> None:
        # blanks, not an escape sequence: a dumb terminal shows those as letters
        self._write("\r" + text.ljust(len(self._shown)))
        self._shown = text

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _one_line(progress: Progress, stage_seconds: float) -> str:
    stage = "".join(letter if letter.isprintable() else "?" for letter in progress.stage)
    share = progress.share
    if share is None:
        return f"{stage} · {progress.done}"
    text = f"{stage} · {100 * share:.0f} %"
    if share > 0 and stage_seconds > SURE_AFTER_SECONDS:
        left = round(stage_seconds * (1 - share) / share)
        text += f" · {left // 60}:{left % 60:02d} left"
    return text


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
