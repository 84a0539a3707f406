"""Options of how recordings are read and videos fitted, declared once for the verbs that do it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.options import Device, DeviceName, FileNames, HeadName, OtherHead
from facedyn_app.settings import MAX_FACES
from facedyn_app.workflows.options import FitOptions

ALL_FACES = -1


class Engine(StrEnum):
    """What follows the faces of a video."""

    BUNDLE = "bundle"
    MEDIAPIPE = "mediapipe"


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


Directions = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, show_default="all", help="Use only the head's leading directions."
    ),
]
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
        "--mirrored-mean/--no-mirrored-mean",
        help="Measure the face in the mirrored video as well and take the mean; never with the "
        "engine mediapipe.",
    ),
]
OpticalFlow = Annotated[
    bool,
    typer.Option(
        "--optical-flow",
        help="Follow the skin as well, in a second pass over the video: movements in mm come out "
        "nearer to their true size; takes longer.",
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
CHOICES: Mapping[str, tuple[str, Any, object]] = {
    "head": ("head", HeadName, DEFAULT_HEAD),
    "other_head": ("head", OtherHead, None),
    "n_shape": ("n_shape", Directions, 0),
    "n_expression": ("n_expression", Directions, 0),
    "device": ("device", DeviceName, Device.AUTO),
    "face": ("face", FaceNumber, 0),
    "face_or_all": ("face", FacesChoice, 0),
    "mirrored_mean": ("mirrored_mean", MirroredMean, True),
    "optical_flow": ("optical_flow", OpticalFlow, False),
    "engine": ("engine", EngineName, Engine.BUNDLE),
    "max_faces": ("max_faces", MostFaces, MAX_FACES),
    "fps": ("fps", VideoRate, None),
    "stream": ("stream", FilmNumber, None),
    "mirrored": ("mirrored", MirroredPixels, False),
    "file_names": ("file_names", FileNames, True),
}
"""What a user may choose: the field of FitOptions, the option, its default."""
USUAL = ("device", "face", "engine", "max_faces", "fps", "stream", "mirrored", "file_names")
"""The choices of verbs that measure one face of each recording."""


def with_fit_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command that is given FitOptions as `options`, which the user chooses one by one.

    Args:
        names: Of the CHOICES, in the order in which the help lists them in the parameter's place.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            chosen = {CHOICES[name][0]: given.pop(name) for name in names}
            command(**given, options=FitOptions(**chosen))

        signature = inspect.signature(command, eval_str=True)
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            parameters += _offered(names) if parameter.name == "options" else [parameter]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return called

    return decorated


def _offered(names: tuple[str, ...]) -> list[inspect.Parameter]:
    kind = inspect.Parameter.KEYWORD_ONLY
    offered = []
    for name in names:
        _, option, default = CHOICES[name]
        offered.append(inspect.Parameter(name, kind, default=default, annotation=option))
    return offered
