"""The session store: the folder of session files, into which they come whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import OutputError
from facedyn_app.files import UNFINISHED, delete_file, remove_quietly
from facedyn_app.library.privacy import open_private
from facedyn_app.library.session_file import write_session
from facedyn_app.records import Session


class SessionStore:
    """The session files of a library.

    Attributes:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file_name: str) -> Path:
        """The path of a file; a name from a tampered database does not lead out of the folder."""
        return self.folder / Path(file_name).name

    @contextmanager
    def placed(
        self,
        sessions: Sequence[Session],
        transaction: Callable[[], AbstractContextManager[OrmSession]],
    ) -> Iterator[tuple[OrmSession, list[str]]]:
        """A transaction, and the names of the files that sessions get when it ends well.

        The files are written under other names before the transaction begins and renamed as the
        transaction's last step, so that rows and files come together or not at all. They reach
        the disk together, which is much sooner than one by one.

        Raises:
            OutputError: A file cannot be written.
        """
        names = [f"{secrets.token_hex(16)}.npz" for _ in sessions]
        paths = [self.path(name) for name in names]
        waiting = [path.with_name(f".{path.name}{UNFINISHED}") for path in paths]
        try:
            self._write(sessions, waiting)
            with transaction() as orm:
                yield orm, names
                orm.flush()
                for unfinished, path in zip(waiting, paths, strict=True):
                    unfinished.replace(path)
        except BaseException:
            for path in (*waiting, *paths):
                remove_quietly(path)
            raise

    def _write(self, sessions: Sequence[Session], paths: Sequence[Path]) -> None:
        with ExitStack() as opened:
            try:
                files = [opened.enter_context(open_private(path)) for path in paths]
                for session, file in zip(sessions, files, strict=True):
                    write_session(session, file)
                    file.flush()
                for file in files:
                    os.fsync(file.fileno())
            except OSError as error:
                raise OutputError(
                    f"The library '{self.folder}' cannot be written: {error.strerror or error}.",
                    "Choose a folder that you may write to and that has room.",
                ) from error

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
