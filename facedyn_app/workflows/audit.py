"""Audit of a library: its lines, the check of their chain, and what is done with kept sessions."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from facedyn_app.errors import FacedynError
from facedyn_app.files import atomic_text
from facedyn_app.library.audit import AuditCheck, AuditEntry, Speaker
from facedyn_app.library.audit_chain import START
from facedyn_app.library.database import is_library
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.reports.cells import safe_cell
from facedyn_app.workflows.records import KeptIn

NOT_SAID = "The audit of '%s' does not say that this was done: %s"
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def audit_lines(folder: Path, _on_progress: OnProgress = ignore) -> list[AuditEntry]:
    """All lines of a library's audit, oldest first.

    Raises:
        InputError: There is no such library, or it is damaged.
    """
    with Library.open(folder, create=False) as library:
        return library.audit.lines()


@dataclass(frozen=True, slots=True, eq=False)
class ReadAudit:
    """An audit that was read: its lines, and what the check of their chain has found."""

    lines: tuple[AuditEntry, ...]
    check: AuditCheck


def read_audit(folder: Path, _on_progress: OnProgress = ignore) -> ReadAudit:
    """All lines of a library's audit and their check; none where there is no library yet.

    Raises:
        InputError: The library is damaged, or has no chain yet.
    """
    if not is_library(folder):
        return ReadAudit((), AuditCheck(0, START, (), None))
    with Library.open(folder, create=False) as library:
        return ReadAudit(tuple(library.audit.lines()), library.audit.check())


def write_audit_table(
    lines: Sequence[AuditEntry], out: Path, _on_progress: OnProgress = ignore
) -> None:
    """Write lines of an audit as a CSV table.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_text(out) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("line", "at", "who", "action", "what", "hash"))
        for one in lines:
            texts = (safe_cell(cell) for cell in (one.who, one.action, one.what))
            writer.writerow((one.number, one.at.isoformat(), *texts, one.hash))


def verify_audit(folder: Path, head: str | None, _on_progress: OnProgress = ignore) -> AuditCheck:
    """Check that every line of a library's audit is as it was written.

    Args:
        folder: The library.
        head: The hash of a line, noted elsewhere: everything up to it must be there as it was.

    Raises:
        InputError: There is no such library, or it is damaged; or `head` is no hash.
    """
    with Library.open(folder, create=False) as library:
        return library.audit.check(head)


def record_use(place: Path | KeptIn | None, action: str, how: str) -> None:
    """Say in the audit what was done with a session, where it is one that a library keeps.

    Where that library cannot be written there is a warning instead: what was done is done.

    Args:
        place: The session's file, or where it is kept; None of one that is kept nowhere.
        action: What was done, such as "export".
        how: In what form, such as "as a table".
    """
    path, key = (place.path, place.key) if isinstance(place, KeptIn) else (place, None)
    if path is None:
        return
    folder = path.resolve().parent.parent if key is None else path
    try:
        if not is_library(folder):
            return
        with Library.open(folder, create=False) as library:
            for entry in library.sessions():
                if entry.id == key or (key is None and entry.file_name == path.resolve().name):
                    library.audit.record(action, f"session {entry.id}, {how}")
    except FacedynError as error:
        log.warning(NOT_SAID, folder, error.sentence)


def export_words(out: Path) -> str:
    """In what form a session was written, for the audit; the file's name may name a person."""
    ending = out.suffix.lower().lstrip(".")
    return f"as {ending}" if ending else "as meshes"


def record_speaker_use(folder: Path, speaker: str, action: str, how: str) -> None:
    """As `record_use`, of what was done with all sessions of a speaker."""
    try:
        with Library.open(folder, create=False) as library:
            library.audit.record(action, Speaker(name=speaker), f", {how}")
    except FacedynError as error:
        log.warning(NOT_SAID, folder, error.sentence)


def recorded(
    record: Callable[[], None], work: Callable[[OnProgress], Result], on_progress: OnProgress
) -> Result:
    """Do something, and say so in the audit by one of the above."""
    result = work(on_progress)
    record()
    return result
