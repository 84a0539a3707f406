"""Event tables: the events of a recording as CSV, written and read back equal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError, unreadable, unusable
from facedyn_app.events import Event, Events, check_number, in_order
from facedyn_app.files import atomic_text, read_plain
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.code_book import Column

EVENT_COLUMNS: Final = (
    Column("kind", "", "'task', 'note', 'include', 'exclude', or the user's own kind"),
    Column("start_s", "s", "begin, on the axis of the frames' timestamp"),
    Column("end_s", "s", "end; equal to the begin for a moment"),
    Column("name", "", "of a task its id in the protocol, of others a short name"),
    Column("side", "", "'left' or 'right', the subject's; empty for both"),
    Column("text", "", "free text"),
)
COLUMNS: Final = tuple(column.name for column in EVENT_COLUMNS)
ENDING: Final = "_events.csv"
"""Of the table of events beside a table of frames."""
MOST_BYTES: Final = 64 * 2**20
HINT: Final = f"A table of events has the columns {', '.join(COLUMNS)}, times in seconds."
GUARD: Final = "'"
"""Before what a spreadsheet would take for a formula, and before a text that begins with it."""


def beside(table: Path) -> Path:
    """The table of events that goes with a table of frames."""
    return table.with_name(table.stem + ENDING)


def write_event_table(events: Sequence[Event], path: Path) -> None:
    """Write a CSV table, a row an event, safe to open in a spreadsheet; whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_text(path) as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for event in in_order(events):
            texts = [_guarded(one) for one in (event.name, event.side, event.text)]
            times = [f"{time:.3f}" for time in event.times]
            writer.writerow([_guarded(event.kind), *times, *texts])


def read_event_table(path: Path) -> Events:
    """Read a table of events; all but `kind` and `start_s` may be missing, without end a moment.

    Raises:
        InputError: It cannot be read, or is no such table; the sentence names the row.
    """
    try:
        content = read_plain(path, MOST_BYTES).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content, newline=""), strict=True))
        check_number(len(rows))
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise unusable(path, "it is no text in UTF-8", HINT) from error
    except (ValueError, csv.Error) as error:
        raise unusable(path, f"it is no table of events ({error})", HINT) from error
    return in_order(_event(path, number, row) for number, row in enumerate(rows, start=2))


def _event(path: Path, number: int, row: dict[str, str | None]) -> Event:
    texts = {name: _unguarded(row.get(name) or "") for name in ("kind", "name", "side", "text")}
    start, end = (row.get(name) or "" for name in ("start_s", "end_s"))
    if "kind" not in row or "start_s" not in row:
        raise unusable(path, "it has no columns 'kind' and 'start_s'", HINT)
    try:
        return Event(start=float(start), end=float(end or start), **texts)
    except ValueError as error:
        raise InputError(
            f"'{path}' cannot be used: row {number} is wrong: {error}.", HINT
        ) from error


def _guarded(text: str) -> str:
    return GUARD + text if text.startswith(GUARD) else safe_cell(text)


def _unguarded(text: str) -> str:
    return text.removeprefix(GUARD)
