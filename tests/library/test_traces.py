"""The search for what is left of a person: it finds what was planted and nothing else."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.library.names import Erasure
from facedyn_app.library.traces import Traces, found_in, search_traces
from facedyn_app.progress import ignore

SAMPLE = np.linspace(0.1, 0.9, 24, dtype=np.float16).tobytes()
TRACES = Traces(
    Erasure("Ann", "X", ("Ann-Marie", "Bo"), ("clip7.mov",)), ("0123456789ab",), (SAMPLE,)
)
NAME, HASH, MOTION = "the name", "a session's id or hash", "an embedding or motion"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Ann was here", [NAME]),
        (b"Annabel, Ann-Marie and Ann-Sophie were here", []),
        (b"clip7.mov", [NAME]),
        (b'{"files": ["0123456789abcdef.npz"]}', [HASH]),
        (b"\0\1Ann\0", []),  # three bytes occur by chance
        (b"\0\1" + "by Ann.".encode("utf-32-le"), [NAME]),
        (b"\0\1" + "Ann-Marie".encode("utf-32-le"), []),
        (b"\0\1" + SAMPLE + b"\0", [MOTION]),
        (b"", []),
    ],
)
def test_what_stands_in_a_file(tmp_path: Path, content: bytes, found: list[str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert found_in(path, TRACES) == found


def test_arrays_of_text_and_names_of_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", meta=np.array(json.dumps({"who": "Ann"})), sums=np.arange(3))
    (tmp_path / "ann_visit.csv").write_text("frame\n")
    (tmp_path / "planning.csv").write_text("frame\n")
    search = search_traces([tmp_path, tmp_path / "none"], TRACES, ignore)
    assert (search.folders, search.n_files) == ((tmp_path,), 3)
    assert {(one.path.name, one.what) for one in search.findings} == {
        ("a.npz", NAME),
        ("ann_visit.csv", "the name, in the file's own"),
    }


def test_names_as_json_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["Zo\u00eb"]))
    assert found_in(path, Traces(Erasure("Zo\u00eb", "X"), (), ())) == [NAME]


def _database(path: Path, name: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE speakers (name TEXT UNIQUE, consent TEXT)")
    database.execute("INSERT INTO speakers VALUES (?, 'given')", (name,))
    database.execute("INSERT INTO speakers VALUES ('Bo', 'given')")
    database.commit()
    return database


def test_rows_and_unused_pages_of_a_database(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    traces = Traces(Erasure("Annabel", "X", ("Annabel Quist",)), (), ())
    database = _database(path, "Annabel")
    assert found_in(path, traces) == [NAME]
    database.execute("DELETE FROM speakers WHERE name = 'Annabel'")
    database.commit()
    assert found_in(path, traces) == ["something of it in unused pages"]
    database.execute("INSERT INTO speakers VALUES ('Annabel Quist', 'given')")
    database.commit()
    database.execute("VACUUM")
    database.close()
    assert found_in(path, traces) == []


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    _database(path, "Bea").close()
    path.write_bytes(path.read_bytes()[:1500])
    (found,) = found_in(path, TRACES)
    assert "cannot be read as a database" in found


def test_what_is_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facedyn_app.library.traces.LONGEST_READ", 10)
    (tmp_path / "big").write_bytes(b"x" * 11)
    assert found_in(tmp_path / "big", TRACES) == ["not searched: it has 0 MB"]


def test_the_words_of_a_search(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nothing")
    nothing = search_traces([tmp_path], TRACES, ignore)
    assert nothing.words() == f"searched 1 file in '{tmp_path}': nothing found"
    (tmp_path / "a").write_text("Ann")
    words = search_traces([tmp_path], TRACES, ignore).words()
    assert words == f"searched 1 file in '{tmp_path}': found\n  {tmp_path / 'a'}: the name"
