"""How a verb runs: what it hands back, what it prints where, and with which exit code it ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer

from facedyn_app.cli.as_json import json_line
from facedyn_app.cli.progress_line import ProgressLine
from facedyn_app.cli.stop import stoppable
from facedyn_app.errors import FacedynError
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


def run_verb(work: Callable[[OnProgress], Outcome], *, as_json: bool) -> None:
    """Do a verb's work and print what came of it.

    On stdout stands the answer alone: text, or one JSON object. Progress, warnings and errors
    go to stderr.

    Args:
        work: The work; it reports its progress and is stopped there by Ctrl+C.
        as_json: Whether the answer is for a script.

    Raises:
        typer.Exit: With the exit code, where that is not 0.
    """
    line = ProgressLine(sys.stderr)
    with errors_shown(as_json, line):
        with _warnings_shown(line) as warnings, stoppable(line) as on_progress:
            outcome = work(on_progress)
        line.clear()
        show(outcome, as_json, warnings)
    if outcome.exit_code != DONE:
        raise typer.Exit(outcome.exit_code)


def show(outcome: Outcome, as_json: bool, warnings: list[str]) -> None:
    """Print an outcome on stdout."""
    if as_json:
        typer.echo(json_line({**outcome.facts, "warnings": warnings}))
    elif outcome.text:
        typer.echo(outcome.text)


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
