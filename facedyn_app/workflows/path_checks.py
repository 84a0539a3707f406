"""Checks of the files and folders that the user names, before the long work begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.files import atomic_file

_WRITABLE = "Choose a folder that exists, that you may write to and that has room."


def check_input_file(path: Path, what: str) -> None:
    """Make sure that a file can be asked for at all; what is in it is not looked at.

    Args:
        path: The file.
        what: What it should be, for the sentence ("video").

    Raises:
        InputError: It does not exist, or its folder may not be entered.
    """
    try:
        path.stat()
    except FileNotFoundError as error:
        raise InputError(
            f"The {what} '{path}' does not exist.", "Check the name and the folder."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The {what} '{path}' cannot be opened: {reason}.") from error


def check_output_file(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Make sure that a file can be written, by beginning to; nothing is left of that.

    Args:
        path: The file.
        inputs: Files that must not be overwritten.

    Raises:
        OutputError: It cannot be written, or is one of the inputs.
    """
    try:
        exists, is_file, is_folder = path.exists(), path.is_file(), path.is_dir()
        overwritten = [one for one in inputs if exists and one.exists() and path.samefile(one)]
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"The file '{path}' cannot be written: {reason}.", _WRITABLE) from error
    if is_folder:
        raise OutputError(f"'{path}' is a folder, not a file to write.", "Add a file name.")
    if exists and not is_file:
        raise OutputError(f"'{path}' is no ordinary file.", "Choose another name.")
    if overwritten:
        raise OutputError(f"'{path}' is read and cannot be written too.", "Choose another name.")
    with suppress(_EnoughError), atomic_file(path):
        raise _EnoughError


class _EnoughError(Exception):
    """Leaves a file that was only begun."""


def check_output_folder(path: Path) -> None:
    """Make sure that files can be put into a folder, which may have to be made.

    Raises:
        OutputError: It is a file, or it or the folder above it cannot be written.
    """
    try:
        place = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        if not place.is_dir():
            raise OutputError(f"'{place}' is a file, not a folder.", "Choose another name.")
        with TemporaryFile(dir=place):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"The folder '{path}' cannot be written: {reason}.", _WRITABLE) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make sure that an error of the block names the file that it is about.

    Raises:
        FacedynError: What the block raises, of the same kind.
    """
    try:
        yield
    except FacedynError as error:
        if path.name in error.sentence:
            raise
        raise type(error)(f"'{path}': {error.sentence}", error.hint) from error
