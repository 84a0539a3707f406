"""Benchmark verbs of the command line, each imported when it is named, and what several share."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facedyn_app.formatting import number
from facedyn_app.path_checks import check_output_folder

_MODULES = {
    "accuracy": "accuracy",
    "all": "scale",
    "blinks": "blinks",
    "clinical": "clinical",
    "fit": "speed",
    "landmarks": "speed",
    "live": "latency",
    "memory": "speed",
    "mirror": "mirror",
    "protection": "protection",
    "realism": "realism",
    "repeat": "repeat",
    "recognizer": "speed",
    "scale": "scale",
    "skin": "skin",
    "truth": "truth",
    "window": "latency",
}
"""The module of each verb, which is its function of the same name."""
_FUNCTIONS = {"all": "everything"}
"""The functions of verbs whose names are taken."""
WorkFolder = Annotated[
    Path,
    typer.Option("--work", metavar="DIR", help="Where rendered videos are kept for the next time."),
]
Quick = Annotated[bool, typer.Option("--quick", help="A few seconds of video only.")]


class BenchGroup(TyperGroup):
    """The verbs under `bench`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(_MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A verb, its module imported now; None where there is none of that name."""
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"{__name__}.{_MODULES[cmd_name]}")
        verb = typer.Typer(add_completion=False, rich_markup_mode=None)
        verb.command(cmd_name)(getattr(module, _FUNCTIONS.get(cmd_name, cmd_name)))
        return typer.main.get_command(verb)


app = typer.Typer(cls=BenchGroup, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


@app.callback(help="Measure how accurate and how fast the program is on this machine.")
def _nothing() -> None:
    """There is nothing to do for all verbs."""


def make_work_folder(folder: Path) -> None:
    """Make the folder of kept videos where it is not there yet.

    Raises:
        OutputError: It cannot be written.
    """
    check_output_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)


def cells(record: object, **digits: int) -> list[str]:
    """Numbers of a record as text: by attribute, how many decimals each has."""
    return [number(getattr(record, name), n) for name, n in digits.items()]


def reasons(invalid: Mapping[str, int]) -> str:
    """The invalid frames by reason, in a line."""
    return ", ".join(f"{reason} {n}" for reason, n in invalid.items())
