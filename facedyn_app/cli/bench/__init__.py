"""Benchmark verbs of the command line, each imported when it is named: help stays quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from facedyn_app.cli.options import verb_app

_MODULES = {
    "accuracy": "accuracy",
    "fit": "speed",
    "landmarks": "speed",
    "live": "latency",
    "memory": "speed",
    "mirror": "mirror",
    "realism": "realism",
    "recognizer": "speed",
    "truth": "truth",
    "window": "latency",
}
"""The module of each verb, which is its function of the same name."""


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
        verb = verb_app()
        verb.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_command(verb)


app = typer.Typer(cls=BenchGroup, add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback(help="Measure how accurate and how fast the program is on this machine.")
def _nothing() -> None:
    """There is nothing to do for all verbs."""
