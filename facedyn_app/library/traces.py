"""Search for traces of a forgotten person in files: name, hashes, and the bytes of their motion.

A name is looked for as whole words in texts, in the arrays of text of npz files (UTF-32) and in the
values of databases; in other binary files only from six bytes on, since shorter ones occur by
chance. A database is also counted through: no page, used or unused, may hold the name or a hash
more often than its values do. Of a protected library the content of its files is searched, and of
its database the values, since its pages are encrypted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facedyn_app.files import files_below
from facedyn_app.formatting import counted
from facedyn_app.library.database import DATABASE
from facedyn_app.library.names import Erasure
from facedyn_app.library.open_library import WAIT_SECONDS
from facedyn_app.library.protection.drivers import driver_of, reading
from facedyn_app.library.protection.keys import LibraryKeys
from facedyn_app.library.protection.sealed import LibraryFiles, SealError
from facedyn_app.library.record_file import BYTES, RecordFile
from facedyn_app.progress import OnProgress, Progress

LONGEST_READ = 1 << 28
"""Files above this size, bytes, are not read; the search says so."""
_CONTEXT = 256
"""How much around a hit tells whether it is a whole name, characters."""
_LEAST_IN_BINARY, _LEAST_COUNTED = 6, 4
OpenedLibrary = tuple[LibraryFiles, LibraryKeys | None]
"""What files of a library are read with, and its keys; None where it is not protected."""
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What would be left of a person or session.

    Attributes:
        erasure: The name, and the files named after the person.
        hashes: Texts that stand for sessions: names of files in the library, sums of videos.
        samples: Bytes of embeddings and of motion.
    """

    erasure: Erasure
    hashes: tuple[str, ...]
    samples: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A file in which something was found, or that could not be searched.

    Attributes:
        path: The file.
        what: What was found, such as "the name".
    """

    path: Path
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search that was made.

    Attributes:
        folders: Where.
        n_files: How many files.
        findings: What was found; empty where there is nothing.
    """

    folders: tuple[Path, ...]
    n_files: int
    findings: tuple[Finding, ...]

    def words(self) -> str:
        """What was searched, and what came of it."""
        n, places = self.n_files, ", ".join(f"'{folder}'" for folder in self.folders)
        head = f"searched {counted(n, 'file')} in {places}"
        if not self.findings:
            return f"{head}: nothing found"
        return "\n".join(
            [f"{head}: found", *(f"  {one.path}: {one.what}" for one in self.findings)]
        )


def search_traces(
    folders: Sequence[Path],
    traces: Traces,
    on_progress: OnProgress,
    library: OpenedLibrary | None = None,
) -> Search:
    """Search all files in some folders; those that are not there are passed over.

    Args:
        folders: Where to search; a file stands for itself.
        traces: What to search for.
        on_progress: Told of every file; may raise `Cancelled`.
        library: What files of a protected library are read with: their content is searched.
    """
    there = tuple(folder for folder in folders if folder.exists())
    files = sorted({path.resolve(): path for path in _files(there)}.values())
    findings: list[Finding] = []
    for number, path in enumerate(files):
        on_progress(Progress("searching", number, len(files)))
        try:
            findings += [Finding(path, what) for what in found_in(path, traces, library)]
        except FileNotFoundError:  # another program's, which is done with it
            continue
        except OSError as error:
            findings.append(Finding(path, f"cannot be read: {error.strerror or error}"))
    return Search(there, len(files), tuple(findings))


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from [folder] if folder.is_file() else files_below(folder)


