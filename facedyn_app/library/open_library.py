"""A library's folder while it is open: its keys, its files, its transactions and its settings."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.library.audit import AuditTrail
from facedyn_app.library.database import DATABASE, compact, is_library, open_database, transaction
from facedyn_app.library.privacy import make_private
from facedyn_app.library.protection.held import keys_of
from facedyn_app.library.protection.key_file import read_key_file
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.protection.new_keys import share_keys
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import SessionRow, SettingRow
from facedyn_app.library.session_file import load_session
from facedyn_app.library.session_store import SessionStore
from facedyn_app.library.sweep import sweep
from facedyn_app.library.work_queue import WorkQueue
from facedyn_app.logs import leave_out_names
from facedyn_app.records import NAMELESS, Session, without_file_name
from facedyn_app.unfinished import give_back

FILE_NAMES, NO = "file_names", "no"
"""The setting of a library in which no names of files are kept, and its value."""
WAIT_SECONDS = 20.0
"""How long another program is waited for, s; a write of its takes much less."""
Content = TypeVar("Content")


class GoneError(InputError):
    """A session that was listed is no longer in the library."""


class OpenLibrary:
    """An open library without what is known of its people; made by `open`, closed by `close`.

    Every call is a transaction of its own: it happens wholly or not at all. An object serves one
    thread; several threads or programs open the same folder each for themselves and wait some
    seconds for each other. Besides what each call names, all of them raise InputError where
    the library is damaged or in use by another program, and OutputError where it cannot be written.

    Attributes:
        folder: The library's folder.
        sessions_folder: Where its session files are.
        recognizers_folder: Where recognizers trained on the library are kept.
        embeddings_folder: Where embeddings of its sessions are kept (`library.gallery`).
        audit: The audit trail.
        swept: What killed programs had left half done, and was deleted at opening.
        file_names: Whether names of recordings' files are kept and shown: not where its setting
            says so, or whoever opens it.
        keys: Of a protected library; None of another.
        files: What files in its folder are read and written with.
        store: Its session files.
    """

    def __init__(
        self, folder: Path, engine: Engine, keys: LibraryKeys | None = None, in_use: int = -1
    ) -> None:
        self.folder, self.keys = folder, keys
        self.files = LibraryFiles(folder, None if keys is None else keys.files)
        self.recognizers_folder = folder / "recognizers"
        self.embeddings_folder = folder / "embeddings"
        self.audit = AuditTrail(self.transaction)
        self.swept: tuple[str, ...] = ()
        self.file_names = True
        self.sessions_folder = folder / "sessions"
        self.store = SessionStore(self.sessions_folder, self.files)
        self._engine = engine
        self._release = weakref.finalize(self, give_back, in_use)

    @classmethod
    def open(
        cls,
        folder: Path,
        create: bool = True,
        wait_seconds: float = WAIT_SECONDS,
        *,
        file_names: bool = True,
    ) -> Self:
        """Open a library, for reading where no more may be done.

        Args:
            folder: The library's folder.
            create: Whether to make a library where there is none. Its files can be read by
                their owner alone, a folder made here as well.
            wait_seconds: How long every call waits for another program to finish, s.
            file_names: Whether names of files may be kept and shown; the library's setting may
                say that they may not.

        Raises:
            InputError: There is no library and none is to be made; or it is damaged, in use, or
                of a newer version of the program.
            LockedError: It is protected, and its passphrase has not been given.
            OutputError: There is no library and the folder cannot be made or written.
        """
        there = is_library(folder)
        if not create and not there:
            raise InputError(
                f"There is no library in '{folder}'.", "Enrol somebody first, or check the name."
            )
        try:
            make_private(folder, ("sessions", "recognizers"), DATABASE)
        except OSError as error:
            if not there:
                raise OutputError(
                    f"The library '{folder}' cannot be written: {error.strerror or error}.",
                    "Choose a folder that you may write to.",
                ) from error
        in_use = share_keys(folder, wait_seconds)
        try:
            key_file = read_key_file(folder)
            keys = None if key_file is None else keys_of(folder, key_file)
            library = cls(
                folder, open_database(folder / DATABASE, wait_seconds, keys), keys, in_use
            )
        except BaseException:
            give_back(in_use)
            raise
        with suppress(FacedynError):  # in use, and tried again at the next opening
            library.swept = sweep(folder, library._is_known)
        library.file_names = file_names and library.setting(FILE_NAMES) != NO
        if not library.file_names:
            leave_out_names()
        return library

    @cached_property
    def work(self) -> WorkQueue:
        """The queue of recordings that are to be enrolled; what dead workers had in hand waits."""
        queue = WorkQueue(self.transaction, self.folder)
        with suppress(FacedynError):  # in use, and tried again at the next opening
            queue.n_abandoned = queue.give_back_abandoned()
        return queue

    @property
    def read_only(self) -> bool:
        """Whether it may be read and not written."""
        return not all(os.access(path, os.W_OK) for path in (self.folder, self.folder / DATABASE))

    def close(self) -> None:
        """Close the database; a second call does nothing."""
        self._engine.dispose()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def setting(self, key: str) -> str | None:
        """A choice kept with the library, or None where none was made."""
        with self.transaction() as orm:
            row = orm.get(SettingRow, key)
            return None if row is None else row.value

    def set_setting(self, key: str, value: str) -> None:
        """Keep a choice with the library."""
        with self.transaction() as orm:
            orm.merge(SettingRow(key=key, value=value))

    def recognizer_folders(self) -> list[Path]:
        """The folders in the one of recognizers, trainings among them, by name.

        There are none where it is not there or may not be entered.

        Raises:
            InputError: Something else is in its place.
        """
        try:
            return sorted(path for path in self.recognizers_folder.iterdir() if path.is_dir())
        except (FileNotFoundError, PermissionError):
            return []
        except OSError as error:
            raise InputError(
                f"The folder '{self.recognizers_folder}' cannot be read: "
                f"{error.strerror or error}.",
                "Move away what is in its place.",
            ) from error

    def transaction(self) -> AbstractContextManager[OrmSession]:
        """A transaction on the rows: all that is done in it happens, or nothing."""
        return transaction(self._engine, self.folder / DATABASE)

    def session_path(self, entry: SessionEntry) -> Path:
        """Its file."""
        return self.store.path(entry.file_name)

    def load(self, entry: SessionEntry) -> Session:
        """The numbers of a session.

        Raises:
            GoneError: Another program has deleted it since it was listed.
            InputError: Its file is missing or damaged.
        """
        session = self.reading(entry, lambda path: load_session(path, self.files.opened))
        return session if self.file_names else without_file_name(session)

    def reading(self, entry: SessionEntry, read: Callable[[Path], Content]) -> Content:
        """What a session's file holds, wherever it is: another program may give it another name.

        Args:
            entry: The session.
            read: Reads it.

        Raises:
            GoneError: Another program has deleted it since it was listed.
            Exception: What `read` raises where the file is there, or should be.
        """
        path = self.session_path(entry)
        while True:
            try:
                return read(path)
            except (OSError, InputError):
                now = path if path.exists() else self.session_path(self.entry_now(entry))
                if now == path:
                    raise
                path = now

    def entry_now(self, entry: SessionEntry) -> SessionEntry:
        """A session that was listed, with the name that its file has by now.

        Raises:
            GoneError: Another program has deleted it.
        """
        with self.transaction() as orm:
            row = orm.get(SessionRow, entry.id)
            if row is not None:
                return replace(entry, file_name=row.file_name)
        name, speaker = self.shown(entry).name, entry.speaker or "unknown"
        raise GoneError(
            f"The session '{name}' of '{speaker}' is no longer in the library.",
            "Another program has deleted it meanwhile. Try again.",
        )

    def shown(self, entry: SessionEntry) -> SessionEntry:
        """A session as it is called where names of files are not shown: by its number."""
        if self.file_names:
            return entry
        return replace(entry, name=f"session {entry.id}", source_name=NAMELESS)

    def _is_known(self, file_name: str) -> bool:
        """Whether a session file has a row."""
        with self.transaction() as orm:
            query = select(SessionRow.id).where(SessionRow.file_name == file_name)
            return orm.scalars(query).first() is not None

    def _compact(self) -> None:
        with suppress(FacedynError):  # overwritten already; compacted another time where in use
            compact(self._engine, self.folder / DATABASE)
