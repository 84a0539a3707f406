"""Audit trail of a library: who did what when, only ever added to, each line chained to the last.

A speaker stands in a line by number and is shown by the name of today: who was renamed has the new
name, who was merged into somebody that one's, and who was forgotten none. What other texts say of a
forgotten person, such as the names of their files, is taken out, which leaves the chain whole
(`library.audit_chain`).
"""

from __future__ import annotations

import getpass
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import InputError
from facedyn_app.formatting import shown
from facedyn_app.library.audit_chain import (
    ERASED,
    MERGED,
    REFERENCE,
    START,
    Fault,
    FaultKind,
    Line,
    find_faults,
    linked,
    text_hash,
)
from facedyn_app.library.audit_rows import Rendering, last_number, read_lines, read_links
from facedyn_app.library.database import ReadOnlyError
from facedyn_app.library.schema import AuditChainRow, AuditRow, SpeakerRow, now

NOT_THERE = (
    "no line has the hash that was noted: the audit was cut off before that line, or written anew"
)
_HASH = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when.

    Attributes:
        at: When.
        who: The account that ran the program.
        action: "enrol", "identify", "forget", "import" and the like.
        what: What it was done to, and what came of it.
        number: The line's place, from 1.
        hash: Its hash; empty in a library of an earlier version that may only be read.
    """

    at: datetime
    who: str
    action: str
    what: str
    number: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AuditCheck:
    """What a check of the chain has found.

    Attributes:
        n_lines: Lines of the audit.
        head: The last line's hash, to be noted elsewhere; zeros where there is no line.
        faults: Lines that are not as they were written.
        n_since: Lines after the one whose hash was given; None where none was given, or no line
            has it.
    """

    n_lines: int
    head: str
    faults: tuple[Fault, ...]
    n_since: int | None

    @property
    def sound(self) -> bool:
        """Whether every line is as it was written, as far as a chain can tell."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker in the text of a line, by number or by name; an unknown name stays a text."""

    number: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A line whose text was changed: its number, what it said, its salt, and what is left."""

    number: int
    what: str
    salt: str
    left: str


class AuditTrail:
    """The audit trail of an open library; every call is a transaction of its own."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[OrmSession]]) -> None:
        self._transaction = transaction
        self._skipped = False

    def record(self, action: str, *what: str | Speaker) -> None:
        """Add a line, such as "identify" and what came of it.

        A library that may only be read goes without, with one warning.
        """
        try:
            with self._transaction() as orm:
                write_audit(orm, action, *what)
        except ReadOnlyError:
            if not self._skipped:
                log.warning(
                    "The library may only be read: its audit trail does not say that this was done."
                )
            self._skipped = True

    def lines(self) -> list[AuditEntry]:
        """All lines, oldest first."""
        with self._transaction() as orm:
            rows, links = read_lines(orm), read_links(orm)
            shown_text = Rendering(orm, links)
            return [
                AuditEntry(
                    datetime.fromisoformat(row.at),
                    row.who,
                    row.action,
                    shown_text(row.what),
                    row.number,
                    links[row.number].hash if row.number in links else "",
                )
                for row in rows
            ]

    def check(self, head: str | None = None) -> AuditCheck:
        """Check the chain, and that it holds a hash that was noted earlier.

        Raises:
            InputError: `head` is no hash, or the library has no chain yet.
        """
        if head is not None and not _HASH.fullmatch(head):
            raise InputError(
                f"{head[:80]!r} is no hash of an audit.", "It has 64 digits, 0 to 9 and a to f."
            )
        with self._transaction() as orm:
            rows, links = read_lines(orm), read_links(orm)
            if rows and not links:
                raise InputError(
                    "The audit of this library has no chain yet.",
                    "Open the library once where it may be written.",
                )
            faults = find_faults(rows, links, last_number(orm))
        last = max(links, default=0)
        places = {START: 0, **{link.hash: number for number, link in links.items()}}
        since = None if head not in places else last - places[head]
        if head is not None and since is None:
            faults.append(Fault(last + 1, FaultKind.CUT, NOT_THERE))
        return AuditCheck(len(rows), links[last].hash if links else START, tuple(faults), since)


def write_audit(
    orm: OrmSession,
    action: str,
    *what: str | Speaker,
    taken_out: Sequence[TakenOut] = (),
    merged: tuple[int, int] | None = None,
) -> None:
    """Add a line within a transaction.

    Args:
        orm: The transaction, which no other program writes beside.
        action: What was done.
        what: To what; the parts of a text.
        taken_out: Lines whose texts the act has changed.
        merged: The number of a speaker who has become another one, and that one's.
    """
    facts: dict[str, object] = {}
    if taken_out:
        facts[ERASED] = {str(one.number): text_hash("", one.left) for one in taken_out}
    if merged is not None:
        facts[MERGED] = list(merged)
    _append(orm, action, [what], facts)


def write_audit_lines(
    orm: OrmSession, action: str, whats: Sequence[Sequence[str | Speaker]]
) -> None:
    """Add lines on one action within a transaction, in their order, each as by `write_audit`."""
    _append(orm, action, whats, {})


def _append(
    orm: OrmSession,
    action: str,
    whats: Sequence[Sequence[str | Speaker]],
    facts: Mapping[str, object],
) -> None:
    time, who = now(), shown(_account())
    rows = [AuditRow(at=time, who=who, action=action, what=_text(orm, what)) for what in whats]
    orm.add_all(rows)
    orm.flush()  # the chain is over their numbers
    query = select(AuditChainRow.hash).order_by(AuditChainRow.line_id.desc()).limit(1)
    last = orm.scalars(query).first() or START
    for row in rows:
        link = linked(Line(row.id, time, who, action, row.what), last, facts)
        last = link.hash
        orm.add(
            AuditChainRow(
                line_id=row.id,
                previous=link.previous,
                salt=link.salt,
                what_sha256=link.what_sha256,
                facts=link.facts,
                hash=link.hash,
            )
        )
    orm.flush()


def take_out(orm: OrmSession, change: Callable[[str], str]) -> list[TakenOut]:
    """Change what lines say, for good: their salts go, too. Belongs into a line (`write_audit`)."""
    done = []
    for row in orm.scalars(select(AuditRow).order_by(AuditRow.id)):
        left = change(row.what)
        if left != row.what:
            chained = orm.get(AuditChainRow, row.id)
            done.append(TakenOut(row.id, row.what, chained.salt if chained else "", left))
            row.what = left
            if chained is not None:
                chained.salt = ""
    orm.flush()
    return done


def put_back(orm: OrmSession, taken_out: Iterable[TakenOut]) -> None:
    """Give lines the texts back that were taken out, where nothing has changed them since."""
    for one in taken_out:
        row, chained = orm.get(AuditRow, one.number), orm.get(AuditChainRow, one.number)
        if row is not None and chained is not None and row.what == one.left:
            row.what, chained.salt = one.what, one.salt
    orm.flush()


def _text(orm: OrmSession, what: Sequence[str | Speaker]) -> str:
    return "".join(shown(one) if isinstance(one, str) else _reference(orm, one) for one in what)


def _reference(orm: OrmSession, of: Speaker) -> str:
    number = of.number
    if number is None:
        number = orm.scalars(select(SpeakerRow.id).where(SpeakerRow.name == of.name)).first()
    return shown(str(of.name)) if number is None else REFERENCE.format(number)


def _account() -> str:
    """The account that runs the program, as far as the system tells."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
