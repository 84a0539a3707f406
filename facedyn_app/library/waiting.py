"""Waits of a transaction for other programs that write to the same library, said where long."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

SILENT_SECONDS = 1.0
"""A wait that takes longer is said, s; SQLite waits so long by itself."""

log = logging.getLogger(__name__)

Begin = Callable[[Connection], None]


def waiting(begin: Begin, wait_seconds: float) -> Begin:
    """A beginning of transactions that waits for other programs, and says so after a second.

    Args:
        begin: Begins one, or raises what SQLite says.
        wait_seconds: How long is waited, s; what SQLite says is raised then.
    """

    def wait(connection: Connection) -> None:
        until = monotonic() + wait_seconds
        _let_wait(connection, min(wait_seconds, SILENT_SECONDS))
        busy = _refusal(begin, connection)
        if busy is not None and monotonic() < until:
            log.warning("Waiting for another program that writes to the library.")
        while busy is not None:
            if monotonic() >= until:
                raise busy
            busy = _refusal(begin, connection)
        _let_wait(connection, wait_seconds)  # the end of the transaction may have to wait as well

    return wait


def _let_wait(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * seconds)}")


def _refusal(begin: Begin, connection: Connection) -> OperationalError | None:
    """Begin a transaction; what SQLite says where another program writes."""
    try:
        begin(connection)
    except OperationalError as error:
        if not str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
            raise
        return error
    return None
