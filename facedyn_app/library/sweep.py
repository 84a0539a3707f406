"""Sweep of a library: what a killed program has left half done is finished, or deleted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.folders import config_folder, head_cache, sweep_temporary
from facedyn_app.library.locks import LOCK, holding
from facedyn_app.library.work_queue import is_mark
from facedyn_app.recognizer.track_files import INDEX, ROWS
from facedyn_app.unfinished import (
    SET_ASIDE,
    UNFINISHED,
    delete,
    final_name,
    is_stale,
    sweep_folder,
)

PARTS = ("sessions", "embeddings", "recognizers")
"""Folders of a library in which something may be half done."""
TRAINING = ".training"
"""Ending of the folder of an unfinished training."""


def unfinished(folder: Path) -> list[Path]:
    """Half-written files and folders of a library, which take their name when they are whole."""
    hidden = [path for part in ("", *PARTS) for path in (folder / part).glob(".*")]
    return sorted(path for path in hidden if path.name.endswith((UNFINISHED, SET_ASIDE)))


def sweep(folder: Path, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Finish or delete what nobody works at any more; gives what has gone.

    A session file whose rows are there gets its name. Files of dead workers are the queue's, which
    sees to what they had in hand. What earlier versions have left, which no lock tells from what is
    in hand, goes when it is older than a day. What cannot be deleted stays to be found by the
    check. Beside the library, the program's own folders on this machine are looked at: temporary
    ones, the cache, the configuration.

    Args:
        folder: The library.
        is_known: Whether a session file of that name has a row.

    Returns:
        Paths from the library's folder; of what lay elsewhere, whole ones.
    """
    sessions = folder / PARTS[0]

    def finished(path: Path) -> bool:
        name = str(final_name(path.name))
        if not is_known(name):
            return False
        path.replace(sessions / name)
        return True

    swept = sweep_folder(sessions, finished)
    swept += sweep_folder(folder, is_mark)
    swept += [path for part in PARTS[1:] for path in sweep_folder(folder / part)]
    for path in unfinished(folder):
        with suppress(OSError):
            if final_name(path.name) is None and is_stale(path):
                delete(path)
                swept.append(path)
    for lock in (folder / "recognizers").glob(f".*{LOCK}"):
        _free(lock)
    elsewhere = [path for own in (config_folder(), head_cache()) for path in sweep_folder(own)]
    elsewhere += [*sweep_temporary(), *_sweep_older_trainings()]
    return (
        *(path.relative_to(folder).as_posix() for path in sorted(swept)),
        *map(os.fspath, elsewhere),
    )


def _sweep_older_trainings() -> list[Path]:
    """Delete motion that trainings of earlier versions have left in temporary folders a day ago."""
    swept = []
    for path in sorted(Path(tempfile.gettempdir()).glob(f"facedyn-train-{'?' * 8}")):
        with suppress(OSError):
            own = {inside.name for inside in path.iterdir()} <= {INDEX, ROWS}
            if own and is_stale(path):
                delete(path)
                swept.append(path)
    return swept


def _free(lock: Path) -> None:
    """Delete the file of a lock that nobody has."""
    with (
        suppress(OSError, InputError),
        holding(lock.with_name(lock.name.removeprefix(".").removesuffix(LOCK)), ""),
    ):
        pass
