"""Copy of a library's database at one moment, encrypted where the library is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.database import DATABASE
from facedyn_app.library.library import Library
from facedyn_app.library.protection.drivers import SealedDriver, driver_of
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.unfinished import unfinished_file


@contextmanager
def database_copy(library: Library, out: Path, on_progress: OnProgress) -> Iterator[Path]:
    """A copy of a library's database as it is at one moment, hidden beside a file, until then.

    Args:
        library: The library; others may go on working with it.
        out: The file.
        on_progress: Told of its pages; may raise Cancelled.

    Raises:
        InputError: The database cannot be read.
    """

    def told(_status: int, left: int, total: int) -> None:
        on_progress(Progress("copying the database", total - left, total))

    source, driver = library.folder / DATABASE, driver_of(library.keys)
    with unfinished_file(out.with_name(f"{out.name}-{DATABASE}"), 0o600) as (path, file):
        try:
            if isinstance(driver, SealedDriver):
                with source.open("rb") as whole:  # which is replaced, and never changed
                    shutil.copyfileobj(whole, file)
                file.flush()
            else:
                with (
                    closing(driver.connect(source, 0.0, read_only=True)) as live,
                    closing(driver.connect(path, 0.0, read_only=False)) as copy,
                ):
                    copy.execute("PRAGMA journal_mode = OFF")
                    live.backup(copy, progress=told)  # in one step: nobody changes it in between
        except driver.module.Error as error:
            raise InputError(f"The library '{library.folder}' cannot be read: {error}.") from error
        yield path
