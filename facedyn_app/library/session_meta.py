"""The `meta` of a session file: what a session is of and what measured it, as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from typing import Any

from facedyn_app.events import Events, events_of_json, events_to_json
from facedyn_app.records import RECORDED_YEARS, SessionInfo, SourceFile

FORMAT, VERSION = "facedyn-session", 1
_ALWAYS = ("head_id", "head_sha256", "source")
"""Keys that each file has, null where they are not known; others are left out there."""
_NUMBERS = ("width", "height", "focal_px", "focal_log_sd")
_KINDS: dict[str, Any] = {
    "face": int,
    "stream": int,
    **dict.fromkeys(_NUMBERS, int | float),
    "settings": dict,
    "notes": list,
    **dict.fromkeys(("fps_assumed", "converged", "simulated", "mirrored"), bool),
    **dict.fromkeys(("program", "other_program"), str),
}
"""What these must be where the file has them."""
_SIMULATED = ("speaker", "session", "population")
"""Numbers of a simulated session; other files may mean something else by these keys."""
EVENTS = "events"
"""What the user has marked; files of earlier versions have none."""
_STRUCTURED = ("source", "recorded_at", "notes")


def info_to_json(info: SessionInfo, events: Events = ()) -> str:
    """The text of a session file's `meta`; what is `further` must be what JSON can hold."""
    meta = {**meta_of_info(info, events), "format": FORMAT, "version": VERSION}
    return json.dumps(meta, allow_nan=False)


def meta_of_info(info: SessionInfo, events: Events = ()) -> dict[str, object]:
    """What a session is of, by the keys of a session file, as JSON values."""
    meta = {one.name: getattr(info, one.name) for one in fields(info) if one.name != "further"}
    if (source := info.source) is not None:
        meta["source"] = {"name": source.name, "sha256": source.sha256}
    if info.recorded_at is not None:
        meta["recorded_at"] = info.recorded_at.isoformat()
    meta["notes"] = list(info.notes) or None
    always = (*_ALWAYS, "focal_log_sd") if info.focal_px is not None else _ALWAYS
    known = {key: value for key, value in meta.items() if value is not None or key in always}
    if events:
        known[EVENTS] = events_to_json(events)
    return {**known, **{key: info.further[key] for key in info.further if key not in known}}


def info_from_json(text: str) -> tuple[SessionInfo, Events]:
    """Read and check a session file's `meta`, and what the user has marked.

    A time of recording that is none, or in no year in which there were recordings, is dropped:
    what was measured is as good without it.

    Raises:
        ValueError: It is not JSON, of no session or of a newer one, or a value is of the wrong
            kind; its words go after "it cannot be used:".
    """
    try:
        meta = json.loads(text, parse_constant=_no_number)
        json.dumps(meta, ensure_ascii=False).encode("utf-8")  # half a letter is none
    except (ValueError, RecursionError) as error:
        raise ValueError("its 'meta' is not JSON") from error
    _check_format(meta)
    _check_kinds(meta)
    marked = meta.pop(EVENTS, None)
    events = () if marked is None else events_of_json(marked)
    further = {key: value for key, value in meta.items() if not _is_known(key, value)}
    known = {key: value for key, value in meta.items() if key not in further}
    source = known.pop("source", None)
    info = SessionInfo(
        **{key: value for key, value in known.items() if key not in _STRUCTURED},
        source=None if source is None else SourceFile(source["name"], source.get("sha256")),
        recorded_at=_time(known.get("recorded_at")),
        notes=tuple(known.get("notes") or ()),
        further=further,
    )
    return info, events


def _no_number(words: str) -> float:
    raise ValueError(f"{words} is no number of JSON")


def _check_format(meta: object) -> None:
    """Check that it is of a session that this program reads; take what says so out of it."""
    if not isinstance(meta, dict) or meta.pop("format", None) != FORMAT:
        raise ValueError("it is no facedyn session")
    version = meta.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("it does not say its format's version")
    if version > VERSION:
        raise ValueError(
            f"it has session format {version} and this program reads up to {VERSION}; "
            "a newer facedyn is needed"
        )


def _check_kinds(meta: Mapping[str, Any]) -> None:
    head_id, sha256 = meta.get("head_id"), meta.get("head_sha256")
    if not isinstance(head_id, str) or not head_id or not isinstance(sha256, str | None):
        raise ValueError("its 'meta' does not name the head model and its sha256")
    fps = meta.get("fps", 1.0)
    if not isinstance(fps, int | float) or isinstance(fps, bool) or not 0 < fps < 1e6:
        raise ValueError("the frame rate in its 'meta' is not a positive number")
    for key, kind in _KINDS.items():
        value = meta.get(key)
        if value is None:
            continue
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"'{key}' in its 'meta' is of the wrong kind")
    if not all(isinstance(note, str) for note in meta.get("notes") or ()):
        raise ValueError("'notes' in its 'meta' is of the wrong kind")
    _check_finite(meta)
    source = meta.get("source")
    if source is not None and not _is_source(source):
        raise ValueError("the source in its 'meta' has no name and sha256")


def _check_finite(meta: Mapping[str, Any]) -> None:
    """Check that no number, wherever it stands, is beyond what a computer's numbers hold."""
    try:
        json.dumps(meta, allow_nan=False)
        large = any(not math.isfinite(meta.get(key) or 0.0) for key in _NUMBERS)
    except (ValueError, OverflowError):
        large = True
    if large:
        raise ValueError("a number in its 'meta' is not finite")


def _is_source(source: object) -> bool:
    return (
        isinstance(source, dict)
        and isinstance(source.get("name"), str)
        and isinstance(source.get("sha256"), str | None)
    )


def _is_known(key: str, value: object) -> bool:
    if key in _SIMULATED:
        return isinstance(value, int | None) and not isinstance(value, bool)
    return key in SessionInfo.__dataclass_fields__ and key != "further"


def _time(stated: object) -> datetime | None:
    """A time of recording as the file states it, if it is one."""
    if isinstance(stated, str):
        with suppress(ValueError):
            when = datetime.fromisoformat(stated)
            return when if when.year in RECORDED_YEARS else None
    return None
