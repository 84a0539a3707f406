"""Output of a verb: text, tables and JSON on stdout, sentences on stderr, exit codes."""

from __future__ import annotations

import json
import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import PurePath

import typer

from facedyn_app.cli.progress import ProgressLine, stoppable
from facedyn_app.errors import FacedynError
from facedyn_app.formatting import shown, shown_name
from facedyn_app.progress import Cancelled, OnProgress

DONE, FAULT, USAGE, UNUSABLE, CANCELLED = 0, 1, 2, 3, 130


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
    """

    on_progress: OnProgress
    outcome: Outcome = field(default_factory=Outcome)


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
        show(answer.outcome, as_json, warnings)
    if answer.outcome.exit_code != DONE:
        raise typer.Exit(answer.outcome.exit_code)


def run_verb(work: Callable[[OnProgress], Outcome], *, as_json: bool) -> None:
    """Do a verb's work and print what came of it, as `answering` does."""
    with answering(as_json) as answer:
        answer.outcome = work(answer.on_progress)


def show(outcome: Outcome, as_json: bool, warnings: list[str]) -> None:
    """Print an outcome on stdout."""
    if as_json:
        typer.echo(json_line({**outcome.facts, "warnings": warnings}))
    elif outcome.text:
        typer.echo(shown(outcome.text, keep="\n"))


@contextmanager
def errors_shown(as_json: bool, line: ProgressLine) -> Iterator[None]:
    """Turn what the user can act on, and his wish to stop, into sentences and exit codes."""
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
    """Show the program's own warnings as sentences on stderr, and collect them."""
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


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows of text under their heads.

    Args:
        head: The columns' heads.
        rows: The rows, a cell a column.
        right: Columns of numbers, aligned at their right edge.
    """
    lines = [list(head), *[[shown_name(cell) for cell in row] for row in rows]]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    return "\n".join("  ".join(_cells(line, widths, set(right))).rstrip() for line in lines)


def _cells(line: Sequence[str], widths: Sequence[int], right: set[int]) -> list[str]:
    return [
        cell.rjust(width) if k in right else cell.ljust(width)
        for k, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def indented(text: str) -> str:
    """Text two blanks to the right."""
    return "\n".join(f"  {line}" for line in text.split("\n"))


def simulated_note(simulated: bool) -> str:
    """What is said of simulated speakers wherever their results stand."""
    return " (simulated)" if simulated else ""
