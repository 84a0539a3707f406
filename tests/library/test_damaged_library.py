"""A library that somebody else has changed: one sentence, or what is unknown stays unknown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.forgetting import forget, plan_forget
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.records import Session

MakeSession = Callable[..., Session]


@pytest.fixture
def folder(tmp_path: Path, make_session: MakeSession) -> Path:
    """A library of two speakers."""
    with Library.open(tmp_path / "library") as library:
        library.enrol("Ada", make_session(seed=0, sha256="00" * 32), "given")
        library.enrol("Ben", make_session(seed=1, sha256="11" * 32), "given")
    return tmp_path / "library"


def tamper(folder: Path, statements: str) -> None:
    connection = sqlite3.connect(folder / "library.sqlite", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.executescript(statements)
    connection.close()


def listed(folder: Path) -> None:
    with Library.open(folder, create=False) as library:
        library.speakers()
        library.sessions()
        library.audit.lines()
        library.setting("recognizer")


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("UPDATE sessions SET n_frames = 'many'", "'many' in place of a whole number"),
        ("UPDATE sessions SET n_frames = -5", "'-5' in place of a whole number"),
        ("UPDATE sessions SET n_frames = x'ff'", "in place of a whole number"),
        ("UPDATE sessions SET seconds = 9e999", "'inf' in place of a number"),
        ("UPDATE sessions SET simulated = 7", "'7' in place of a truth value"),
        ("UPDATE sessions SET name = x'ff'", "in place of a text"),
        ("UPDATE sessions SET file_name = id || char(0)", "in place of a text"),
        ("UPDATE sessions SET added_at = 'yesterday'", "'yesterday' in place of a time"),
        ("UPDATE sessions SET added_at = '0001-01-01'", "'0001-01-01' in place of a time"),
        ("UPDATE speakers SET consented_at = 'once'", "'once' in place of a time"),
        ("UPDATE audit SET at = '9999-12-31T23:59:59'", "in place of a time"),
        ("UPDATE settings SET value = x'ff'; INSERT INTO settings VALUES ('recognizer', x'ff')",
         "in place of a text"),
        ("UPDATE sessions SET name = CAST(x'c328' AS TEXT)", "UTF-8"),
        ("UPDATE sessions SET speaker_id = 99", "speaks of one that is not there"),
        ("CREATE TRIGGER bad AFTER INSERT ON audit BEGIN DELETE FROM sessions; END",
         "the trigger 'bad'"),
        ("CREATE VIEW other AS SELECT * FROM sessions", "the view 'other'"),
        ("ALTER TABLE sessions RENAME TO kept; CREATE VIEW sessions AS SELECT * FROM kept",
         "the view 'sessions'"),
        ("ALTER TABLE sessions ADD COLUMN extra NOT NULL DEFAULT 3", "'sessions' is missing or"),
        ("DROP TABLE audit", "'audit' is missing or"),
    ],
)  # fmt: skip
def test_what_no_library_holds_is_refused(folder: Path, statements: str, reason: str) -> None:
    tamper(folder, statements)
    with pytest.raises(InputError) as caught:
        listed(folder)
    assert reason in caught.value.sentence
    assert str(folder / "library.sqlite") in caught.value.sentence


@pytest.mark.parametrize("day", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-23:00", "x", ""])
def test_a_day_of_recording_that_cannot_be_is_not_known(folder: Path, day: str) -> None:
    tamper(folder, f"UPDATE sessions SET recorded_at = '{day}'")
    with Library.open(folder, create=False) as library:
        entries = library.sessions()
    assert [entry.recorded_at for entry in entries] == [None, None]
    assert all(entry.date_words.startswith("(added ") for entry in entries)


def test_a_recognizer_lies_in_the_library(folder: Path) -> None:
    with Library.open(folder, create=False) as library:
        library.set_setting("recognizer", "../../elsewhere")
        with pytest.raises(InputError, match=r"no recognizer '../../elsewhere'"):
            active_recognizer(library)


def test_a_pipe_in_the_databases_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "library.sqlite")
    with pytest.raises(InputError, match=r"library.sqlite.* is no ordinary file"):
        Library.open(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
def test_a_pipe_beside_the_database_is_not_waited_for(folder: Path, ending: str) -> None:
    os.mkfifo(folder / f"library.sqlite{ending}")
    with pytest.raises(InputError, match=f"sqlite{ending}' beside it is no ordinary file"):
        Library.open(folder, create=False)


def test_an_emptied_database_is_no_new_library(folder: Path) -> None:
    (folder / "library.sqlite").write_bytes(b"")
    with pytest.raises(InputError, match=r"library.sqlite.* is empty, and sessions lie beside it"):
        Library.open(folder)


def test_a_speaker_whose_enrolments_were_changed_can_be_forgotten(folder: Path) -> None:
    tamper(folder, "UPDATE sessions SET speaker_id = 1")
    with Library.open(folder, create=False) as library:
        library.forget("Ben")
        assert [one.name for one in library.speakers()] == ["Ada"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("make", [os.mkfifo, Path.touch, lambda path: path.symlink_to(path)])
def test_what_stands_in_a_folders_place_is_said_or_deleted_at_forgetting(
    folder: Path, make: Callable[[Path], None]
) -> None:
    make(folder / "embeddings")
    (folder / "recognizers").rmdir()
    make(folder / "recognizers")
    with (
        pytest.raises(InputError, match="recognizers' cannot be"),
        Library.open(folder, create=False) as library,
    ):
        plan_forget(library, "Ada")
    (folder / "recognizers").unlink()
    with Library.open(folder) as library:
        forget(library, plan_forget(library, "Ada"))
        assert [speaker.name for speaker in library.speakers()] == ["Ben"]
    assert not os.path.lexists(folder / "embeddings")
