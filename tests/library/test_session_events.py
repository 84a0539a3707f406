"""Events of a library's sessions: written at once, embeddings of other frames not used again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.library.library import Library
from facedyn_app.library.session_events import keep_events
from facedyn_app.records import Session

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
