"""Passphrases on the command line: from a file, the environment, or typed without being shown.

Every verb with `--library` has `--passphrase-file`, put there where the verbs are loaded.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup, TyperOption

from facedyn_app.errors import InputError
from facedyn_app.files import read_plain
from facedyn_app.passphrase import ask_by

VARIABLE: Final = "FACEDYN_PASSPHRASE"
NEW_VARIABLE: Final = "FACEDYN_NEW_PASSPHRASE"
FILE_VARIABLE: Final = "FACEDYN_FILE_PASSPHRASE"
OPTION: Final = "--passphrase-file"
_MOST_BYTES: Final = 1 << 16


def ask_here() -> None:
    """Let protected libraries ask the environment, and then whoever sits at the terminal."""
    ask_by(lambda folder: given_passphrase(None, VARIABLE, f"Passphrase of '{folder}'"))


def given_passphrase(
    file: Path | None, variable: str, prompt: str, *, twice: bool = False
) -> str | None:
    """A passphrase from a file, else from the environment, else typed; None where nobody can type.

    Args:
        file: Whose first line it is.
        variable: Of the environment.
        prompt: What is asked at a terminal.
        twice: Whether it is typed twice.

    Raises:
        InputError: The file cannot be read.
    """
    if file is not None:
        return _first_line(file)
    if os.environ.get(variable):
        return os.environ[variable]
    in_front = threading.current_thread() is threading.main_thread()  # the window asks by itself
    if not in_front or not sys.stdin.isatty():
        return None
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))


def wanted_passphrase(file: Path | None, variable: str) -> str:
    """A new passphrase.

    Raises:
        InputError: None is given.
    """
    given = given_passphrase(file, variable, "New passphrase", twice=True)
    if given is None:
        raise InputError(
            "No passphrase is given.",
            f"Type it at a terminal, name a file that has it, or set {variable}.",
        )
    return given


def _first_line(file: Path) -> str:
    try:
        lines = read_plain(file, _MOST_BYTES).decode("utf-8").splitlines()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"The file '{file}' cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The file '{file}' is no text in UTF-8.") from error
    return lines[0] if lines else ""


def with_passphrase_option(command: Any) -> Any:
    """A verb, or those under it, with the option where a library can be named."""
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            with_passphrase_option(below)
    names = {name for parameter in command.params for name in parameter.opts}
    if names & {"--library", "--layout"} and OPTION not in names:
        command.params.append(_option())
    return command


def _use_file(context: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        context.meta[OPTION] = value
        ask_by(lambda _folder: _first_line(value))
    return value


def _declared(
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            OPTION,
            metavar="FILE",
            callback=_use_file,
            help=f"A file whose first line is a library's passphrase; else {VARIABLE}, else typed.",
        ),
    ] = None,
) -> None:
    """Declare the option, for verbs to take it over."""


def _option() -> TyperOption:
    app = typer.Typer(add_completion=False)
    app.command()(_declared)
    made = next(one for one in typer.main.get_command(app).params if OPTION in one.opts)
    made.expose_value = False
    return cast("TyperOption", made)
