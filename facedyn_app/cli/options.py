"""Arguments and options that several verbs share."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.folders import demo_library, own_library

ALL_FACES = -1

BUILT_IN_NAME = "built-in"
"""What the recognizer that comes along is called on the command line."""


class Device(StrEnum):
    """Where the fit is computed."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Engine(StrEnum):
    """What follows the faces of a video."""

    BUNDLE = "bundle"
    MEDIAPIPE = "mediapipe"


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


def face_or_all(given: str | int) -> int:
    """The number of a face, 0 for the one seen longest, or `ALL_FACES`.

    Args:
        given: What the user has typed, or the default.

    Raises:
        typer.BadParameter: It is something else.
    """
    text = str(given).strip()
    if text.lower() == "all":
        return ALL_FACES
    if not text.isdecimal():
        raise typer.BadParameter(f"'{text}' is neither the number of a face nor 'all'")
    return int(text)


EnrolAgain = Annotated[
    bool,
    typer.Option("--again", help="Enrol recordings that the library has already, copies too."),
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
Directions = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, show_default="all", help="Use only the head's leading directions."
    ),
]
DeviceName = Annotated[Device, typer.Option("--device", help="Where the fit is computed.")]
EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What finds the faces of videos: the program itself, or MediaPipe's own graph, for "
        "studies that must match it frame by frame.",
    ),
]
MostFaces = Annotated[
    int,
    typer.Option(
        "--max-faces",
        metavar="N",
        min=1,
        max=8,
        help="Faces looked for in a frame of a video; with 1, MediaPipe's graph smooths in time.",
    ),
]
FaceNumber = Annotated[
    int,
    typer.Option(
        "--face",
        metavar="N",
        min=0,
        show_default="the one seen longest",
        help="Which face of a video, from 1.",
    ),
]
FacesChoice = Annotated[
    int,
    typer.Option(
        "--face",
        metavar="N|all",
        parser=face_or_all,
        show_default="the one seen longest",
        help="Which face of a video, from 1; all: every face seen long enough, in one pass, "
        "each in a file of its own, that of face 2 in SESSION-face2.npz.",
    ),
]
MirroredMean = Annotated[
    bool,
    typer.Option(
        "--mirrored-mean",
        help="Measure the face in the mirrored video as well and take the mean; takes longer.",
    ),
]
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
VideoRate = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="R",
        min=0.01,
        max=1000,
        show_default="the file's own; 25, for tables 30, is assumed where it says none",
        help="Frames a second of a video, in even steps, or of a table without times.",
    ),
]
MirroredPixels = Annotated[
    bool,
    typer.Option("--mirrored", help="The video was recorded mirrored, as by a front camera."),
]
FilmNumber = Annotated[
    int | None,
    typer.Option(
        "--stream",
        metavar="N",
        min=0,
        show_default="the main one",
        help="Which of several films in a video file, from 0.",
    ),
]
