"""Kinds of events with their keys and colours: the program's, and the user's own in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError, unusable
from facedyn_app.events import EXCLUDE, INCLUDE, NOTE, TASK, Event
from facedyn_app.files import atomic_file, read_plain
from facedyn_app.folders import config_folder

FORMAT, VERSION = "facedyn-event-kinds", 1
FILE: Final = "event_kinds.json"
MOST_BYTES: Final = 2**20
OWN_KEYS: Final = "123456789"
"""The user's own kinds are set by these; letters have other meanings in the window."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of events as the window sets and draws it.

    Attributes:
        kind: As `Event.kind`.
        key: What sets it.
        colour: "#rrggbb"; empty where the window's palette says it.
    """

    kind: str
    key: str
    colour: str = ""


BUILT_IN: Final = (
    EventKind(EXCLUDE, "X"),
    EventKind(INCLUDE, "K"),
    EventKind(TASK, "T"),
    EventKind(NOTE, "N"),
)


def kinds_file() -> Path:
    """Where the user's own kinds are kept."""
    return config_folder() / FILE


def read_kinds(path: Path | None = None) -> tuple[EventKind, ...]:
    """All kinds, the program's first; `path` is the file of the user's own.

    Raises:
        InputError: The file cannot be read, or holds what a kind cannot be.
    """
    path = path or kinds_file()
    try:
        content = json.loads(read_plain(path, MOST_BYTES))
    except FileNotFoundError:
        return BUILT_IN
    except (OSError, ValueError, RecursionError) as error:
        raise unusable(path, "it is no JSON file that can be read") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise unusable(path, f"its format is not '{FORMAT}'")
    if content.get("version") != VERSION:
        raise unusable(path, "a newer facedyn has written it")
    kinds: tuple[EventKind, ...] = BUILT_IN
    rows = content.get("kinds")
    for row in rows if isinstance(rows, list) else [None]:
        values = row if isinstance(row, dict) else {}
        texts = [values.get(name, "") for name in ("kind", "key", "colour")]
        if not all(isinstance(text, str) for text in texts):
            raise unusable(path, "a text of a kind is none")
        kinds = with_kind(kinds, EventKind(*texts))
    return kinds


def with_kind(kinds: Sequence[EventKind], new: EventKind) -> tuple[EventKind, ...]:
    """The kinds and one more, or another look of an own one.

    Raises:
        InputError: It cannot be a kind, is one of the program's, or its key is taken or none.
    """
    try:
        new = replace(new, kind=Event(new.kind, 0.0, 0.0).kind)
    except ValueError as error:
        raise InputError(f"'{new.kind}' cannot be a kind of event: {error}.") from error
    if new.kind in [one.kind for one in BUILT_IN]:
        raise InputError(f"'{new.kind}' is a kind of the program's own.", "Choose another name.")
    if len(new.key) != 1 or new.key not in OWN_KEYS:
        raise InputError(f"'{new.key}' cannot be the key of a kind.", "Keys are 1 to 9.")
    if new.colour and not re.fullmatch("#[0-9a-fA-F]{6}", new.colour):
        raise InputError(f"'{new.colour}' is no colour such as #d55e00.")
    others = tuple(one for one in kinds if one.kind != new.kind)
    taken = [one.kind for one in others if one.key == new.key]
    if taken:
        raise InputError(f"The key {new.key} sets '{taken[0]}' already.", "Choose another key.")
    return (*others, new)


def free_keys(kinds: Sequence[EventKind]) -> str:
    """The keys that an own kind can have."""
    return "".join(key for key in OWN_KEYS if key not in [one.key for one in kinds])


def write_kinds(kinds: Sequence[EventKind], path: Path | None = None) -> None:
    """Keep the user's own kinds.

    Raises:
        OutputError: They cannot be written.
    """
    path = path or kinds_file()
    own = [asdict(one) for one in kinds if one not in BUILT_IN]
    content = {"format": FORMAT, "version": VERSION, "kinds": own}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())
