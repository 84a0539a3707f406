"""Arguments and options that several verbs share; those of a fit are in `fit_options`."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.folders import demo_library, own_library
from facedyn_app.logs import leave_out_names

BUILT_IN_NAME = "built-in"
"""What the recognizer that comes along is called on the command line."""


class Device(StrEnum):
    """Where the fit is computed."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def verb_app() -> typer.Typer:
    """What a verb's module puts its command, or those under it, into."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def numbers(text: str, n: int | None = None) -> tuple[float, ...]:
    """Numbers with commas between them.

    Args:
        text: The text; empty for none.
        n: How many they must be, if any are given.

    Raises:
        typer.BadParameter: It is something else.
    """
    try:
        values = tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not numbers with commas between them") from error
    if not all(math.isfinite(value) for value in values):
        raise typer.BadParameter(f"'{text}' holds what is no finite number")
    if values and n is not None and len(values) != n:
        raise typer.BadParameter(f"{n} numbers are needed, {len(values)} are given")
    return values


IsNew = Annotated[
    bool, typer.Option("--new", help="The name is meant, though it is nearly somebody's.")
]


def _keep_log_nameless(file_names: bool) -> bool:
    if not file_names:
        leave_out_names()
    return file_names


FileNames = Annotated[
    bool,
    typer.Option(
        "--file-names/--no-file-names",
        callback=_keep_log_nameless,
        help="Whether names of recordings' files are written into sessions, tables, reports, log.",
    ),
]
SessionOut = Annotated[
    Path, typer.Option("-o", "--output", metavar="SESSION.npz", help="The session file.")
]
EnrolAgain = Annotated[
    bool,
    typer.Option("--again", help="Enrol recordings that the library has already, copies too."),
]
Permission = Annotated[
    str,
    typer.Option(
        "--permission",
        metavar="TEXT",
        show_default=False,
        help="What allows the work where the corpus' licence forbids it (CANDOR).",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
]
LibraryFolder = Annotated[
    Path,
    typer.Option(
        "--library",
        metavar="DIR",
        default_factory=own_library,
        show_default="the user's own",
        help="The library's folder.",
    ),
]
DemoFolder = Annotated[
    Path,
    typer.Option(
        "--library",
        metavar="DIR",
        default_factory=demo_library,
        show_default="one of its own",
        help="The folder of the demo's library.",
    ),
]
SpeakerName = Annotated[
    str | None, typer.Option("--speaker", metavar="NAME", show_default="all of them")
]
HeadName = Annotated[
    str, typer.Option("--head", metavar="ID|FILE", help="The head: a built-in one or a file.")
]
OtherHead = Annotated[
    str | None,
    typer.Option(
        "--head", metavar="ID|FILE", show_default="the one that fits", help="Another head."
    ),
]
DeviceName = Annotated[Device, typer.Option("--device", help="Where the fit is computed.")]
HeadChoice = Annotated[str, typer.Argument(metavar="ID|FILE", help="The head.")]
FrameRate = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="R",
        min=0.01,
        show_default="the file's own; 30 is assumed where it says none",
        help="Frames a second of another program's measurement without times.",
    ),
]
TrainedRecognizer = Annotated[
    Path, typer.Argument(metavar="RECOGNIZER", help="The folder of a trained recognizer.")
]
KeptTestChoice = Annotated[
    str | None,
    typer.Option(
        "--test-sessions",
        metavar="last|N,…",
        show_default="those kept for it in training, else the last",
        help="Which sessions of each speaker are tested, counted from 1.",
    ),
]
GRU_HELP = "How long a GRU is trained for comparison, minutes; 0 leaves it out."
ChosenRecognizer = Annotated[
    Path | None,
    typer.Option(
        "--recognizer",
        metavar="DIR",
        show_default="the active one of the library",
        help="The folder of a trained recognizer.",
    ),
]
