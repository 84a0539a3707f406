"""Integrity of a library: rows and files that belong together, and what was left half done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.locks import in_use
from facedyn_app.library.open_library import GoneError
from facedyn_app.library.privacy import shared_words
from facedyn_app.library.sweep import TRAINING, unfinished
from facedyn_app.library.work_rows import WorkState
from facedyn_app.progress import OnProgress, Progress

_SOON_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class LibraryCheck:
    """What a check of a library has found; paths are given from its folder.

    Attributes:
        n_sessions: Sessions of the library.
        missing: Sessions without a file: "speaker, session (#key)".
        damaged: Sessions that cannot be read, likewise, with the reason.
        unreferenced: Session files that no row knows, left by a program that was killed.
        unfinished: Half-written files and folders, which another program holds or an earlier
            version has left.
        trainings: Unfinished trainings; those that run now are not among them.
        swept: What killed programs had left half done and has been deleted at opening.
        given_back: Recordings of the queue that killed programs had in hand, which wait again.
        waiting: Recordings that wait in the queue.
        shared: Who else can see into the folder, in a sentence; empty where nobody can.
    """

    n_sessions: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    unreferenced: tuple[str, ...]
    unfinished: tuple[str, ...]
    trainings: tuple[str, ...]
    swept: tuple[str, ...]
    given_back: int
    waiting: int
    shared: str

    @property
    def sound(self) -> bool:
        """Whether every session has its file and can be read, and no file is nobody's."""
        return not (self.missing or self.damaged or self.unreferenced)


def check_library(library: Library, on_progress: OnProgress) -> LibraryCheck:
    """Read every session of a library, and look for what belongs to none of them.

    Args:
        library: The library.
        on_progress: Told of every session; may raise `Cancelled`.
    """
    missing, damaged, n_gone, queue = [], [], 0, library.work
    entries = library.sessions()
    for number, entry in enumerate(entries):
        on_progress(Progress("checking", number, len(entries)))
        named = f"{entry.speaker or 'unknown'}, {entry.name} (#{entry.id})"
        try:
            library.load(entry)
        except GoneError:
            n_gone += 1
        except InputError as error:
            if library.session_path(entry).exists():
                damaged.append(f"{named}: {error.sentence}")
            else:
                missing.append(named)
    return LibraryCheck(
        len(entries) - n_gone,
        tuple(missing),
        tuple(damaged),
        _relative(library, _left_files(library)),
        _relative(library, unfinished(library.folder)),
        _relative(library, _trainings(library)),
        library.swept,
        queue.n_abandoned,
        queue.counts()[WorkState.WAITING],
        shared_words(library.folder),
    )


def unreferenced_files(library: Library) -> list[Path]:
    """Session files that no row of the library knows."""
    there = sorted(library.sessions_folder.glob("*.npz"))
    # asked afterwards: what another program has added meanwhile has its rows before its file
    known = {entry.file_name for entry in library.sessions()}
    return [path for path in there if path.name not in known]


def sweep_unreferenced(library: Library) -> tuple[str, ...]:
    """Delete session files that no row knows; gives their paths from the library's folder.

    Raises:
        OSError: One cannot be deleted.
    """
    files = unreferenced_files(library)
    for path in files:
        path.unlink(missing_ok=True)  # another program may do the same
    return _relative(library, files)


def _left_files(library: Library) -> list[Path]:
    """Session files that no row knows, and that stay.

    Another program that gives a session's file another name deletes the older one soon afterwards.
    """
    files, until = unreferenced_files(library), monotonic() + _SOON_SECONDS
    while files and monotonic() < until:
        sleep(_POLL_SECONDS)
        files = [path for path in files if path.exists()]
    return files


def _trainings(library: Library) -> Iterator[Path]:
    for path in sorted(library.recognizers_folder.glob(f"*{TRAINING}")):
        if not in_use(path):
            yield path


def _relative(library: Library, paths: Iterator[Path] | list[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(library.folder).as_posix() for path in paths)
