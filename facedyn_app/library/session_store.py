"""The session store: the folder of session files, into which they come whole or not at all."""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, OutputError
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.schema import SessionRow
from facedyn_app.library.session_file import write_session
from facedyn_app.records import Session
from facedyn_app.unfinished import UnfinishedFile, delete, final_name


class SessionStore:
    """The session files of a library.

    Attributes:
        folder: Where they are.
        files: What they are read and written with.
    """

    def __init__(self, folder: Path, files: LibraryFiles) -> None:
        self.folder, self.files = folder, files

    def path(self, file_name: str) -> Path:
        """The path of a file; a name from a tampered database does not lead out of the folder.

        A file whose rows are there already, but that has not got its name yet, is found by the
        name that it has until then.
        """
        path = self.folder / Path(file_name).name
        if not path.exists():
            for waiting in self.folder.glob(f".{glob.escape(path.name)}.*"):
                if final_name(waiting.name) == path.name:
                    return waiting
        return path

    @contextmanager
    def placed(
        self,
        sessions: Sequence[Session],
        transaction: Callable[[], AbstractContextManager[OrmSession]],
    ) -> Iterator[tuple[OrmSession, list[str]]]:
        """A transaction, and the names of the files that sessions get when it ends well.

        The files are written whole under other names before the transaction begins and get their
        names after it. What a kill leaves is therefore either a file without a row, which the next
        opening deletes, or one whose row is there, to which it gives the name (`library.sweep`).
        The files reach the disk together, which is much sooner than one by one.

        A name of which the block makes no row gets no file.

        Raises:
            OutputError: A file cannot be written.
        """
        names = [f"{secrets.token_hex(16)}.npz" for _ in sessions]
        written: dict[str, UnfinishedFile] = {}
        may_be_kept = False
        try:
            self._write(sessions, names, written)
            with transaction() as orm:
                yield orm, list(names)
                may_be_kept = True  # from here on its end decides, whatever interrupts that
        finally:
            if may_be_kept:
                with suppress(FacedynError):  # in use: the next opening does it
                    self._settle(written, transaction)
            for one in written.values():
                one.release() if may_be_kept else one.discard()

    def _write(
        self, sessions: Sequence[Session], names: Sequence[str], written: dict[str, UnfinishedFile]
    ) -> None:
        """Write sessions to hidden files, which come among those that are `written`."""
        try:
            for name in names:
                written[name] = UnfinishedFile(self.folder / name, 0o600)
            for session, one in zip(sessions, written.values(), strict=True):
                with self.files.writing(one.file, one.path) as file:
                    write_session(session, file)
                one.file.flush()
            for one in written.values():
                os.fsync(one.file.fileno())
                one.file.close()
        except OSError as error:
            raise OutputError(
                f"The library '{self.folder}' cannot be written: {error.strerror or error}.",
                "Choose a folder that you may write to and that has room.",
            ) from error

    def _settle(
        self,
        written: Mapping[str, UnfinishedFile],
        transaction: Callable[[], AbstractContextManager[OrmSession]],
    ) -> None:
        """Give their names to files whose rows were committed, whatever came then; delete others.

        Raises:
            FacedynError: The rows cannot be read.
        """
        if not written:
            return
        with transaction() as orm:
            query = select(SessionRow.file_name).where(SessionRow.file_name.in_(list(written)))
            known = set(orm.scalars(query))
        for name, one in written.items():
            with suppress(OSError):  # found by its hidden name until the next opening
                if name in known:
                    one.file.close()
                    one.path.replace(self.folder / name)
                else:
                    one.discard()

    def delete(self, file_name: str) -> None:
        """Delete a file; one that is gone already is no error.

        Raises:
            OutputError: It cannot be deleted.
        """
        delete_file(self.path(file_name))


def delete_file(path: Path) -> None:
    """Delete a file; one that is gone already is no error.

    Raises:
        OutputError: It cannot be deleted.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"The file '{path}' cannot be deleted: {error.strerror or error}.",
            "Make the folder writable and try again.",
        ) from error


def delete_folder(folder: Path) -> None:
    """Delete a folder and what is in it, or what stands in its place; none is no error.

    Raises:
        OutputError: It cannot be deleted.
    """
    try:
        delete(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(
            f"The folder '{folder}' cannot be deleted: {error.strerror or error}.",
            "Make the folder writable and try again.",
        ) from error
