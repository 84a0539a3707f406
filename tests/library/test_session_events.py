"""Events of a library's sessions: written at once, embeddings of other frames not used again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.library.library import Library
from facedyn_app.library.session_events import keep_events
from facedyn_app.records import Session
from tests.library.test_read_only import hashes, without_rights

MakeSession = Callable[..., Session]
NOTE, OUT = Event("note", 0.5, 0.5, "yawns"), Event("exclude", 0.5, 1.0)


def test_what_is_marked_stands_in_the_file_at_once(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with Library.open(tmp_path / "lib") as library:
        entry = library.enrol("Ada", make_session(), "Ada, in writing, 2026")
        keep_events(library, entry, [NOTE])
        assert library.load(entry).events == (NOTE,)
        assert library.sessions()[0].file_name == entry.file_name
        assert library.audit.lines()[-1].action == "mark"


def test_other_excluded_frames_give_the_file_another_name(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with Library.open(tmp_path / "lib") as library:
        before = library.enrol("Ada", make_session(), "Ada, in writing, 2026")
        keep_events(library, before, [OUT])
        entry = library.sessions()[0]
        assert entry.file_name != before.file_name
        assert (entry.id, entry.name, entry.enrolled) == (before.id, before.name, True)
        assert library.load(entry).events == (OUT,)
        assert [path.name for path in library.sessions_folder.iterdir()] == [entry.file_name]


def test_a_session_that_is_gone_is_not_written(tmp_path: Path, make_session: MakeSession) -> None:
    with Library.open(tmp_path / "lib") as library:
        entry = library.enrol("Ada", make_session(), "Ada, in writing, 2026")
        library.delete_session(entry)
        with pytest.raises(InputError):
            keep_events(library, entry, [OUT])
        assert list(library.sessions_folder.iterdir()) == []


WITHOUT_RIGHTS = """
import sys
from pathlib import Path
from facedyn_app.errors import OutputError
from facedyn_app.events import Event
from facedyn_app.library.library import Library
from facedyn_app.library.session_events import keep_events

with Library.open(Path(sys.argv[1]), create=False) as library:
    entry = library.sessions()[0]
    for event in (Event("note", 0.5, 0.5), Event("exclude", 0.5, 1.0)):
        try:
            keep_events(library, entry, [event])
        except OutputError as error:
            print(error.sentence)
"""


@pytest.mark.skipif(os.name != "posix", reason="the rights are those of POSIX")
def test_a_library_that_may_only_be_read_stays_as_it_is_and_says_so(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with Library.open(tmp_path / "lib") as library:
        library.enrol("Ada", make_session(), "Ada, in writing, 2026")
    before = hashes(tmp_path / "lib")
    folders = [tmp_path / "lib", *(tmp_path / "lib").rglob("*")]
    for path in folders:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        said = without_rights(WITHOUT_RIGHTS, tmp_path / "lib")
    finally:
        for path in folders:
            path.chmod(0o700 if path.is_dir() else 0o600)
    assert said.count(str(tmp_path / "lib")) == 2
    assert hashes(tmp_path / "lib") == before
