"""Rows of the audit as they are read: lines, links, and texts with the names of today."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library.audit_chain import MERGED, REFERENCE, Line, Link
from facedyn_app.library.schema import AuditChainRow, AuditRow, SpeakerRow

_REFERENCED = re.compile(REFERENCE.format(r"(\d{1,18})"))


def read_lines(orm: OrmSession) -> list[Line]:
    """All lines, by number."""
    rows = orm.scalars(select(AuditRow).order_by(AuditRow.id))
    return [Line(row.id, row.at, row.who, row.action, row.what) for row in rows]


def read_links(orm: OrmSession) -> dict[int, Link]:
    """The links by the lines' numbers; none in a library of an earlier version."""
    if not inspect(orm.connection()).has_table(AuditChainRow.__tablename__):
        return {}
    return {
        row.line_id: Link(row.previous, row.salt, row.what_sha256, row.facts, row.hash)
        for row in orm.scalars(select(AuditChainRow).order_by(AuditChainRow.line_id))
    }


def last_number(orm: OrmSession) -> int:
    """The highest number of a line that was ever given."""
    query = text("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")
    found = orm.execute(query).scalar()
    return found if isinstance(found, int) else 0


class Rendering:
    """Gives a line's text with the names of today.

    Args:
        orm: A transaction.
        links: The lines' links, which say who was merged into whom.
    """

    def __init__(self, orm: OrmSession, links: Mapping[int, Link]) -> None:
        self._names = {row.id: row.name for row in orm.scalars(select(SpeakerRow))}
        found = (_merged(links[number].facts) for number in sorted(links))
        self._became = dict(one for one in found if one is not None)

    def __call__(self, what: str) -> str:
        """The text."""
        return _REFERENCED.sub(lambda match: self._name(int(match[1])), what)

    def _name(self, number: int) -> str:
        seen: set[int] = set()
        while number not in self._names and number in self._became and number not in seen:
            seen.add(number)
            number = self._became[number]
        return self._names.get(number, f"forgotten speaker {number}")


def _merged(facts: str) -> tuple[int, int] | None:
    """Who became whom, as a line's facts say."""
    try:
        source, target = json.loads(facts).get(MERGED, ())
        return int(source), int(target)
    except (ValueError, TypeError, OverflowError, AttributeError, RecursionError):
        return None
