"""The audit trail of a library: who did what when."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library.database import AuditRow, ReadOnlyError, now

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what when.

    Attributes:
        at: When.
        who: The account that ran the program.
        action: "enrol", "identify", "forget", "import" and the like.
        what: What it was done to, and what came of it.
    """

    at: datetime
    who: str
    action: str
    what: str


class AuditTrail:
    """The audit trail of an open library; every call is a transaction of its own."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[OrmSession]]) -> None:
        self._transaction = transaction
        self._skipped = False

    def record(self, action: str, what: str) -> None:
        """Add a line, such as "identify" and what came of it.

        A library that may only be read goes without, with one warning.
        """
        try:
            with self._transaction() as orm:
                write_audit(orm, action, what)
        except ReadOnlyError:
            if not self._skipped:
                log.warning(
                    "The library may only be read: its audit trail does not say that this was done."
                )
            self._skipped = True

    def lines(self) -> list[AuditEntry]:
        """All lines, oldest first."""
        with self._transaction() as orm:
            rows = orm.scalars(select(AuditRow).order_by(AuditRow.id))
            return [
                AuditEntry(datetime.fromisoformat(row.at), row.who, row.action, row.what)
                for row in rows
            ]


def write_audit(orm: OrmSession, action: str, what: str) -> None:
    """Add a line within a transaction."""
    orm.add(AuditRow(at=now(), who=_account(), action=action, what=what))


def _account() -> str:
    """The account that runs the program, as far as the system tells."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
