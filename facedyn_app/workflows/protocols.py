"""Protocols: those that come along and the user's own, and their tasks found in a recording."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.assets import asset_folder
from facedyn_app.dynamics.task_proposal import propose_tasks
from facedyn_app.errors import FacedynError, InputError, TooLittleError
from facedyn_app.events import Events
from facedyn_app.folders import config_folder
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.protocols import Protocol, read_protocol
from facedyn_app.records import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownProtocol:
    """A protocol that can be used, with its file."""

    protocol: Protocol
    path: Path


def own_folder() -> Path:
    """Where a user puts protocols of their own."""
    return config_folder() / "protocols"


def list_protocols() -> tuple[tuple[KnownProtocol, ...], tuple[str, ...]]:
    """All protocols, and a sentence on each file that cannot be used.

    One of the user's own goes before one that comes along and has the same id.
    """
    found: dict[str, KnownProtocol] = {}
    wrong = []
    for folder in (asset_folder("resources") / "protocols", own_folder()):
        for path in sorted(folder.glob("*.json")):
            try:
                known = KnownProtocol(read_protocol(path), path)
            except FacedynError as error:
                wrong.append(str(error))
                continue
            found[known.protocol.id] = known
    return tuple(found.values()), tuple(wrong)


def find_protocol(name: str) -> KnownProtocol:
    """The protocol of that id, or in that file.

    Raises:
        InputError: There is none, or the file cannot be used.
    """
    if name.endswith(".json"):
        return KnownProtocol(read_protocol(Path(name)), Path(name))
    known, _ = list_protocols()
    for one in known:
        if one.protocol.id == name:
            return one
    raise InputError(
        f"There is no protocol '{name}'.",
        f"There are {', '.join(one.protocol.id for one in known)}; your own go into "
        f"'{own_folder()}'.",
    )


def find_tasks(session: Session, protocol: Protocol, _on_progress: OnProgress = ignore) -> Events:
    """Where the tasks of a protocol may have been done in a recording, to be confirmed.

    Raises:
        TooLittleError: None of them is seen.
    """
    events = propose_tasks(session, protocol)
    if not events:
        raise TooLittleError(
            f"None of the tasks of '{protocol.title}' is seen in the recording.",
            "Mark them by hand: T where one begins, T where it ends.",
        )
    return events
