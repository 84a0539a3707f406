"""Writing of a whole library under new keys: database, session files, recognizers, key file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError, OutputError
from facedyn_app.library.audit import write_audit
from facedyn_app.library.database import DATABASE, open_database, transaction
from facedyn_app.library.open_library import WAIT_SECONDS
from facedyn_app.library.protection.drivers import driver_of
from facedyn_app.library.protection.key_file import KeyFile
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.protection.new_keys import new_files
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.protection.sealed_database import SealedConnection
from facedyn_app.library.sweep import PARTS, TRAINING
from facedyn_app.progress import OnProgress, Progress

_MOVED: Final = (PARTS[0], PARTS[2])
"""Folders whose files get new keys; embeddings are made again when they are needed."""
_PIECE: Final = 1 << 20


def give_keys(
    folder: Path,
    old: LibraryKeys | None,
    new: tuple[KeyFile, LibraryKeys] | None,
    action: str,
    on_progress: OnProgress,
) -> None:
    """Write all of a library under new keys, and put it in place.

    Args:
        folder: The library, whose files this program has alone.
        old: Its keys; None where it is not protected.
        new: The key file and the keys to come; None for none.
        action: What the audit calls it.
        on_progress: Told of every file; may raise Cancelled, and then nothing has changed.

    Raises:
        InputError: A training in it is unfinished, or a file is damaged.
        OutputError: There is no room for all of it once more, or it cannot be written.
    """
    keys = None if new is None else new[1]
    unfinished = sorted((folder / PARTS[2]).glob(f"*{TRAINING}"))
    if unfinished:
        raise InputError(
            f"An unfinished training lies in '{unfinished[0]}'.",
            "Finish it first, or delete that folder.",
        )
    files = _files(folder)
    _check_room(folder, files)
    with new_files(folder, protected=new is not None) as place:
        before = LibraryFiles(folder, None if old is None else old.files)
        after = LibraryFiles(place, None if keys is None else keys.files)
        _copy_database(folder / DATABASE, old, place / DATABASE, keys)
        _write_line(place / DATABASE, keys, action, new)
        for number, path in enumerate(files):
            on_progress(Progress("writing under new keys", number, len(files)))
            out = place / path.relative_to(folder)
            out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (
                before.opened(path) as plain,
                _private(out) as file,
                after.writing(file, out) as content,
            ):
                shutil.copyfileobj(plain, content, _PIECE)
        if new is not None:
            new[0].write(place)


def _files(folder: Path) -> list[Path]:
    """Files of a library beside its database; hidden ones are not whole."""
    found = (path for part in _MOVED for path in (folder / part).rglob("*"))
    return sorted(
        path
        for path in found
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _check_room(folder: Path, files: list[Path]) -> None:
    needed = sum(path.stat().st_size for path in (folder / DATABASE, *files))
    room = os.statvfs(folder) if hasattr(os, "statvfs") else None
    if room is not None and room.f_bavail * room.f_frsize < needed:
        raise OutputError(
            f"There is no room to write '{folder}' once more: {needed / 1e6:.0f} MB.",
            "Make room; the old files go when the new ones are in place.",
        )


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file


def _copy_database(
    source: Path, old: LibraryKeys | None, target: Path, new: LibraryKeys | None
) -> None:
    """Write all rows of a database, which nobody changes meanwhile, into a new one."""
    engine = open_database(source, WAIT_SECONDS, old)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with (
            engine.begin() as connection,
            closing(driver_of(new).connect(target, WAIT_SECONDS, read_only=False)) as out,
        ):
            out.isolation_level = None
            if isinstance(out, SealedConnection):
                out.take()
            out.execute("BEGIN")
            _copy_rows(connection.connection.driver_connection, out)
            out.commit()
    finally:
        engine.dispose()


def _copy_rows(source: Any, target: Any) -> None:
    made = "SELECT name, sql FROM sqlite_master WHERE type = ? AND name NOT GLOB 'sqlite_*'"
    tables = source.execute(made, ("table",)).fetchall()
    for _, sql in tables:
        target.execute(sql)
    target.execute("DELETE FROM sqlite_sequence")
    for name in (*(name for name, _ in tables), "sqlite_sequence"):
        rows = source.execute(f'SELECT * FROM "{name}"').fetchall()
        if name == "sqlite_sequence":
            target.execute("DELETE FROM sqlite_sequence")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
    for _, sql in source.execute(made, ("index",)).fetchall():
        target.execute(sql)
    (version,) = source.execute("PRAGMA user_version").fetchone()
    target.execute(f"PRAGMA user_version = {int(version)}")


def _write_line(
    database: Path,
    keys: LibraryKeys | None,
    action: str,
    new: tuple[KeyFile, LibraryKeys] | None,
) -> None:
    """Let the audit say what was done."""
    said = "the library" if new is None else f"database by {new[0].database}"
    engine = open_database(database, WAIT_SECONDS, keys)
    try:
        with transaction(engine, database) as orm:
            write_audit(orm, action, said)
    finally:
        engine.dispose()
