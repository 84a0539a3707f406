"""Manifest of a corpus: a table or folder that says whose face is in which recording."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError, unreadable, unusable
from facedyn_app.files import open_plain
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.library.importers import Layout, check_permission, find_recordings
from facedyn_app.library.visit_dates import FIRST_DAY
from facedyn_app.path_checks import check_input_file, refuse_web_address
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.tracks.table import read_columns, read_head
from facedyn_app.workflows.recording_content import content_with_progress
from facedyn_app.workflows.recordings import is_video

PATH, SPEAKER, SESSION, FACE, DATE = "path", "speaker", "session", "face", "date"
CONSENT, HEAD = "consent_id", "head"
COLUMNS: Final = (PATH, SPEAKER, SESSION, FACE, DATE, CONSENT, HEAD)
NEEDED: Final = (PATH, SPEAKER)
MOST_ROWS: Final = 1_000_000
MOST_NAMED: Final = 10
"""Rows that a sentence names of each fault."""
CHECKING: Final = "checking the manifest"
_HINT: Final = (
    "A manifest has the columns path and speaker, and may have session, face, date (YYYY-MM-DD), "
    "consent_id and head; rows are counted with the head line as row 1."
)


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """A corpus that was checked whole.

    Attributes:
        items: What is to be done, each once.
        head: The head that all rows name; empty where none does.
        passed_over: Of a folder, what is no video: the path and a sentence.
    """

    items: tuple[CorpusItem, ...]
    head: str = ""
    passed_over: tuple[tuple[str, str], ...] = ()


def read_manifest(path: Path, permission: str, on_progress: OnProgress) -> Manifest:
    """Read a manifest and check all of it, so that nothing is begun that has to be begun again.

    Args:
        path: A CSV or Parquet table with a head line of `COLUMNS`, paths in it against its own
            folder; or a folder of videos as `facedyn import` takes it.
        permission: What allows the work where a corpus' licence forbids it.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: It cannot be read, or rows cannot be used: a sentence that names the rows.
        ConsentError: The corpus' licence asks for a permission, and none is stated.
    """
    check_input_file(path, "manifest")
    if path.is_dir():
        return _of_folder(path, permission, on_progress)
    parquet = path.suffix.lower() in (".parquet", ".pq")
    rows = _parquet_rows(path) if parquet else _table_rows(path)
    checked = _Checked(path.absolute().parent)
    for number, row in enumerate(rows, start=1 if parquet else 2):
        if number % 100 == 0:
            on_progress(Progress(CHECKING, number))
        checked.take(number, row)
    checked.refuse_faults(path)
    return Manifest(tuple(checked.items), next(iter(checked.heads), ""))


class _Checked:
    """The rows of a manifest as they are checked, and what is wrong with which of them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._faults: dict[str, list[str]] = defaultdict(list)
        self._seen: dict[tuple[str, ...], int] = {}
        self.items: list[CorpusItem] = []
        self.heads: dict[str, int] = {}

    def take(self, number: int, row: Mapping[str, str]) -> None:
        """Check a row.

        Args:
            number: What it is called in a sentence.
            row: Its cells by column, blanks taken off.
        """
        empty = [name for name in (*NEEDED, CONSENT) if not row.get(name, "?" * (name == CONSENT))]
        for name in empty:
            self._fault(f"no {name}", number)
        if empty:
            return
        if head := row.get(HEAD, ""):
            self.heads.setdefault(head, number)
        path = Path(os.path.normpath(self._place / row[PATH]))
        n_bytes = self._size_of(number, row[PATH], path)
        item = CorpusItem(
            path=path,
            speaker=row[SPEAKER],
            session=row.get(SESSION) or path.stem,
            face=self._face(number, row.get(FACE, "")),
            day=self._day(number, row.get(DATE, "")),
            consent=row.get(CONSENT, ""),
            n_bytes=n_bytes,
        )
        self._check_once(number, item)
        self.items.append(item)

    def _fault(self, kind: str, number: int, words: str = "") -> None:
        self._faults[kind].append(f"{number}{f' ({words})' if words else ''}")

    def _size_of(self, number: int, named: str, path: Path) -> int:
        try:
            refuse_web_address(Path(named))
            return path.stat().st_size if path.is_file() else self._folder(path)
        except InputError:
            self._fault("a web address, not a file", number, named[:80])
        except OSError:
            self._fault("a file that is not there", number, named)
        return 0

    def _folder(self, path: Path) -> int:
        path.stat()
        return 0

    def _face(self, number: int, cell: str) -> int:
        if not cell:
            return 0
        digits = cell.removesuffix(".0")  # as tables with empty cells write whole numbers
        if not digits.isdecimal() or not 0 < int(digits) < 1000:
            self._fault("a face that is no number from 1", number, cell[:20])
            return 0
        return int(digits)

    def _day(self, number: int, cell: str) -> date | None:
        if not cell:
            return None
        try:
            day = date.fromisoformat(cell)
        except ValueError:
            day = date.min
        if not FIRST_DAY <= day <= date.today():
            self._fault("a date that is none or lies ahead", number, cell[:20])
            return None
        return day

    def _check_once(self, number: int, item: CorpusItem) -> None:
        recording = (str(item.path), str(item.face))
        for key in ((item.name.casefold(),), recording):
            first = self._seen.setdefault(key, number)
            if first != number:
                self._fault("what another row has already", number, f"as {first}")
                return

    def refuse_faults(self, path: Path) -> None:
        """Say which rows cannot be used, in one sentence.

        Raises:
            InputError: There are such rows, or none at all.
        """
        if len(self.heads) > 1:
            for head, number in self.heads.items():
                self._fault("another head than other rows", number, head[:60])
        if self._faults:
            said = "; ".join(f"{_rows(rows)} {kind}" for kind, rows in self._faults.items())
            raise unusable(path, said, _HINT)
        if not self.items:
            raise unusable(path, "it has no rows", _HINT)


