"""Loading of a head, whatever it comes as: built in, remembered, or any kind of head file."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.files import open_plain, refuse_web_address
from facedyn_app.headmodel.files.flame import FLAME_ARRAYS, read_flame_npz, read_flame_pickle
from facedyn_app.headmodel.files.flame_downloads import (
    download_refused,
    flame_heads_in,
    is_flame_texture,
    texture_refused,
)
from facedyn_app.headmodel.files.head_file import read_head_file
from facedyn_app.headmodel.files.ict_files import is_ict_folder
from facedyn_app.headmodel.files.known_heads import KnownHead, KnownHeads, user_heads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import npz_names

_BUILT_IN = {"open-head-1": "open_head.npz"}
_ZIP = b"PK\x03\x04"
_PICKLE_STARTS = (b"\x80", b"(", b"}", b"]", b"c")
_HINT = "Choose a FLAME file, ICT-FaceKit, a head file made by facedyn, or the built-in head."


def list_heads() -> tuple[str, ...]:
    """The ids of the heads that come with the program."""
    return tuple(_BUILT_IN)


def load_head(path_or_id: str | Path, known: KnownHeads | None = None) -> HeadModel:
    """Read a head: a built-in one, one of the user's by its id, or any head file.

    Args:
        path_or_id: An id of `list_heads` or of the remembered heads; or the path of a head file
            of facedyn, a FLAME file (pickle or npz), or ICT-FaceKit (npz or folder). What a file
            is shows in its content, not in its name.
        known: The remembered heads; None for this user's.

    Raises:
        InputError: There is no such head, its file has moved or changed since it was remembered,
            or it is no usable head file; the sentence names it.
    """
    built_in = _BUILT_IN.get(str(path_or_id))
    if built_in:
        return _read(model_file(built_in))
    if _exists(Path(path_or_id)):
        return _read(Path(path_or_id))
    remembered = (known or user_heads()).find(str(path_or_id))
    if remembered is None:
        raise InputError(
            f"There is no head '{path_or_id}': neither a built-in head nor a file.",
            f"Built in: {', '.join(list_heads())}.",
        )
    return _read_remembered(remembered)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        refuse_web_address(path)
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise InputError(f"The head file '{path}' cannot be opened: {reason}.", _HINT) from error
    return True


def _read_remembered(remembered: KnownHead) -> HeadModel:
    path = Path(remembered.path)
    again = "Choose its file again."
    if not _exists(path):
        raise InputError(
            f"The head '{remembered.head_id}' was read from '{path}', which is not there any more.",
            again,
        )
    head = _read(path)
    if head.sha256 != remembered.sha256:
        raise InputError(
            f"The file '{path}' has changed since '{remembered.head_id}' was read from it.",
            again,
        )
    return head


def _read(path: Path) -> HeadModel:
    """Read whatever head a path holds.

    Raises:
        InputError: It holds none; the sentence names the path.
    """
    try:
        return _read_folder(path) if path.is_dir() else _read_file(path)
    except ValueError as error:
        raise InputError(f"The head file '{path}' cannot be used: {error}.", _HINT) from error


def _read_folder(path: Path) -> HeadModel:
    if not is_ict_folder(path):
        if heads := flame_heads_in(path):
            raise download_refused(path, heads)
        raise ValueError("it is a folder without the files of ICT-FaceKit")
    return _read_ict(path)


def _read_ict(path: Path) -> HeadModel:
    from facedyn_app.headmodel.files.ict import read_ict  # scipy's optimisers, slow to import

    return read_ict(path)


def _read_file(path: Path) -> HeadModel:
    try:
        with open_plain(path) as file:
            start = file.read(len(_ZIP))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError(f"The head file '{path}' cannot be opened: {reason}.", _HINT) from error
    if not start:
        raise ValueError("it is empty")
    if start == _ZIP:
        return _read_zip(path)
    if start[:1] in _PICKLE_STARTS:
        return read_flame_pickle(path)
    raise ValueError("it is no head file of any kind that facedyn knows")


def _read_zip(path: Path) -> HeadModel:
    names = npz_names(path)
    if "meta" in names:
        return read_head_file(path)
    if "neutral" in names:
        return _read_ict(path)
    if not names.isdisjoint(FLAME_ARRAYS):
        return read_flame_npz(path)
    if is_flame_texture(names):
        raise texture_refused(path)
    if heads := flame_heads_in(path):
        raise download_refused(path, heads)
    raise ValueError("it has none of the arrays of a head")
