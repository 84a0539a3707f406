"""The folder of session files: how one comes into it and leaves it."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import OutputError
from facedyn_app.files import UNFINISHED
from facedyn_app.library.session_file import save_session
from facedyn_app.records import Session

_STALE_SECONDS = 24 * 3600.0


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
        self, session: Session, transaction: Callable[[], AbstractContextManager[OrmSession]]
    ) -> Iterator[tuple[OrmSession, str]]:
        """A transaction, and the name of the file that a session gets when it ends well.

        The file is written under another name before the transaction begins and renamed as the
        transaction's last step, so that rows and file come together or not at all.

        Raises:
            OutputError: The file cannot be written.
        """
        file_name = f"{secrets.token_hex(16)}.npz"
        path = self.path(file_name)
        waiting = path.with_name(f".{file_name}{UNFINISHED}")
        try:
            save_session(session, waiting)
            with transaction() as orm:
                yield orm, file_name
                orm.flush()
                waiting.replace(path)
        except BaseException:
            waiting.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise

    def delete(self, file_name: str) -> None:
        """Delete a file; one that is gone already is no error.

        Raises:
            OutputError: It cannot be deleted.
        """
        path = self.path(file_name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"The file '{path}' cannot be deleted: {error.strerror or error}.",
                "Make the folder writable and try again.",
            ) from error

    def sweep(self) -> None:
        """Delete what a program that died a day ago or earlier has left half-written."""
        for path in self.folder.glob(f".*{UNFINISHED}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()


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
