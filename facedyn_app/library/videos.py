"""Videos of a library's sessions: where each was seen last, and where it is after it moved.

A library keeps the motion and no picture; the video stays where its owner has it. It is known again
by its content hash, whatever it is called and wherever it lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError
from facedyn_app.files import sha256_of
from facedyn_app.library.database import ReadOnlyError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import SessionRow, VideoRow
from facedyn_app.progress import OnProgress, Progress, ignore


@dataclass(frozen=True, slots=True, eq=False)
class Relinked:
    """What has become of a search for videos.

    Attributes:
        found: Sessions whose video was found, with its place now.
        missing: Sessions of videos that are neither there nor where they were.
        n_looked: Files that were looked at.
    """

    found: tuple[tuple[SessionEntry, Path], ...]
    missing: tuple[SessionEntry, ...]
    n_looked: int


def remember_video(library: Library, entry: SessionEntry, path: Path) -> None:
    """Keep where the video of a session is; a name that is no UTF-8, or may not be, is not kept.

    Nor is one where another program has taken the video or the session away meanwhile.

    Raises:
        OutputError: The library cannot be written.
    """
    _keep_places(library, [(entry, path)])


def _keep_places(library: Library, places: Iterable[tuple[SessionEntry, Path]]) -> None:
    named = [(entry, path) for entry, path in places if library.file_names and _is_text(path)]
    if not named:
        return
    with library.transaction() as orm:
        for entry, path in named:
            with suppress(OSError):
                if orm.get(SessionRow, entry.id) is not None:
                    orm.merge(_row(entry, path))


def _is_text(path: Path) -> bool:
    try:
        str(path.absolute()).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _row(entry: SessionEntry, path: Path) -> VideoRow:
    return VideoRow(session_id=entry.id, path=str(path.absolute()), n_bytes=path.stat().st_size)


def find_video(library: Library, entry: SessionEntry) -> Path | None:
    """The video of a session, checked by its hash; None where it is not known where it is.

    It is looked for where it was seen last, and by its name where other videos of the library are.
    """
    if entry.source_sha256 is None:
        return None
    with library.transaction() as orm:
        kept = {row.session_id: (row.path, row.n_bytes) for row in _rows(orm)}
    own = kept.get(entry.id)
    places = [] if own is None else [Path(own[0])]
    names = {path.name for path in places} | {entry.source_name or ""} - {""}
    folders = dict.fromkeys(Path(path).parent for path, _ in kept.values())
    places += [folder / Path(name).name for folder in folders for name in sorted(names)]
    for place in dict.fromkeys(places):
        if _is_video_of(place, entry.source_sha256, None if own is None else own[1]):
            if own is None or place != Path(own[0]):
                _remember_quietly(library, entry, place)
            return place
    return None


def relink_videos(
    library: Library, files: Iterable[Path], on_progress: OnProgress = ignore
) -> Relinked:
    """Find the videos of a library's sessions among files, by their content.

    Files are hashed only where one of their size, or a video of unknown size, is looked for.

    Args:
        library: The library.
        files: Where to look.
        on_progress: Told of every file; may raise `Cancelled`.

    Raises:
        OutputError: The library cannot be written.
    """
    with library.transaction() as orm:
        sizes = {row.session_id: row.n_bytes for row in _rows(orm)}
        places = {row.session_id: Path(row.path) for row in _rows(orm)}
    wanted: dict[str, list[SessionEntry]] = {}
    for entry in library.sessions():
        if entry.source_sha256 is not None:
            wanted.setdefault(entry.source_sha256, []).append(entry)
    known = {sizes.get(entry.id) for own in wanted.values() for entry in own}
    found: dict[int, tuple[SessionEntry, Path]] = {}
    number = 0
    for number, path in enumerate(files, start=1):
        on_progress(Progress("looking at files", number))
        sha256 = _hash(path, None if None in known else known, on_progress)
        for entry in wanted.get(sha256, ()):
            found.setdefault(entry.id, (entry, path.absolute()))
    _keep_places(library, found.values())
    missing = [
        entry
        for own in wanted.values()
        for entry in own
        if entry.id in places and entry.id not in found and not places[entry.id].is_file()
    ]
    return Relinked(tuple(found.values()), tuple(missing), number)


def _rows(orm: OrmSession) -> Sequence[VideoRow]:
    # a library of an earlier version that may only be read has none
    if not inspect(orm.connection()).has_table(VideoRow.__tablename__):
        return ()
    return orm.scalars(select(VideoRow)).all()


def _hash(path: Path, sizes: Iterable[int | None] | None, on_progress: OnProgress = ignore) -> str:
    """The SHA-256 of a file of one of the sizes; empty where it is none or cannot be read."""
    try:
        if not path.is_file() or (sizes is not None and path.stat().st_size not in sizes):
            return ""
        return sha256_of(path, on_progress)
    except (OSError, FacedynError):
        return ""


def _is_video_of(path: Path, sha256: str, n_bytes: int | None) -> bool:
    return _hash(path, None if n_bytes is None else (n_bytes,)) == sha256


def _remember_quietly(library: Library, entry: SessionEntry, path: Path) -> None:
    try:
        remember_video(library, entry, path)
    except ReadOnlyError:
        return  # found again the next time
