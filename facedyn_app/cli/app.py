"""The command line: its verbs, loaded when they are named, and the log of the program's faults."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from facedyn_app import __version__
from facedyn_app.cli.output import json_line
from facedyn_app.cli.passphrase import ask_here, with_passphrase_option
from facedyn_app.cli.window import MeasureWindow, OpenWindow, Window, show_window
from facedyn_app.folders import log_file, own_library
from facedyn_app.formatting import shown

if TYPE_CHECKING:
    from facedyn_app.workflows.report import PrintPdf

VERBS = {
    "gui": "Open the window, on recordings, a folder or a live camera.",
    "demo": "Recognise simulated speakers.",
    "fit": "Fit a head to a video, write a session file.",
    "fit-corpus": "Fit all that a table or folder names, with many workers.",
    "corpus": "Say how far a corpus is.",
    "merge": "Put the shards of a corpus into one folder.",
    "enrol": "Enrol a speaker with recordings, by consent.",
    "identify": "Who is it? Rank the enrolled speakers.",
    "verify": "Is it this speaker?",
    "dnr": "Does the head shape drift? The drift-to-noise ratio.",
    "convert": "Make a session of another program's measurement.",
    "measure": "Measure blinks, excursions in mm, left against right.",
    "export": "Write a table, film or meshes.",
    "events": "List what is marked in a session; exchange it with ELAN.",
    "protocols": "List the protocols of tasks before the camera; show one.",
    "report": "Write a report to print.",
    "simulate": "Write session files of simulated speakers.",
    "import": "Bring a folder of recordings into a library.",
    "queue": "List recordings that wait to be enrolled; go on with them.",
    "train": "Train a recognizer on a library.",
    "evaluate": "Test a recognizer, with controls and baselines.",
    "calibrate": "Calibrate a recognizer's probabilities.",
    "study": "Tables and figures of a recognizer.",
    "selftest": "Try every stage in less than a minute.",
    "heads": "List the head models, show one, write one as a mesh.",
    "recognizers": "List a library's recognizers, choose one, bring one in.",
    "sessions": "List a library's sessions by date; say when one was made.",
    "speakers": "List, rename, merge, forget speakers; consent, tags, notes.",
    "library": "Check or protect a library; find its videos again.",
    "audit": "List who did what when; check that nobody changed that.",
    "backup": "Write a library into one file.",
    "restore": "Make a library of a backup.",
    "bench": "Measure accuracy and speed of the program on this machine.",
}
"""The verbs in the order of the help, each with a short one."""

MODULES = {"import": "import_", "fit-corpus": "fit_corpus"}
"""Modules of verbs that have another name than the verb."""

LOG_BYTES, LOG_FILES = 1_000_000, 3
LONGEST_MESSAGE = 1000
"""Letters of an error of usage that are shown."""
USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""Of all errors in arguments; no public module of typer's names it."""

log = logging.getLogger(__name__)


class LazyGroup(TyperGroup):
    """The verbs; the module of one is imported when it is named, so that help is quick."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {verb: TyperCommand(verb, help=text) for verb, text in VERBS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is named, its command, and the arguments that follow."""
        verb, _, rest = super().resolve_command(ctx, args)
        module = import_module(f"facedyn_app.cli.{MODULES.get(str(verb), verb)}")
        return verb, with_passphrase_option(typer.main.get_command(module.app)), rest

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """The context, its errors shown as text."""
        with _usage_errors_shown():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb, errors in its arguments shown as text."""
        with _usage_errors_shown():
            return super().invoke(ctx)


@contextmanager
def _usage_errors_shown() -> Iterator[None]:
    """Show what an error of usage repeats of the arguments, cut where it is long."""
    try:
        yield
    except USAGE_ERROR as error:
        error.message = shown(error.message[:LONGEST_MESSAGE])
        raise


def make_app(
    open_window: OpenWindow, measure_window: MeasureWindow, print_pdf: PrintPdf
) -> typer.Typer:
    """The command line.

    Args:
        open_window: Opens the window, for the verbs that need it.
        measure_window: Times the window, for `bench window`.
        print_pdf: Prints a page, for `report`.
    """
    app = typer.Typer(
        name="facedyn",
        cls=LazyGroup,
        help="Recognises people by how their faces move, and says how far to believe it.",
        epilog="For research use, not a medical device. Nothing is sent anywhere.",
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def start(
        context: typer.Context,
        _version: Annotated[
            bool, typer.Option("--version", is_eager=True, callback=_show_version)
        ] = False,
    ) -> None:
        context.obj = Window(open_window, measure_window, print_pdf)
        ask_here()
        if context.invoked_subcommand is None:
            show_window(context.obj, [], own_library())

    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facedyn {__version__}")
        raise typer.Exit


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


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """A log that only its owner can read: it may name people and their files."""

    def _open(self) -> TextIOWrapper:
        def private(name: str, flags: int) -> int:
            return os.open(name, flags, 0o600)

        opened = open(self.baseFilename, self.mode, encoding=self.encoding, opener=private)  # noqa: SIM115
        return cast("TextIOWrapper", opened)


class _LogFormatter(logging.Formatter):
    """A line an entry, whatever names stand in it; of a fault the lines that led to it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The entry's line, in which nothing acts."""
        return shown(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The lines of a fault, in which nothing acts."""
        return shown(super().formatException(ei), keep="\n")


def _start_log() -> Path | None:
    """Send warnings and faults to the user's log file, which is made when the first one comes."""
    path = log_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError):  # of an earlier version, or somebody else's
            path.parent.chmod(0o700)
            for older in path.parent.glob(f"{path.name}*"):
                older.chmod(0o600)
        handler = _PrivateLog(
            path,
            maxBytes=LOG_BYTES,
            backupCount=LOG_FILES,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )
    except OSError:
        logging.getLogger().addHandler(logging.NullHandler())
        return None
    handler.setFormatter(_LogFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
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
