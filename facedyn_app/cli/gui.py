"""`facedyn gui`: the window, with recordings or a live camera in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from facedyn_app.cli.options import LibraryFolder, verb_app
from facedyn_app.cli.window import show_window

app = verb_app()


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


@app.command(cls=CameraCommand)
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
    show_window(context.obj, videos or [], library, head, _camera(camera))


def _camera(given: str | None) -> int | Path | None:
    """A camera's number, from 1, or the video that plays as one."""
    if given is None:
        return None
    return int(given) if given.isdecimal() else Path(given)
