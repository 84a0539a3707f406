"""The session store: the folder of session files, into which they come whole or not at all."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import OutputError
from facedyn_app.files import delete_file
from facedyn_app.library.session_file import write_session
from facedyn_app.records import Session
from facedyn_app.unfinished import final_name, unfinished_file


class SessionStore:
    """The session files of a library.

    Attributes:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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

        A name that the block takes off the list gets no file.

        Raises:
            OutputError: A file cannot be written.
        """
        names = [f"{secrets.token_hex(16)}.npz" for _ in sessions]
        with ExitStack() as held:
            waiting = dict(zip(names, self._written(held, sessions, names), strict=True))
            with transaction() as orm:
                yield orm, names
            for name in names:
                with suppress(OSError):  # found by the other name until the next opening
                    waiting[name].replace(self.folder / name)

    def _written(
        self, held: ExitStack, sessions: Sequence[Session], names: Sequence[str]
    ) -> list[Path]:
        """The hidden files that the sessions are written to, kept by this process while `held`."""
        try:
            opened = [
                held.enter_context(unfinished_file(self.folder / name, 0o600)) for name in names
            ]
            for session, (_, file) in zip(sessions, opened, strict=True):
                write_session(session, file)
                file.flush()
            for _, file in opened:
                os.fsync(file.fileno())
                file.close()
        except OSError as error:
            raise OutputError(
                f"The library '{self.folder}' cannot be written: {error.strerror or error}.",
                "Choose a folder that you may write to and that has room.",
            ) from error
        return [path for path, _ in opened]

    def delete(self, file_name: str) -> None:
        """Delete a file; one that is gone already is no error.

        Raises:
            OutputError: It cannot be deleted.
        """
        delete_file(self.path(file_name))


def delete_folder(folder: Path) -> None:
    """Delete a folder and what is in it; one that is not there is no error.

    Raises:
        OutputError: It cannot be deleted.
    """
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(
            f"The folder '{folder}' cannot be deleted: {error.strerror or error}.",
            "Make the folder writable and try again.",
        ) from error
