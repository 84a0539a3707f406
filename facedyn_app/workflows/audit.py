"""Audit of a library: its lines, and the check of their chain."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.library.audit import AuditCheck, AuditEntry
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, ignore


def audit_lines(folder: Path, _on_progress: OnProgress = ignore) -> list[AuditEntry]:
    """All lines of a library's audit, oldest first.

    Raises:
        InputError: There is no such library, or it is damaged.
    """
    with Library.open(folder, create=False) as library:
        return library.audit.lines()


def verify_audit(folder: Path, head: str | None) -> AuditCheck:
    """Check that every line of a library's audit is as it was written.

    Args:
        folder: The library.
        head: The hash of a line, noted elsewhere: everything up to it must be there as it was.

    Raises:
        InputError: There is no such library, or it is damaged; or `head` is no hash.
    """
    with Library.open(folder, create=False) as library:
        return library.audit.check(head)
