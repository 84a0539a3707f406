"""`facedyn VERB ...` and `python -m facedyn_app`; without a verb the window opens."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from facedyn_app.cli import run_app
from facedyn_app.errors import OutputError

if TYPE_CHECKING:
    from facedyn_app.bench.window import WindowTiming
    from facedyn_app.progress import OnProgress
    from facedyn_app.workflows.demo import DemoResult


def open_window(
    videos: Sequence[Path],
    library: Path | None,
    demo: bool,
    screenshot: Path | None,
    on_demo: Callable[[DemoResult], None] | None,
    head: str | None = None,
    camera: int | Path | None = None,
) -> int:
    """Open the window; Qt is imported only here, so that the other verbs do without it."""
    # read side by side with Qt, torch costs the start half a second less
    Thread(target=import_module, args=("torch",), name="import torch").start()
    from facedyn_app.gui.app import run_window

    return run_window(videos, library, demo, screenshot, on_demo, head, camera)


def measure_window(folder: Path, seconds: float, on_progress: OnProgress) -> list[WindowTiming]:
    """Time the window; Qt is imported only here, too."""
    from facedyn_app.gui.window_bench import measure_window as measure

    return measure(folder, seconds, on_progress)


def print_pdf(page: str, path: Path) -> None:
    """Print a page of HTML; Qt is imported only here, too."""
    try:
        from facedyn_app.gui.pdf import print_pdf as print_page
    except ImportError as error:  # a server without the graphics libraries
        raise OutputError(
            f"Qt, which prints PDF, cannot be loaded here: {error}.", "Write the report as .html."
        ) from error
    print_page(page, path)


def main() -> None:
    """Run the program with the arguments of this process."""
    if getattr(sys, "frozen", False):
        import multiprocessing  # takes a tenth of the start, and has nothing to do outside a bundle

        multiprocessing.freeze_support()
    # read by OpenMP when torch is imported: threads that wait long would otherwise keep cores busy
    # that landmarks and window need, and make a fit on a loaded machine ten times slower
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    # read when numpy is imported: its matrices are small here, more threads would only wait so
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    run_app(open_window, measure_window, print_pdf)


if __name__ == "__main__":
    main()
