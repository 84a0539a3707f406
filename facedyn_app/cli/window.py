"""The window as the command line knows it: something that can be opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from facedyn_app.errors import InputError
from facedyn_app.progress import OnProgress

if TYPE_CHECKING:
    # importing these takes long (numpy; torch, mediapipe), and --help does not need them
    from facedyn_app.bench.window import WindowTiming
    from facedyn_app.workflows.demo import DemoResult


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
