"""The process around the verbs: the log file, and what is said when the program is at fault."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
from pathlib import Path
from types import TracebackType

import typer

from facedyn_app.cli.app import make_app
from facedyn_app.cli.output import json_line
from facedyn_app.cli.report_verb import PrintPdf
from facedyn_app.cli.window import MeasureWindow, OpenWindow
from facedyn_app.folders import log_file

LOG_BYTES, LOG_FILES = 1_000_000, 3

log = logging.getLogger(__name__)


def run_app(open_window: OpenWindow, measure_window: MeasureWindow, print_pdf: PrintPdf) -> None:
    """Run the program with the arguments of this process; ends the process.

    Args:
        open_window: Opens the window, for the verbs that need it.
        measure_window: Times the window, for `bench window`.
        print_pdf: Prints a page, for `report`.

    Raises:
        SystemExit: With the exit code.
    """
    _keep_output_alive()
    log_path = _start_log()
    sys.excepthook = _Fault(log_path)
    threading.excepthook = _log_thread_fault
    # typer.Typer.__call__ would put an excepthook of its own in place of this one
    typer.main.get_command(make_app(open_window, measure_window, print_pdf))(prog_name="facedyn")


def _keep_output_alive() -> None:
    """Let a name that the terminal cannot show be shown as best it can."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _start_log() -> Path | None:
    """Send warnings and faults to the user's log file, which is made when the first one comes."""
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        logging.getLogger().addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a full disk must not put a traceback on the screen
    return path


class _Fault:
    """What is said when an exception reaches the top: one line, and where the details are."""

    def __init__(self, log_file: Path | None) -> None:
        self._log_file = log_file

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            typer.echo("Cancelled.", err=True)
            return
        log.critical("the program has failed", exc_info=(kind, error, trace))
        sentence = f"facedyn has failed by a fault of its own: {kind.__name__}."
        hint = f"The details are in '{self._log_file}'." if self._log_file else ""
        typer.echo(f"{sentence} {hint}".strip(), err=True)
        if "--json" in sys.argv:
            typer.echo(json_line({"error": {"sentence": sentence, "hint": hint}}))


def _log_thread_fault(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        log.critical(
            "a thread has failed", exc_info=(fault.exc_type, fault.exc_value, fault.exc_traceback)
        )
