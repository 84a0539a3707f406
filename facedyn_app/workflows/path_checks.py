"""Checks of the files and folders that the user names, before the long work begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facedyn_app.errors import FacedynError, InputError
from facedyn_app.files import check_output_file as check_output_file
from facedyn_app.files import check_output_folder as check_output_folder
from facedyn_app.files import refuse_web_address


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
        refuse_web_address(path)
        raise InputError(
            f"The {what} '{path}' does not exist.", "Check the name and the folder."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The {what} '{path}' cannot be opened: {reason}.") from error


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
