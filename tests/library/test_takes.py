"""Recordings that a library has already are found, by file and by motion, and forgotten wholly."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.schema import MIGRATIONS
from facedyn_app.library.takes import (
    KnownRecordingError,
    OthersRecordingError,
    check_new,
    find_known,
)
from facedyn_app.records import Session, SourceFile
from tests.dynamics.test_same_take import measured, performance

CONSENT = "simulated, no consent needed"


def take(seed: int, sha256: str, *, face: int | None = None, copy: bool = False) -> Session:
    """A take; a copy of it has another rate, begins later and errs otherwise."""
    motion = performance(seed)
    session = measured(motion, fps=15.0, start=0.7, noise=0.1) if copy else measured(motion)
    source = SourceFile(f"take{seed}.mp4", sha256)
    return replace(session, info=replace(session.info, source=source, face=face))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    with Library.open(tmp_path / "l") as library:
        for k, name in enumerate(("Ann", "Ann", "Bo", "Cy")):
            library.enrol(name, take(k, f"{k:02d}" * 32), CONSENT)
    return Library.open(tmp_path / "l")


def test_the_same_file_is_known(library: Library) -> None:
    with library:
        (known,) = find_known(library, take(2, "02" * 32))
        assert (known.speaker, known.session, known.correlation) == ("Bo", "take2", None)
        assert known.words == "This recording is session 'take2' of 'Bo'."


def test_a_copy_is_known_by_its_motion(library: Library) -> None:
    with library:
        (known,) = find_known(library, take(1, "ff" * 32, copy=True))
        assert (known.speaker, known.session) == ("Ann", "take1")
        assert known.correlation is not None
        assert known.correlation > 0.7
        assert "same take" in known.words
        assert find_known(library, take(9, "ff" * 32)) == ()


def test_another_face_of_a_file_is_another_recording(library: Library) -> None:
    with library:
        library.enrol("Dee", take(10, "aa" * 32, face=1), CONSENT)
        assert find_known(library, take(11, "aa" * 32, face=2)) == ()
        assert len(find_known(library, take(11, "aa" * 32, face=1))) == 1


def test_a_second_session_must_be_new(library: Library) -> None:
    with library:
        check_new(library, "Ann", take(9, "ff" * 32))
        with pytest.raises(KnownRecordingError, match="does not count as a second session") as own:
            check_new(library, "Ann", take(0, "ff" * 32, copy=True))
        assert not isinstance(own.value, OthersRecordingError)
        for session in (take(0, "ff" * 32, copy=True), take(0, "00" * 32)):
            with pytest.raises(OthersRecordingError, match="not enrolled for 'Bo' as well"):
                check_new(library, "Bo", session)


def test_sessions_of_an_older_library_get_their_signatures(library: Library) -> None:
    folder = library.folder
    library.close()
    old = sqlite3.connect(folder / "library.sqlite")
    for table in ("takes", "videos"):
        old.execute(f"DROP TABLE {table}")
    old.execute("PRAGMA user_version = 3")
    old.commit()
    old.close()
    assert len(MIGRATIONS) >= 4
    with Library.open(folder) as library:
        (known,) = find_known(library, take(3, "ff" * 32, copy=True))
        assert known.speaker == "Cy"
    kept = sqlite3.connect(folder / "library.sqlite")
    assert kept.execute("SELECT count(*) FROM takes").fetchone() == (4,)
    kept.close()


@pytest.mark.parametrize("damaged", ["'###'", "'QUJD'", "7", "x'00'"])
def test_a_damaged_signature_is_made_again(library: Library, damaged: str) -> None:
    folder = library.folder
    library.close()
    raw = sqlite3.connect(folder / "library.sqlite")
    raw.execute(f"UPDATE takes SET signature = {damaged}")
    raw.commit()
    raw.close()
    with Library.open(folder) as library:
        (known,) = find_known(library, take(3, "ff" * 32, copy=True))
        assert known.speaker == "Cy"


def test_a_lost_session_file_stops_nothing(library: Library) -> None:
    with library:
        for entry in library.sessions("Cy"):
            library.session_path(entry).unlink()
        assert find_known(library, take(3, "ff" * 32, copy=True)) == ()


def test_forgetting_takes_the_signature_along(library: Library) -> None:
    folder = library.folder
    with library:
        library.forget("Ann")
        library.delete_session(library.sessions("Bo")[0])
    kept = sqlite3.connect(folder / "library.sqlite")
    assert kept.execute("SELECT count(*) FROM takes").fetchone() == (1,)
    kept.close()
