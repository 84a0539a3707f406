"""The window as the command line knows it: something that can be opened, timed, printed with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from facedyn_app.cli.output import ProgressLine, errors_shown
from facedyn_app.errors import InputError
from facedyn_app.path_checks import check_input_file
from facedyn_app.progress import OnProgress

if TYPE_CHECKING:
    # importing these takes long (numpy; torch, mediapipe), and --help does not need them
    from facedyn_app.bench.window import WindowTiming
    from facedyn_app.workflows.demo import DemoResult
    from facedyn_app.workflows.report import PrintPdf


class OpenWindow(Protocol):
    """Opens the window and returns its exit code when it is closed."""

    def __call__(
        self,
        videos: Sequence[Path],
        library: Path | None,
        demo: bool,
        screenshot: Path | None,
        on_demo: Callable[[DemoResult], None] | None,
        head: str | None = None,
        camera: int | Path | None = None,
    ) -> int:
        """Open the window.

        Args:
            videos: Videos, and folders of videos, to analyse at once.
            library: The library to open; None for the user's own.
            demo: Whether to show the demo.
            screenshot: Where to write a picture of the window when the demo is done; it closes
                then. None to leave it open.
            on_demo: Told of the demo's result.
            head: The head for new videos; None for the one chosen last.
            camera: The camera to open, from 1, or a video that plays as one; None for none.
        """
        ...


MeasureWindow = Callable[[Path, float, OnProgress], "list[WindowTiming]"]
"""Opens the window, lets it work in an empty folder for so many seconds a mixture, times it."""


@dataclass(frozen=True, slots=True)
class Window:
    """What needs Qt, which the command line does not know.

    Attributes:
        open: Opens the window, for the verbs that need it.
        measure: Times the window, for `bench window`.
        print_pdf: Prints a page, for `report`.
    """

    open: OpenWindow
    measure: MeasureWindow
    print_pdf: PrintPdf


def show_window(
    window: Window,
    videos: list[Path],
    library: Path,
    head: str | None = None,
    camera: int | Path | None = None,
) -> None:
    """Open the window, when there is a display and what it is to open is there.

    Raises:
        typer.Exit: With the window's exit code.
    """
    with errors_shown(as_json=False, line=ProgressLine(sys.stderr)):
        check_display()
        for video in videos:
            check_input_file(video, "recording or folder")
        if isinstance(camera, Path):
            check_input_file(camera, "video")
        code = window.open(videos, library, False, None, None, head, camera)
    raise typer.Exit(code)


def check_display() -> None:
    """Make sure that there is a display to open a window on.

    Qt would end the process without a word that helps.

    Raises:
        InputError: There is none.
    """
    if not sys.platform.startswith("linux"):
        return
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return
    raise InputError(
        "There is no display to open the window on.",
        "Run 'facedyn demo --headless', or give a virtual display with 'xvfb-run facedyn'.",
    )
