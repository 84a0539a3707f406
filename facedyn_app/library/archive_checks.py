"""Checks of an archive that a stranger may have made: its end, its manifest, its members' names."""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError
from facedyn_app.formatting import shown_name

MANIFEST: Final = "manifest.json"
VERSION: Final = 1
MOST_FILES: Final = 1_000_000
MOST_DIRECTORY: Final = 1 << 28
"""Bytes of a zip's list of members, and of a manifest; what is longer is not read."""
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_MANY, _LONG = 0xFFFF, 0xFFFFFFFF
_DEEPEST, _LONGEST = 8, 240
_ENCRYPTED = 0x1
_PORTS = (f"{port}{n}" for port in ("com", "lpt") for n in range(10))
_RESERVED = frozenset({"con", "prn", "aux", "nul", *_PORTS})
_DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Member:
    """What the manifest says of a member: its size in bytes and its SHA-256, hex."""

    n_bytes: int
    sha256: str


def check_end(file: BufferedReader) -> None:
    """Look at the size of the list of members before anything sets aside memory for it.

    Raises:
        ValueError: There is none, it is too long, or something follows it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(-_END.size, os.SEEK_END) if size >= _END.size else file.seek(0)
    sign, *_, n_here, n_all, n_bytes, start, comment = _END.unpack(file.read(_END.size))
    if sign != b"PK\5\6" or comment or n_here != n_all:
        raise ValueError(sign)
    if n_all == _MANY or n_bytes == _LONG or start == _LONG:
        file.seek(size - _END.size - _LOCATOR.size)
        sign, _, place, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if sign != b"PK\6\7" or place > size:
            raise ValueError(sign)
        file.seek(place)
        sign, *_, n_all, n_bytes, start = _END64.unpack(file.read(_END64.size))
    if n_all > MOST_FILES or n_bytes > MOST_DIRECTORY or start + n_bytes > size:
        raise ValueError(sign)
    file.seek(0)


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest of an open archive; ValueError or LookupError where it has none."""
    info = archive.getinfo(MANIFEST)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > MOST_DIRECTORY:
        raise ValueError(MANIFEST)
    return _object(json.loads(archive.read(info)))


def facts_and_members(manifest: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Member]]:
    """What a manifest says of its archive, and of its members; ValueError where it is damaged."""
    members = {}
    for name, said in _object(manifest["files"]).items():
        n_bytes, digest = _object(said)["n_bytes"], said["sha256"]
        if type(n_bytes) is not int or n_bytes < 0 or not isinstance(digest, str):
            raise ValueError(name)
        members[name] = Member(n_bytes, digest)
    return _object(manifest["facts"]), members


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def check_version(path: Path, version: object) -> None:
    """Make sure that this program knows a version; InputError otherwise."""
    if type(version) is not int or version < 1:
        raise refused(path, "its manifest is damaged")
    if version > VERSION:
        raise InputError(
            f"'{path}' was written by a newer version of facedyn (format {version}; this one "
            f"knows up to {VERSION}).",
            "Update the program.",
        )


def check_members(path: Path, archive: zipfile.ZipFile, members: Mapping[str, Member]) -> None:
    """Make sure that a zip holds what its manifest says, nothing else, and nothing that bursts.

    Raises:
        InputError: It does not.
    """
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.orig_filename
        why = "is there twice" if name.casefold() in seen else _fault(info)
        if not why and name != MANIFEST:
            why = _difference(info, members.get(name))
        if why:
            raise refused(path, f"'{shown_name(name)}' in it {why}")
        seen.add(name.casefold())
    for name in members:
        if name.casefold() not in seen:
            raise refused(path, f"'{shown_name(name)}' is missing in it")
    if sum(info.file_size for info in archive.infolist()) > path.stat().st_size:
        raise refused(path, "its members overlap")


def _fault(info: zipfile.ZipInfo) -> str:
    """What is wrong with a member by itself; empty where nothing is."""
    if not is_safe_name(info.orig_filename):
        return "has a name that leads elsewhere"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is no ordinary file"
    if info.flag_bits & _ENCRYPTED or info.compress_type != zipfile.ZIP_STORED:
        return "is packed or encrypted, which no archive of facedyn is"
    return "" if info.file_size == info.compress_size else "is damaged"


def _difference(info: zipfile.ZipInfo, said: Member | None) -> str:
    if said is None:
        return "is not in its manifest"
    return "" if info.file_size == said.n_bytes else "is not what its manifest says"


def is_safe_name(name: str) -> bool:
    """Whether a member's name leads to a file below a folder, on every system."""
    parts = name.split("/")
    return (
        0 < len(name) <= _LONGEST
        and len(parts) <= _DEEPEST
        and name.isprintable()
        and not any(sign in name for sign in '\\:*?"<>|')
        and all(part not in ("", ".", "..") and part[-1] not in ". " for part in parts)
        and not any(part.startswith(".") for part in parts)
        and not any(part.split(".")[0].casefold() in _RESERVED for part in parts)
    )


@contextmanager
def damage_told(path: Path, what: str = "it is damaged") -> Iterator[None]:
    """Say in one sentence that a file is damaged, whatever of it made the block fail.

    Raises:
        InputError: The block failed.
    """
    try:
        yield
    except _DAMAGE as error:
        raise refused(path, what) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the file
            raise
        raise refused(path, what) from error


def refused(path: Path, why: str) -> InputError:
    """What to raise where a file is not used."""
    return InputError(f"'{path}' cannot be used: {why}.", "Use another copy of it.")
