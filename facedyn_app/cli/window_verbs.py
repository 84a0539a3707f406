"""The verbs that open the window: none at all, `gui`, and `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from facedyn_app.cli.options import AsJson, DemoFolder, LibraryFolder
from facedyn_app.cli.output import Outcome, errors_shown, run_verb, show
from facedyn_app.cli.progress import ProgressLine
from facedyn_app.cli.window import OpenWindow, check_display
from facedyn_app.folders import own_library
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.path_checks import check_input_file, check_output_file

if TYPE_CHECKING:
    # importing the demo takes seconds (torch, mediapipe), which --help does not need
    from facedyn_app.workflows.demo import DemoResult


def open_empty(open_window: OpenWindow) -> None:
    """Open the window on the user's library.

    Raises:
        typer.Exit: With the window's exit code.
    """
    _open(open_window, [], own_library())


def gui(
    context: typer.Context,
    library: LibraryFolder,
    videos: Annotated[list[Path] | None, typer.Argument(metavar="RECORDING|FOLDER")] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="ID|FILE",
            show_default="the one chosen last",
            help="The head for new videos.",
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            "--camera",
            metavar="[N|VIDEO]",
            show_default=False,
            help="Open a live camera, the first where no number follows; a video plays as one.",
        ),
    ] = None,
) -> None:
    """Open the window, and recordings in it, those of a folder as a queue, or a live camera."""
    _open(context.obj, videos or [], library, head, _camera(camera))


class CameraCommand(TyperCommand):
    """A command whose `--camera` may stand alone, which means the first one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the number there where it is left out."""
        given = list(args)
        for place, word in enumerate(args):
            following = args[place + 1 : place + 2]
            if word == "--camera" and (not following or following[0].startswith("-")):
                given.insert(place + 1, "1")
        return super().parse_args(ctx, given)


def _camera(given: str | None) -> int | Path | None:
    """A camera's number, from 1, or the video that plays as one."""
    if given is None:
        return None
    return int(given) if given.isdecimal() else Path(given)


def _open(
    open_window: OpenWindow,
    videos: list[Path],
    library: Path,
    head: str | None = None,
    camera: int | Path | None = None,
) -> None:
    with errors_shown(as_json=False, line=ProgressLine(sys.stderr)):
        check_display()
        for video in videos:
            check_input_file(video, "recording or folder")
        if isinstance(camera, Path):
            check_input_file(camera, "video")
        code = open_window(videos, library, False, None, None, head, camera)
    raise typer.Exit(code)


def demo(
    context: typer.Context,
    library: DemoFolder,
    headless: Annotated[bool, typer.Option("--headless", help="Open no window.")] = False,
    screenshot: Annotated[
        Path | None,
        typer.Option(
            "--screenshot",
            metavar="PNG",
            help="Write a picture of the window when the demo is done, and close it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enrol and identify simulated speakers from the pixels of the videos that come along."""
    if headless and screenshot is not None:
        raise typer.BadParameter("a screenshot needs the window: leave out --headless")
    if not headless:
        _demo_window(context.obj, library, screenshot, as_json)
        return

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.demo import headless_demo

        return headless_demo(library, on_progress)

    run_verb(work, as_json=as_json)


def _demo_window(
    open_window: OpenWindow, library: Path, screenshot: Path | None, as_json: bool
) -> None:
    results: list[DemoResult] = []
    with errors_shown(as_json, ProgressLine(sys.stderr)):
        check_display()
        if screenshot is not None:
            check_output_file(screenshot)
        code = open_window([], library, demo=True, screenshot=screenshot, on_demo=results.append)
    if results:
        from facedyn_app.cli.demo import demo_outcome
        from facedyn_app.settings import Settings

        show(demo_outcome(results[-1], Settings().trust), as_json, [])
    raise typer.Exit(code)
