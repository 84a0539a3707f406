"""What was done with a library: the audit trail, the kept runs, and the choices made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library import rows
from facedyn_app.library.database import AuditRow, RunRow, SettingRow
from facedyn_app.library.entries import (
    AuditEntry,
    RunEntry,
    SessionEntry,
    audit_entry,
    now,
    run_entry,
)


class Logbook:
    """The logbook of an open library; every call is a transaction of its own."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[OrmSession]]) -> None:
        self._transaction = transaction

    def record(self, action: str, what: str) -> None:
        """Add a line to the audit trail, such as "identify" and what came of it."""
        with self._transaction() as orm:
            rows.write_audit(orm, action, what)

    def audit(self) -> list[AuditEntry]:
        """The audit trail, oldest first."""
        with self._transaction() as orm:
            return [audit_entry(row) for row in orm.scalars(select(AuditRow).order_by(AuditRow.id))]

    def record_run(
        self,
        kind: str,
        settings: Mapping[str, Any],
        result: Mapping[str, Any],
        session: SessionEntry | None = None,
    ) -> None:
        """Keep what was computed with which settings; both must be what JSON can hold.

        Raises:
            InputError: The session is no longer in the library.
        """
        row = RunRow(kind=kind, at=now(), settings=_json(settings), result=_json(result))
        with self._transaction() as orm:
            if session is not None:
                row.session_id = rows.session_row(orm, session.id).id
            orm.add(row)

    def runs(self, kind: str) -> list[RunEntry]:
        """The kept runs of one kind, oldest first."""
        query = select(RunRow).where(RunRow.kind == kind).order_by(RunRow.id)
        with self._transaction() as orm:
            return [run_entry(row) for row in orm.scalars(query)]

    def setting(self, key: str) -> str | None:
        """A choice kept with the library, or None where none was made."""
        with self._transaction() as orm:
            row = orm.get(SettingRow, key)
            return None if row is None else row.value

    def set_setting(self, key: str, value: str) -> None:
        """Keep a choice with the library."""
        with self._transaction() as orm:
            orm.merge(SettingRow(key=key, value=value))


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, allow_nan=False)
