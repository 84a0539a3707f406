"""Speakers as they are carried from one library to another, and the reading of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from facedyn_app.library.columns import can_be_shown
from facedyn_app.records import Grant, Purpose


@dataclass(frozen=True, slots=True)
class CarriedSession:
    """A session as it is carried.

    Attributes:
        file: Its file in the archive.
        name: What the user sees.
        enrolled: Whether it stands for its speaker in the gallery.
        recorded_at: When it was recorded, ISO 8601; None where that is not known.
        tags: Short words.
        note: Free text.
    """

    file: str
    name: str
    enrolled: bool
    recorded_at: str | None
    tags: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class CarriedGrant:
    """A consent to one purpose as it is carried; the times as ISO 8601.

    Attributes:
        purpose: What for.
        given_at: When it was given.
        until: The last day on which it holds; None without an end.
        withdrawn_at: When it was withdrawn; None where it was not.
        given_by: Who gave it.
    """

    purpose: str
    given_at: str
    until: str | None
    withdrawn_at: str | None
    given_by: str

    @classmethod
    def of(cls, grant: Grant) -> CarriedGrant:
        """A grant of the library's."""
        until, withdrawn = grant.until, grant.withdrawn_at
        return cls(
            grant.purpose.value,
            grant.given_at.isoformat(),
            None if until is None else until.isoformat(),
            None if withdrawn is None else withdrawn.isoformat(),
            grant.given_by,
        )

    def grant(self) -> Grant:
        """The grant that it is in a library.

        Raises:
            ValueError: It is none.
        """
        until, withdrawn = self.until, self.withdrawn_at
        return Grant(
            Purpose(self.purpose),
            datetime.fromisoformat(self.given_at),
            None if until is None else date.fromisoformat(until),
            None if withdrawn is None else datetime.fromisoformat(withdrawn),
            self.given_by,
        )


@dataclass(frozen=True, slots=True)
class CarriedSpeaker:
    """A speaker as they are carried.

    Attributes:
        name: The name.
        consent: Who gave it, when, for what.
        consented_at: When it was recorded, ISO 8601.
        grants: The consent by purpose; none where it was given as text, for every purpose.
        tags: Short words.
        note: Free text.
        sessions: Their sessions.
    """

    name: str
    consent: str
    consented_at: str
    grants: tuple[CarriedGrant, ...]
    tags: tuple[str, ...]
    note: str
    sessions: tuple[CarriedSession, ...]


def speaker_of(said: Any) -> CarriedSpeaker:
    """A speaker, from what an archive says of them.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    sessions = tuple(_session(one) for one in said["sessions"])
    name, consent, note = (_text(said[key]) for key in ("name", "consent", "note"))
    grants = tuple(map(_grant, said["grants"]))
    if len({one.purpose for one in grants}) != len(grants):
        raise ValueError("a purpose twice")
    at = _time(said["consented_at"])
    return CarriedSpeaker(name, consent, at, grants, _tags(said), note, sessions)


def _grant(said: Any) -> CarriedGrant:
    purpose, given_by = _text(said["purpose"]), _text(said["given_by"])
    until, withdrawn = (
        None if said[key] is None else _time(said[key]) for key in ("until", "withdrawn_at")
    )
    found = CarriedGrant(purpose, _time(said["given_at"]), until, withdrawn, given_by)
    found.grant()  # says what is no purpose or no day
    return found


def _session(said: Any) -> CarriedSession:
    at = said["recorded_at"]
    name, note, file = (_text(said[key]) for key in ("name", "note", "file"))
    time = None if at is None else _time(at)
    return CarriedSession(file, name, said["enrolled"] is True, time, _tags(said), note)


def _tags(said: Any) -> tuple[str, ...]:
    return tuple(_text(tag) for tag in said["tags"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _time(value: object) -> str:
    if not can_be_shown(text := _text(value)):
        raise ValueError(text)
    return text
