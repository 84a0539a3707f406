"""Checks of the paths that a user names, before the long work begins; errors that name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.files import is_special, unwritable
from facedyn_app.unfinished import sweep_folder, unfinished_file

_WEB_ADDRESS = re.compile(r"(https?|ftps?|rtsps?|rtmps?|mms):[/\\]", re.IGNORECASE)


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
        missing = f"The {what} '{path}' does not exist."
        raise InputError(missing, "Check the name and the folder.") from error
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"The {what} '{path}' cannot be opened: {why}.") from error


def refuse_web_address(path: Path) -> None:
    """Say of what is no file that it is a web address, where it is one.

    Raises:
        InputError: It is.
    """
    if _WEB_ADDRESS.match(str(path)):
        address = str(path).replace("\\", "/").replace(":/", "://", 1).replace(":///", "://", 1)
        raise InputError(
            f"'{address}' is a web address, not a file.",
            "Videos, sessions and heads are local files: download it first, then choose the file.",
        )


def check_output_file(path: Path, inputs: Sequence[Path] = (), endings: Sequence[str] = ()) -> None:
    """Make sure that a file can be written, by beginning to; nothing is left of that.

    What killed programs have left half done beside it is deleted. A file that is there already is
    replaced by one of its own kind alone: who mistypes a name must not lose a recording.

    Args:
        path: The file.
        inputs: Files that must not be overwritten.
        endings: Those of its kind (".npz"), where another was not refused already; () for all.

    Raises:
        OutputError: It cannot be written, is one of the inputs, or is there and of another kind.
    """
    try:
        exists = path.exists()
        overwritten = [one for one in inputs if exists and one.exists() and path.samefile(one)]
    except OSError as error:
        raise unwritable("file", path, error) from error
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder, not a file to write.", "Add a file name.")
    if is_special(path):
        raise OutputError(f"'{path}' is no ordinary file.", "Choose another name.")
    if overwritten:
        raise OutputError(f"'{path}' is read and cannot be written too.", "Choose another name.")
    if exists and endings and path.suffix.lower() not in endings:
        ours = " or ".join(f"'{ending}'" for ending in endings)
        raise OutputError(
            f"'{path}' is there already and is not replaced: its name does not end in {ours}.",
            "Choose another name.",
        )
    sweep_folder(path.absolute().parent)
    try:
        with unfinished_file(path):
            return
    except OSError as error:
        raise unwritable("file", path, error) from error


def check_output_folder(path: Path) -> None:
    """Make sure that files can be put into a folder, which may have to be made.

    Raises:
        OutputError: It is a file, or it or the folder above it cannot be written.
    """
    try:
        place = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        if not place.is_dir():
            raise OutputError(f"'{place}' is a file, not a folder.", "Choose another name.")
        sweep_folder(place)
        check_writable(place)
    except OSError as error:
        raise unwritable("folder", path, error) from error


def check_writable(folder: Path) -> None:
    """Make sure that files can be put into a folder, by beginning one.

    Raises:
        OSError: They cannot.
    """
    with TemporaryFile(dir=folder):
        return


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