def found_in(path: Path, traces: Traces, library: OpenedLibrary | None = None) -> list[str]:
    """What of a person is in a file or its name, in words.

    Raises:
        OSError: It cannot be read.
    """
    size = path.stat().st_size
    if size > LONGEST_READ:
        return [f"not searched: it has {size / 1e6:.0f} MB"]
    ours = library is None or library[0].covers(path)
    keys = None if library is None or not ours else library[1]
    if (
        ours and path.name == DATABASE
    ):  # others may write it, and nobody may close it: `change_mark`
        return _found_in_database(path, traces, keys)
    content = path.read_bytes()
    if library is not None and keys is not None:
        try:
            if path.name.endswith(BYTES):  # sealed record by record, as it stands in the index
                content += RecordFile(path.with_suffix(""), library[0]).content()
            else:
                content = library[0].opened_content(content, path)
        except SealError:
            return ["not searched: it is not sealed under the library's keys"]
    if content.startswith(_SQLITE):
        return _found_in_database(path, traces, None)
    return _found_in_content(path, content, traces)


def _found_in_content(path: Path, content: bytes, traces: Traces) -> list[str]:
    name = traces.erasure.name
    found = []
    if traces.erasure.names_file(path.name):
        found.append("the name, in the file's own")
    if name is not None and _has_name(content, name, traces.erasure):
        found.append("the name")
    if any(_has(content, text) for text in traces.hashes):
        found.append("a session's id or hash")
    if any(sample in content for sample in traces.samples):
        found.append("an embedding or motion")
    return found


def _has(content: bytes, text: str) -> bool:
    return text.encode() in content or text.encode("utf-32-le") in content


def _has_name(content: bytes, name: str, erasure: Erasure) -> bool:
    if b"\0" not in content:
        text = content.decode("utf-8", errors="replace")
        escaped = json.dumps(name)[1:-1]
        return erasure.found(text) or (escaped != name and escaped in text)
    if any(erasure.found(text) for text in _around(content, name, "utf-32-le")):
        return True
    long = len(name.encode()) >= _LEAST_IN_BINARY
    return long and any(erasure.found(text) for text in _around(content, name, "utf-8"))


def _around(content: bytes, name: str, encoding: str) -> Iterator[str]:
    """The surroundings of every hit, as text."""
    needle, width = name.encode(encoding), len("a".encode(encoding))
    at = content.find(needle)
    while at >= 0:
        first = max(at - _CONTEXT * width, at % width)
        yield content[first : at + len(needle) + _CONTEXT * width].decode(encoding, "replace")
        at = content.find(needle, at + 1)


def _found_in_database(path: Path, traces: Traces, keys: LibraryKeys | None) -> list[str]:
    """What is in a database at one moment; of an encrypted one no page but what its values say."""
    name = traces.erasure.name
    needles = [text for text in (name, *traces.hashes) if text and len(text) >= _LEAST_COUNTED]
    counts: Counter[str] = Counter()
    found: set[str] = set()
    content = b""
    try:
        with reading(path, keys, WAIT_SECONDS) as database:
            database.execute("BEGIN")
            if keys is None:
                content = database.serialize()
            for value, copies in _values(database):
                if traces.erasure.found(value) or value == name:
                    found.add("the name")
                if any(text in value for text in traces.hashes):
                    found.add("a session's id or hash")
                counts.update({text: copies * value.count(text) for text in needles})
    except driver_of(keys).module.Error as error:
        found.add(f"cannot be read as a database: {error}")
    if any(content.count(text.encode()) > counts[text] for text in needles):
        found.add("something of it in unused pages")
    if any(sample in content for sample in traces.samples):
        found.add("an embedding or motion")
    return sorted(found)


def _values(database: Any) -> Iterator[tuple[str, int]]:
    """Every text of a database, and in how many places it keeps it."""
    master = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    yield from ((text, 1) for _, name, sql in master for text in (name, sql) if text)
    for kind, table, _ in master:
        if kind != "table":
            continue
        indexed: Counter[str] = Counter()
        for index in database.execute(f"PRAGMA index_list({_quoted(table)})").fetchall():
            columns = database.execute(f"PRAGMA index_info({_quoted(index[1])})").fetchall()
            indexed.update(column[2] for column in columns)
        rows = database.execute(f"SELECT * FROM {_quoted(table)}")
        names = [column[0] for column in rows.description]
        for row in rows:
            texts = zip(names, row, strict=True)
            yield from ((text, 1 + indexed[of]) for of, text in texts if isinstance(text, str))


def _quoted(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'
