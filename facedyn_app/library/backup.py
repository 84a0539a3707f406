"""Backup of a library into one file, and a library made of it again.

In a backup are the database as it was at one moment (SQLite's backup API, while others go on), the
session files that it names, and the recognizers; of a protected library all of them as they are,
encrypted, and the key file: what opened the library then opens the backup. Embeddings are made
again when they are needed; unfinished trainings, and what killed programs have left, are left out.
A session that is forgotten while the backup is written is in no backup: it is begun anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from facedyn_app import PROGRAM
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file, atomic_folder, files_below
from facedyn_app.formatting import shown_name
from facedyn_app.library.archive import (
    Archive,
    ArchiveWriter,
    CountedBytes,
    opened_archive,
    total_size,
)
from facedyn_app.library.archive_checks import is_safe_name
from facedyn_app.library.audit import AuditCheck
from facedyn_app.library.audit_chain import START
from facedyn_app.library.database import DATABASE
from facedyn_app.library.database_copy import database_copy
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.drivers import driver_of, reading
from facedyn_app.library.protection.held import BACKUP, hold_opened, keys_of
from facedyn_app.library.protection.key_file import KEY_FILE, KeyFile, parse_key_file
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.schema import MIGRATIONS, now
from facedyn_app.library.sweep import PARTS, TRAINING
from facedyn_app.path_checks import naming
from facedyn_app.progress import OnProgress

KIND: Final = "facedyn-backup"
WHAT: Final = "backup of a library"
ATTEMPTS: Final = 5
SESSIONS, RECOGNIZERS = PARTS[0], PARTS[2]
OTHER_COPY: Final = "Use another copy of it."


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup says of itself.

    Attributes:
        n_speakers: Speakers in it.
        n_sessions: Sessions in it.
        audit_head: The hash of the audit's last line.
        made_at: When it was made, ISO 8601.
        encrypted: Whether it is encrypted, as the library is.
    """

    n_speakers: int
    n_sessions: int
    audit_head: str
    made_at: str
    encrypted: bool


@dataclass(frozen=True, slots=True, eq=False)
class Restored:
    """A library that was made of a backup.

    Attributes:
        facts: What the backup says of itself.
        audit: Whether the audit that came with it is as it was written.
    """

    facts: BackupFacts
    audit: AuditCheck


class _ChangedError(Exception):
    """Something that was to be in the backup has gone meanwhile."""


def write_backup(library: Library, out: Path, on_progress: OnProgress) -> BackupFacts:
    """Write a library into one file, whole or not at all.

    Args:
        library: The library; other programs may go on working with it.
        out: The file, for its owner alone.
        on_progress: Told of what is written, in MiB; may raise Cancelled.

    Raises:
        InputError: A session's file is missing, or the library changes all the time.
        OutputError: The file cannot be written.
    """
    for _ in range(ATTEMPTS):
        try:
            with atomic_file(out) as file:
                own_only(file)
                with (
                    database_copy(library, out, on_progress) as database,
                    ArchiveWriter(file, KIND) as archive,
                ):
                    facts = _write(library, database, archive, on_progress)
        except _ChangedError:
            continue
        library.audit.record("backup", f"{facts.n_sessions} sessions, head {facts.audit_head}")
        return facts
    raise InputError(
        f"The library '{library.folder}' was changed while it was backed up.",
        "Try again when nobody deletes sessions or replaces recognizers.",
    )


def _write(
    library: Library, database: Path, archive: ArchiveWriter, on_progress: OnProgress
) -> BackupFacts:
    sessions, facts = _read(database, library.keys)
    recognizers = _recognizer_files(library)
    store = library.store
    files = {
        DATABASE: database,
        **({} if library.keys is None else {KEY_FILE: library.folder / KEY_FILE}),
        **{f"{SESSIONS}/{name}": store.path(name) for name in sessions.values()},
        **{name: library.folder.joinpath(*PurePosixPath(name).parts) for name in recognizers},
    }
    told = CountedBytes(on_progress, "backing up", total_size(files.values()))
    for name, path in files.items():
        if not is_safe_name(name):
            raise InputError(f"The library has a file '{name}', which no backup can have.")
        try:
            archive.add(name, path, told)
        except FileNotFoundError as error:
            if path.name in {entry.file_name for entry in library.sessions()}:
                raise InputError(
                    f"The file '{path}' of a session is missing.",
                    "'facedyn library check' says which session it is; forget that session first.",
                ) from error
            raise _ChangedError from error
    alive = {entry.id for entry in library.sessions()}
    if set(sessions) - alive or _recognizer_files(library) != recognizers:
        raise _ChangedError
    archive.finish({"program": PROGRAM, **asdict(facts)})
    return facts


def _read(database: Path, keys: LibraryKeys | None) -> tuple[dict[int, str], BackupFacts]:
    """The sessions' files by their numbers, and what is in a database."""
    with reading(database, keys) as copy:
        sessions = copy.execute("SELECT id, file_name FROM sessions ORDER BY id").fetchall()
        (n_speakers,) = copy.execute("SELECT COUNT(*) FROM speakers").fetchone()
        chained = "SELECT 1 FROM sqlite_master WHERE name = 'audit_chain'"
        last = None
        if copy.execute(chained).fetchone() is not None:
            query = "SELECT hash FROM audit_chain ORDER BY line_id DESC LIMIT 1"
            last = copy.execute(query).fetchone()
    names = {int(number): Path(str(name)).name for number, name in sessions}
    return names, BackupFacts(
        n_speakers, len(names), START if last is None else last[0], now(), keys is not None
    )


