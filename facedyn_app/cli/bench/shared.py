"""Options, work folder and table cells that several benchmarks share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.output import number
from facedyn_app.workflows.path_checks import check_output_folder

WorkFolder = Annotated[
    Path,
    typer.Option("--work", metavar="DIR", help="Where rendered videos are kept for the next time."),
]
Quick = Annotated[bool, typer.Option("--quick", help="A few seconds of video only.")]


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
