"""Head files: the program's own format, and a head read whatever it comes as."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facedyn_app.assets import model_file
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file, open_plain, sha256_of
from facedyn_app.headmodel.files.flame import FLAME_ARRAYS, read_flame_npz, read_flame_pickle
from facedyn_app.headmodel.files.flame_downloads import (
    download_refused,
    flame_heads_in,
    is_flame_texture,
    texture_refused,
)
from facedyn_app.headmodel.files.head_arrays import (
    EXTRA_ARRAYS,
    TEXTS,
    WHOLE_NUMBERS,
    Pattern,
    check_range,
    check_shapes,
    check_tree,
    landmarks_from_arrays,
    landmarks_to_arrays,
    region_from_arrays,
    texture_from_arrays,
    texture_to_arrays,
)
from facedyn_app.headmodel.files.ict_files import is_ict_folder
from facedyn_app.headmodel.files.known_heads import KnownHead, KnownHeads, user_heads
from facedyn_app.headmodel.model import JAW, HeadModel
from facedyn_app.npz import npz_names, read_npz
from facedyn_app.path_checks import refuse_web_address

FORMAT, VERSION = "facedyn-head", 1
_SHAPES: Mapping[str, Pattern] = {
    "v_template": ("V", 3),
    "faces": ("F", 3),
    "shapedirs": ("V", 3, "S"),
    "exprdirs": ("V", 3, "E"),
    "posedirs": ("V", 3, "P"),
    "J_regressor": ("J", "V"),
    "parents": ("J",),
    "weights": ("V", "J"),
    "expression_names": ("E",),
    "joint_names": ("J",),
}
_KINDS = {
    **dict.fromkeys(("expression_names", "joint_names"), TEXTS),
    **dict.fromkeys(("faces", "parents"), WHOLE_NUMBERS),
}

Arrays = dict[str, npt.NDArray[Any]]
_BUILT_IN = {"open-head-2": "open_head_2.npz", "open-head-1": "open_head.npz"}
"""The second has actions of the mouth as they were sculpted; sessions were made with it."""
_ZIP = b"PK\x03\x04"
_PICKLE_STARTS = (b"\x80", b"(", b"}", b"]", b"c")
_HINT = "Choose a FLAME file, ICT-FaceKit, a head file made by facedyn, or the built-in head."


def read_head_file(path: Path) -> HeadModel:
    """Read a head file of the program's own format.

    Raises:
        InputError: The file is missing or cannot be opened.
        ValueError: It is no such file, is newer, damaged, or holds what cannot be; says why,
            without the file's name.
    """
    arrays = read_npz(path, required=("meta",), optional=(*_SHAPES, *EXTRA_ARRAYS))
    meta = _check_meta(arrays)
    _check_arrays(arrays)
    return _head_from_arrays(arrays, meta, sha256_of(path))


def save_head(head: HeadModel, path: Path) -> None:
    """Write a head file, by a temporary name, so that no half-written file is left behind.

    The same head gives the same bytes.

    Raises:
        OutputError: The file cannot be written there.
    """
    meta = {
        **head.meta,
        "format": FORMAT,
        "version": VERSION,
        "head_id": head.head_id,
        "activations": head.activations,
    }
    arrays: Arrays = {
        "v_template": _float32(head.v_template),
        "faces": np.asarray(head.faces, dtype=np.int32),
        "shapedirs": _float32(head.shapedirs),
        "exprdirs": _float32(head.exprdirs),
        "posedirs": _float32(head.posedirs),
        "J_regressor": _float32(head.J_regressor),
        "parents": np.asarray(head.parents, dtype=np.int32),
        "weights": _float32(head.weights),
        "expression_names": np.asarray(head.expression_names, dtype=np.str_),
        "joint_names": np.asarray(head.joint_names, dtype=np.str_),
        "meta": np.asarray(json.dumps(meta, sort_keys=True, ensure_ascii=True)),
    }
    if head.landmarks is not None:
        arrays.update(landmarks_to_arrays(head.landmarks))
    if head.texture is not None:
        arrays.update(texture_to_arrays(head.texture))
    if head.region is not None:
        arrays["vertex_region"] = np.asarray(head.region, dtype=np.uint8)
    _write_arrays(arrays, path)


def _float32(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)


def _write_arrays(arrays: Arrays, path: Path) -> None:
    """Write an npz whose bytes depend on the arrays alone: numpy's would carry the time."""
    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)


def _check_meta(arrays: Arrays) -> Mapping[str, Any]:
    """The meta record, after checking that it is a head's and not newer than this program."""
    try:
        meta = json.loads(str(arrays["meta"]))
        form, version = meta["format"], int(meta["version"])
        complete = isinstance(meta["head_id"], str) and isinstance(meta["activations"], bool)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError("it has no usable 'meta'") from error
    if form != FORMAT or not complete:
        raise ValueError(f"it is no head: its format is '{str(form)[:40]}'")
    if version > VERSION:
        raise ValueError(
            f"it has version {version} and this program reads up to {VERSION}; "
            "a newer facedyn is needed"
        )
    return dict(meta)


def _check_arrays(arrays: Arrays) -> None:
    """Check presence, shapes, finiteness and that all numbers of things point somewhere."""
    sizes: dict[str, int] = {}
    check_shapes(arrays, _SHAPES, sizes, _KINDS)
    if sizes["P"] != 9 * (sizes["J"] - 1):
        raise ValueError("its 'posedirs' do not fit its number of joints")
    check_range(arrays, "faces", sizes["V"])
    check_tree("parents", arrays["parents"])
    if JAW not in arrays["joint_names"].tolist():
        raise ValueError(f"it has no joint named '{JAW}'")


def _head_from_arrays(arrays: Arrays, meta: Mapping[str, Any], sha256: str) -> HeadModel:
    n_vertices, n_faces = len(arrays["v_template"]), len(arrays["faces"])
    own = ("format", "version", "head_id", "activations")
    return HeadModel(
        head_id=meta["head_id"],
        v_template=arrays["v_template"],
        faces=arrays["faces"],
        shapedirs=arrays["shapedirs"],
        exprdirs=arrays["exprdirs"],
        posedirs=arrays["posedirs"],
        J_regressor=arrays["J_regressor"],
        parents=arrays["parents"],
        weights=arrays["weights"],
        expression_names=tuple(str(name) for name in arrays["expression_names"]),
        joint_names=tuple(str(name) for name in arrays["joint_names"]),
        activations=meta["activations"],
        landmarks=landmarks_from_arrays(arrays, n_faces),
        region=region_from_arrays(arrays, n_vertices),
        texture=texture_from_arrays(arrays, n_faces),
        sha256=sha256,
        meta={key: value for key, value in meta.items() if key not in own},
    )


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
    name, path = remembered.head_id, Path(remembered.path)
    again = "Choose its file again."
    if not _exists(path):
        gone = f"The head '{name}' was read from '{path}', which is not there any more."
        raise InputError(gone, again)
    head = _read(path)
    if head.sha256 != remembered.sha256:
        raise InputError(f"The file '{path}' has changed since '{name}' was read from it.", again)
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