def _recognizer_files(library: Library) -> dict[str, tuple[int, int, int]]:
    """The files of the library's recognizers, by their names from its folder; told by their state.

    Hidden ones are not whole yet, and what a link leads to is not the library's.
    """
    found = {}
    for folder in library.recognizer_folders():
        if folder.name.startswith(".") or folder.name.endswith(TRAINING):
            continue
        for path in files_below(folder):
            if not path.name.startswith("."):
                try:
                    state = path.stat()
                except FileNotFoundError as error:
                    raise _ChangedError from error
                name = path.relative_to(library.folder).as_posix()
                found[name] = (state.st_ino, state.st_size, state.st_mtime_ns)
    return found


def restore_backup(path: Path, folder: Path, on_progress: OnProgress) -> Restored:
    """Make a library of a backup, whole or not at all.

    Args:
        path: The backup.
        folder: A new folder, or an empty one; for its owner alone.
        on_progress: Told of what is read, in MiB; may raise Cancelled.

    Raises:
        InputError: The file is no backup, is damaged, or of a newer version of the program.
        LockedError: It is of a protected library, whose passphrase has not been given.
        OutputError: The folder holds something, or cannot be written.
    """
    with opened_archive(path, KIND, WHAT) as archive, atomic_folder(folder) as new:
        _check_parts(path, archive)
        key_file = _key_file_in(path, archive)
        keys = None if key_file is None else keys_of(path, key_file, BACKUP)
        new.chmod(0o700)
        archive.extract(new, CountedBytes(on_progress, "restoring", archive.n_bytes))
        _check_database(path, new / DATABASE, keys)
        with naming(path), Library.open(new, create=False) as library:
            check = library.audit.check()
            facts = _checked(path, archive, library, check)
            library.audit.record("restore", f"a backup of {facts.made_at}")
    return Restored(facts, check)


def unlock_backup(path: Path, given: str) -> None:
    """Open a backup of a protected library by its passphrase or recovery key, to restore it.

    Raises:
        InputError: The file is no backup, or is damaged.
        WrongPassphraseError: It is the wrong one.
    """
    with opened_archive(path, KIND, WHAT) as archive:
        key_file = _key_file_in(path, archive)
        if key_file is not None:
            hold_opened(path, key_file, given, BACKUP)


def _key_file_in(path: Path, archive: Archive) -> KeyFile | None:
    """What opens a backup; None where it is not protected."""
    if KEY_FILE not in archive.members:
        return None
    return parse_key_file(archive.read(KEY_FILE), path)


def _check_parts(path: Path, archive: Archive) -> None:
    """Make sure that an archive holds the parts of a library and nothing else."""
    if DATABASE not in archive.members:
        raise InputError(f"'{path}' cannot be used: there is no database in it.", OTHER_COPY)
    strangers = [name for name in archive.members if not _belongs(name)]
    if strangers:
        raise InputError(
            f"'{path}' cannot be used: '{shown_name(strangers[0])}' in it is no part of a library.",
            OTHER_COPY,
        )


def _check_database(path: Path, database: Path, keys: LibraryKeys | None) -> None:
    """Make sure that it is one, of a version that this program knows; nothing in it is run."""
    try:
        with reading(database, keys) as opened:
            (version,) = opened.execute("PRAGMA user_version").fetchone()
    except driver_of(keys).module.Error as error:
        raise InputError(f"The database in '{path}' is damaged: {error}.", OTHER_COPY) from error
    if version > len(MIGRATIONS):
        raise InputError(
            f"The library in '{path}' was written by a newer version of facedyn "
            f"(schema {version}; this one knows up to {len(MIGRATIONS)}).",
            "Update the program.",
        )


def _checked(path: Path, archive: Archive, library: Library, check: AuditCheck) -> BackupFacts:
    """What is in a restored library, once every session has its file and the audit is its own."""
    entries, head = library.sessions(), archive.facts.get("audit_head")
    names = [Path(entry.file_name).name for entry in entries]
    missing = [name for name in names if f"{SESSIONS}/{name}" not in archive.members]
    # one of an earlier version had no chain when it was backed up
    if missing or head not in (check.head, START):
        what = f"the session file '{missing[0]}' is missing" if missing else "its audit is another"
        raise InputError(f"'{path}' cannot be used: {what}.", OTHER_COPY)
    made_at = shown_name(str(archive.facts.get("made_at")))
    encrypted = library.keys is not None
    return BackupFacts(len(library.speakers()), len(entries), check.head, made_at, encrypted)


def _belongs(name: str) -> bool:
    """Whether a member is a part of a library."""
    part, *below = PurePosixPath(name).parts
    return (
        name in (DATABASE, KEY_FILE)
        or (part == SESSIONS and len(below) == 1)
        or (part == RECOGNIZERS and len(below) > 1)
    )
