"""Files and folders of FLAME parameters: an npz, a pickle, or a folder of npz or npy files.

A folder is one recording where its files are its frames (GaussianAvatars' `flame_param/00000.npz`),
where its folders are (EMOCA's `000001_000/exp.npy`), or where its npy files are the arrays.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.errors import InputError, unreadable, unusable
from facedyn_app.headmodel.files.pickled_arrays import SparseMatrix, read_pickled
from facedyn_app.npz import npz_names, read_npy, read_npz
from facedyn_app.records import FloatArray
from facedyn_app.tracks.flame import EXPRESSION, KNOWN, is_flame

NPZ, NPY = ".npz", ".npy"
FRAMES_FOLDER = "flame_param"
MOST_FRAMES = 2_000_000
HEAD_ARRAYS = ("v_template", "meta", "neutral")
"""What heads and sessions have, and parameters do not."""

_PICKLE = b"\x80"
_ZIP = b"PK"
_NUMBER = re.compile(r"\d+")

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """FLAME parameters as they lie in files.

    Attributes:
        arrays: Those that are known, by name.
        names: Names of all arrays.
        frames: (T,) numbers of the frames' files; None where they are no files of their own.
    """

    arrays: dict[str, Array]
    names: tuple[str, ...]
    frames: FloatArray | None = None


def is_flame_file(path: Path, start: bytes) -> bool:
    """Whether a file that begins so is an npz of FLAME parameters, or a pickle that may be one."""
    if start.startswith(_ZIP):
        return _has_parameters(path)
    return start.startswith(_PICKLE)


def _has_parameters(path: Path) -> bool:
    """Whether an npz file has FLAME's parameters, and is no head or session."""
    try:
        names = npz_names(path)
    except ValueError:
        return False
    return is_flame(names) and names.isdisjoint(HEAD_ARRAYS)


def is_flame_folder(folder: Path) -> bool:
    """Whether a folder is one recording of FLAME parameters."""
    return bool(_arrays_in(folder) or _frames_in(folder))


def read_parameters(path: Path) -> Parameters:
    """Read the parameters of a file or a folder.

    Raises:
        InputError: There are none, or they are damaged; the sentence says why.
    """
    try:
        if not path.is_dir():
            return _read_file(path)
        files = _arrays_in(path)
        return _read_arrays(files) if files else _read_frames(_frames_in(path))
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise unusable(path, str(error), "Save its arrays as an npz of numbers.") from error


def files_of(path: Path) -> list[Path]:
    """The files of a recording, in order: the file itself, or those of a folder."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in (NPZ, NPY))


def _read_file(path: Path) -> Parameters:
    if zipfile.is_zipfile(path):
        names = npz_names(path)
        wanted = [name for name in KNOWN if name in names]
        return Parameters(read_npz(path, wanted, ()), tuple(sorted(names)))
    found = read_pickled(path, (), KNOWN)
    arrays = {name: array for name, array in found.items() if not isinstance(array, SparseMatrix)}
    if not is_flame(arrays):
        raise ValueError("it is a pickle without FLAME's parameters")
    return Parameters(arrays, tuple(arrays))


def _arrays_in(folder: Path) -> dict[str, Path]:
    """The npy files of a folder by the arrays that they are, if they are FLAME's."""
    found = {path.stem: path for path in sorted(folder.glob(f"*{NPY}")) if path.is_file()}
    return found if is_flame(found) else {}


def _frames_in(folder: Path) -> list[Path]:
    """The files or folders of a folder that are a frame each, in order; none where they are not.

    Names are ordered by their numbers; the first one is looked into.
    """
    inner = folder / FRAMES_FOLDER
    folder = inner if inner.is_dir() else folder
    files = [path for path in folder.glob(f"*{NPZ}") if path.is_file()]
    frames = files or [path for path in folder.iterdir() if path.is_dir()]
    frames.sort(key=lambda path: ([int(n) for n in _NUMBER.findall(path.stem)], path.name))
    return frames if len(frames) > 1 and _is_frame(frames[0]) else []


def _is_frame(path: Path) -> bool:
    """Whether a file or folder has FLAME's parameters of one frame."""
    try:
        if path.is_dir():
            files = _arrays_in(path)
            found = _read_arrays(files) if files else None
        else:
            found = _read_file(path) if _has_parameters(path) else None
    except (ValueError, InputError):
        return False
    if found is None:
        return False
    expression = next(array for name, array in found.arrays.items() if name in EXPRESSION)
    return expression.ndim == 1 or len(expression) == 1


def _read_arrays(files: Mapping[str, Path]) -> Parameters:
    arrays = {name: read_npy(path) for name, path in files.items() if name in KNOWN}
    return Parameters(arrays, tuple(files))


def _read_frames(frames: Sequence[Path]) -> Parameters:
    """One row a file or folder; what one of them lacks, or has in another size, is refused."""
    if not 0 < len(frames) <= MOST_FRAMES:
        raise ValueError(f"it has {len(frames)} frames")
    rows: dict[str, list[Array]] = {}
    first = _read_file_or_folder(frames[0])
    for path in frames:
        found = _read_file_or_folder(path).arrays
        for name, array in first.arrays.items():
            if name not in found or found[name].size != array.size:
                raise ValueError(f"its '{path.name}' has no '{name}' of the size that others have")
            rows.setdefault(name, []).append(found[name].reshape(-1))
    numbers = [_NUMBER.findall(path.stem) for path in frames]
    counted = all(numbers) and len({number[0] for number in numbers}) == len(frames)
    frame = np.array([float(number[0]) for number in numbers]) if counted else None
    return Parameters({name: np.stack(each) for name, each in rows.items()}, first.names, frame)


def _read_file_or_folder(path: Path) -> Parameters:
    return _read_arrays(_arrays_in(path)) if path.is_dir() else _read_file(path)
