"""Output of a verb: answer on stdout, progress and sentences on stderr, exit codes, Ctrl+C.

On a terminal one line rewrites itself; anywhere else few lines are written.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import PurePath
from types import FrameType
from typing import TextIO

import typer

from facedyn_app.errors import FacedynError
from facedyn_app.formatting import shown
from facedyn_app.progress import Cancelled, OnProgress, Progress

REWRITES_PER_SECOND = 10.0
SPARSE_SECONDS = 10.0
"""Where nobody watches, a line is written this often, s; short work writes none."""
SURE_AFTER_SECONDS = 1.0
"""The time left is shown when a stage has lasted this long, s."""
DONE, FAULT, USAGE, UNUSABLE, CANCELLED = 0, 1, 2, 3, 130


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
        return f"{stage} · {progress.done} done" if progress.done else stage
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


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a verb has found.

    Attributes:
        facts: The answer for scripts; printed as JSON where that is asked for.
        text: The same for people.
        exit_code: How the program ends.
    """

    facts: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    exit_code: int = DONE


@dataclass(slots=True, eq=False)
class Answer:
    """What a verb is to fill in.

    Attributes:
        on_progress: Shows progress; Ctrl+C stops the work there.
        outcome: What was found.
        silent: Whether nothing of it is printed: of several processes that do the same one tells.
    """

    on_progress: OnProgress
    outcome: Outcome = field(default_factory=Outcome)
    silent: bool = False


@contextmanager
def answering(as_json: bool) -> Iterator[Answer]:
    """What a verb does stands in this block: what comes of it is printed.

    On stdout stands the answer alone: text, or one JSON object. Progress, warnings and errors
    go to stderr.

    Args:
        as_json: Whether the answer is for a script.

    Raises:
        typer.Exit: With the exit code, where that is not 0.
    """
    line = ProgressLine(sys.stderr)
    with errors_shown(as_json, line):
        with _warnings_shown(line) as warnings, stoppable(line) as on_progress:
            answer = Answer(on_progress)
            yield answer
        line.clear()
        if not answer.silent:
            show(answer.outcome, as_json, warnings)
    if answer.outcome.exit_code != DONE:
        raise typer.Exit(answer.outcome.exit_code)


def show(outcome: Outcome, as_json: bool, warnings: list[str]) -> None:
    """Print an outcome on stdout."""
    if as_json:
        typer.echo(json_line({**outcome.facts, "warnings": warnings}))
    elif outcome.text:
        typer.echo(shown(outcome.text, keep="\n"))


@contextmanager
def errors_shown(as_json: bool, line: ProgressLine) -> Iterator[None]:
    """Turn what the user can act on, and their wish to stop, into sentences and exit codes."""
    try:
        yield
    except FacedynError as error:
        _show_error(error.sentence, error.hint, as_json, line)
        raise typer.Exit(UNUSABLE) from error
    except (Cancelled, KeyboardInterrupt) as stop:
        _show_error("Cancelled.", "", as_json, line)
        raise typer.Exit(CANCELLED) from stop


def _show_error(sentence: str, hint: str, as_json: bool, line: ProgressLine) -> None:
    line.say(f"{sentence} {hint}".strip())
    if as_json:
        typer.echo(json_line({"error": {"sentence": sentence, "hint": hint}}))


@contextmanager
def _warnings_shown(line: ProgressLine) -> Iterator[list[str]]:
    """Show the program's own warnings as sentences on stderr, each once, and collect them."""
    handler = _Collector(line)
    logger = logging.getLogger("facedyn_app")
    logger.addHandler(handler)
    try:
        yield handler.sentences
    finally:
        logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self, line: ProgressLine) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        sentence = record.getMessage()
        if sentence in self.sentences:  # such as of each of many fits of one head
            return
        self.sentences.append(sentence)
        self._line.say(sentence)


def json_line(facts: Mapping[str, object]) -> str:
    """One JSON object on one line, ASCII alone, so that every terminal and pipe can carry it."""
    return json.dumps(plain(facts), ensure_ascii=True, allow_nan=False)


def plain(value: object) -> object:
    """A value as JSON can hold it.

    Records become objects, arrays lists, paths texts, NaN and infinity null.

    Raises:
        TypeError: The value is of a kind that has no such form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy's arrays and scalars, without importing numpy
        return plain(value.tolist())
    if isinstance(value, PurePath):
        return str(value)
    return _plain_container(value)


def _plain_container(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Sequence | Set):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def simulated_note(simulated: bool) -> str:
    """What is said of simulated speakers wherever their results stand."""
    return " (simulated)" if simulated else ""
