"""Sweep of a library: half-written files and folders that a killed program has left."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from facedyn_app.files import UNFINISHED

STALE_SECONDS = 24 * 3600.0
"""What was left half done is taken for given up after this time, s."""


def unfinished(folder: Path) -> list[Path]:
    """Half-written files and folders of a library, which take their name when they are whole."""
    parts = ("sessions", "embeddings", "recognizers")
    return sorted(path for part in parts for path in (folder / part).glob(f".*{UNFINISHED}"))


def sweep(folder: Path) -> tuple[str, ...]:
    """Delete what is older than a day; gives what was, as paths from the library's folder.

    What cannot be deleted stays to be found by the check.
    """
    swept = []
    for path in unfinished(folder):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                swept.append(path.relative_to(folder).as_posix())
    return tuple(swept)
