"""Making of a corpus' sessions: program, head and settings, and which items a folder has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError, unreadable, unusable
from facedyn_app.files import atomic_file, read_plain

MAKING: Final = "corpus.json"
FORMAT: Final = "facedyn-corpus"
VERSION: Final = 1
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Making:
    """What the sessions of a corpus are made with, and which of its items are in a folder.

    Attributes:
        program: Versions of the program and of the libraries that its numbers depend on, by name.
        head_id: The head.
        head_sha256: Of its file.
        head_errors: A sha256 of what is known of the landmarker's errors on it; empty without.
        settings: Of landmarks, fit and video, as JSON values.
        device: Where the fit is computed, "cpu" or "cuda".
        items_sha256: See `items_digest`, of the whole manifest.
        n_items: Items of this folder.
        n_bytes: Size of their recordings.
        shard: Which part of the corpus this is, from 1.
        n_shards: Of how many.
        permission: What allows the work where the corpus' licence forbids it; may be empty.
    """

    program: Mapping[str, str]
    head_id: str
    head_sha256: str
    head_errors: str
    settings: Mapping[str, Any]
    device: str
    items_sha256: str
    n_items: int
    n_bytes: int
    shard: int = 1
    n_shards: int = 1
    permission: str = ""

    def difference(self, other: Making) -> str:
        """In what another's sessions would differ from these, "with … instead of …"; or empty."""
        for name in sorted({*self.program, *other.program}):
            mine, theirs = (one.program.get(name, "none") for one in (self, other))
            if mine != theirs:
                return f"with {name} {mine} instead of {theirs}"
        if (self.head_id, self.head_sha256) != (other.head_id, other.head_sha256):
            mine, theirs = (f"'{one.head_id}' ({one.head_sha256[:8]})" for one in (self, other))
            return f"with the head {mine} instead of {theirs}"
        if self.head_errors != other.head_errors:
            return f"with other measured errors of the head '{self.head_id}'"
        if self.device != other.device:
            return f"on {self.device} instead of {other.device}"
        return _settings_difference(self.settings, other.settings)


def _settings_difference(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    for name in sorted({*mine, *theirs}):
        one, other = mine.get(name), theirs.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            if found := _settings_difference(one, other):
                return found
        elif one != other:
            return f"with {name} = {one} instead of {other}"
    return ""


def read_making(folder: Path) -> Making:
    """What the sessions of a folder are made with.

    Raises:
        InputError: The folder is none of a corpus, is of a newer version, or is damaged.
    """
    path = folder / MAKING
    try:
        stored = json.loads(read_plain(path, _MOST_BYTES))
    except FileNotFoundError as error:
        hint = "Name the folder that 'facedyn fit-corpus' was given with -o."
        raise InputError(f"'{folder}' holds no corpus.", hint) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise unusable(path, "it is no JSON") from error
    if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
        raise unusable(path, "it is of no corpus")
    if (version := stored.pop("version", None)) != VERSION:
        raise unusable(path, f"it has format {version}, and this program reads {VERSION}")
    return _checked(path, stored)


def _checked(path: Path, stored: Mapping[str, Any]) -> Making:
    try:
        making = Making(**stored)
    except TypeError as error:
        raise unusable(path, "it lacks what a corpus says of itself") from error
    for one in fields(Making):
        usual = {"program": dict, "settings": dict}.get(one.name)
        kind = usual or (int if one.type == "int" else str)
        if not isinstance(getattr(making, one.name), kind):
            raise unusable(path, f"its '{one.name}' is of the wrong kind")
    return making


def write_making(folder: Path, making: Making) -> None:
    """Write what the sessions of a folder are made with.

    Raises:
        OutputError: It cannot be written.
    """
    facts = {"format": FORMAT, "version": VERSION, **asdict(making)}
    with atomic_file(folder / MAKING) as file:
        file.write(json.dumps(facts, indent=1).encode("ascii"))