def _rows(rows: Sequence[str]) -> str:
    """Which rows name something that they must not."""
    named = ", ".join(rows[:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    return f"row {named} names" if len(rows) == 1 else f"rows {named}{more} name"


def _of_folder(path: Path, permission: str, on_progress: OnProgress) -> Manifest:
    corpus = find_recordings(path, Layout.AUTO, content_with_progress(on_progress))
    check_permission(corpus.layout, permission)
    passed = [(str(one), sentence) for one, sentence in (*corpus.left_out, *corpus.passed_over)]
    checked = _Checked(path.absolute())
    for number, one in enumerate(corpus.recordings, start=1):
        if not is_video(one.path):
            passed.append((str(one.path), f"'{one.path}' is no video: it is measured already."))
            continue
        day = "" if one.day is None else one.day.isoformat()
        row = {PATH: str(one.path.absolute()), SPEAKER: one.speaker, SESSION: one.name, DATE: day}
        checked.take(number, row)
    checked.refuse_faults(path)
    return Manifest(tuple(checked.items), passed_over=tuple(passed))


def _check_columns(path: Path, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    kinds = {"no known column": unknown, "needed and not there": missing, "there twice": twice}
    faults = [
        f"{', '.join(repr(name[:40]) for name in found[:MOST_NAMED])} {_is(found)} {what}"
        for what, found in kinds.items()
        if found
    ]
    if faults:
        raise unusable(path, "of its columns " + "; ".join(faults), _HINT)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _table_rows(path: Path) -> Iterator[dict[str, str]]:
    head = read_head(path)
    if head is None:
        raise unusable(path, "it is neither a table nor a folder", _HINT)
    names = [name.lower() for name in head.names]
    _check_columns(path, names)
    _, columns = read_columns(head, (), range(len(names)))
    for cells in zip(*columns.values(), strict=True):
        yield {name: (cell or "").strip() for name, cell in zip(names, cells, strict=True)}


def _parquet_rows(path: Path) -> Iterator[dict[str, str]]:
    import pyarrow
    from pyarrow import parquet

    try:
        with open_plain(path) as file:
            stored = parquet.ParquetFile(file)
            names = [name.lower() for name in stored.schema_arrow.names]
            _check_columns(path, names)
            if stored.metadata.num_rows > MOST_ROWS:
                raise unusable(path, f"it has {stored.metadata.num_rows:,} rows", _HINT)
            for batch in stored.iter_batches():
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    yield {name: _cell(cell) for name, cell in zip(names, cells, strict=True)}
    except OSError as error:
        raise unreadable(path, error) from error
    except pyarrow.ArrowException as error:
        raise unusable(path, "it is no Parquet table that can be read", _HINT) from error


def _cell(value: Any) -> str:
    """A cell's value as a text; of a time, its day."""
    if value is None or value != value:  # NaN is no number, not even itself
        return ""
    if hasattr(value, "date"):
        value = value.date()
    return str(value).strip()
