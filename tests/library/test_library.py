"""The library: what it keeps, what it refuses, and that it forgets."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import ConsentError, InputError, OutputError
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import shared_words
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.library.schema import MIGRATIONS
from facedyn_app.records import Session
from tests.sessions import altered

MakeSession = Callable[..., Session]
CONSENT = "given by the person in writing on 3 May 2025, for the speech study"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "lib") as opened:
        yield opened


def files(library: Library) -> list[str]:
    return sorted(path.name for path in (library.folder / "sessions").iterdir())


def test_a_new_library_is_a_folder_with_its_parts(library: Library) -> None:
    assert sorted(path.name for path in library.folder.iterdir()) == [
        "library.sqlite",
        "recognizers",
        "sessions",
    ]
    assert library.folder.stat().st_mode & 0o077 == 0
    assert library.speakers() == []
    assert library.sessions() == []


def test_enrolled_sessions_come_back(library: Library, make_session: MakeSession) -> None:
    first = library.enrol("Anna", make_session(sha256="01" * 32), CONSENT)
    second = library.enrol("Anna", make_session(seed=1, sha256="02" * 32))
    assert library.sessions("Anna") == [first, second]
    assert first.speaker == "Anna"
    assert first.enrolled
    assert (first.name, second.name) == ("visit", "visit (2)")
    assert (first.n_frames, first.n_valid, first.head_id) == (60, 58, "tiny-head")
    assert first.seconds == pytest.approx(2.0)
    assert (first.source_name, first.source_sha256) == ("visit.mov", "01" * 32)
    assert abs(datetime.now(UTC) - first.added_at) < timedelta(minutes=1)
    np.testing.assert_array_equal(
        library.load(second).motion.expression, make_session(seed=1).motion.expression
    )


def test_everything_is_there_after_reopening(tmp_path: Path, make_session: MakeSession) -> None:
    with Library.open(tmp_path / "lib") as library:
        kept = library.enrol("Anna", make_session(), CONSENT)
    with Library.open(tmp_path / "lib", create=False) as library:
        assert library.sessions() == [kept]
        (speaker,) = library.speakers()
        assert (speaker.name, speaker.consent, speaker.n_sessions) == ("Anna", CONSENT, 1)
        assert library.load(kept).head_id == "tiny-head"


@pytest.mark.parametrize("consent", [None, "", " \n"])
def test_without_consent_nothing_is_enrolled(
    library: Library, make_session: MakeSession, consent: str | None
) -> None:
    with pytest.raises(ConsentError, match="'Anna'"):
        library.enrol("Anna", make_session(), consent)
    kept = library.add_session(make_session())
    with pytest.raises(ConsentError, match="'Anna'"):
        library.enrol("Anna", kept, consent)
    with pytest.raises(ConsentError, match="'Anna'"):
        library.add_session(make_session(), speaker="Anna")
    assert library.speakers() == []
    assert files(library) == [kept.file_name]
    assert library.sessions() == [kept]


def test_consent_is_kept_and_added_to(library: Library, make_session: MakeSession) -> None:
    library.enrol("Anna", make_session(sha256=None), CONSENT)
    library.enrol("Anna", make_session(sha256=None), CONSENT)
    assert library.speakers()[0].consent == CONSENT
    library.enrol("Anna", make_session(sha256=None), "and for teaching, 1 June 2025")
    assert library.speakers()[0].consent == f"{CONSENT}\nand for teaching, 1 June 2025"


def test_a_kept_session_can_be_enrolled_later(library: Library, make_session: MakeSession) -> None:
    kept = library.add_session(make_session(), name="intake")
    assert (kept.speaker, kept.enrolled, kept.name) == (None, False, "intake")
    enrolled = library.enrol("Anna", kept, CONSENT)
    assert (enrolled.id, enrolled.speaker, enrolled.enrolled) == (kept.id, "Anna", True)
    assert files(library) == [kept.file_name]
    with pytest.raises(InputError, match="already enrolled"):
        library.enrol("Anna", enrolled)
    with pytest.raises(InputError, match="another speaker"):
        library.enrol("Ben", enrolled, CONSENT)
    assert [speaker.name for speaker in library.speakers()] == ["Anna"]


def test_the_same_video_counts_once_for_a_speaker(
    library: Library, make_session: MakeSession
) -> None:
    first = library.enrol("Anna", make_session(), CONSENT)
    with pytest.raises(InputError, match=r"'visit\.mov' is already among the sessions of 'Anna'"):
        library.enrol("Anna", make_session(seed=9))
    assert files(library) == [first.file_name]
    assert library.sessions("Anna") == [first]
    # two people may be seen in one video
    other = library.enrol("Ben", make_session(seed=9), CONSENT)
    assert library.sessions() == [first, other]


def test_a_video_measured_with_another_head_is_another_session(
    library: Library, make_session: MakeSession
) -> None:
    before = library.enrol("Anna", make_session(), CONSENT)
    anew = library.enrol("Anna", make_session(head_id="other-head"))
    assert library.sessions("Anna") == [before, anew]
    assert (before.name, anew.name) == ("visit", "visit (2)")
    assert library.gallery("other-head") == {"Anna": [anew]}
    sha256 = str(before.source_sha256)
    for entry in (before, anew):
        assert library.session_of("Anna", sha256, entry.head_id) == entry.id
    assert library.session_of("Anna", sha256, "third-head") is None


def test_the_gallery_holds_enrolled_sessions_of_one_head(
    library: Library, make_session: MakeSession
) -> None:
    def enrol(name: str, head_id: str) -> SessionEntry:
        return library.enrol(name, make_session(sha256=None, head_id=head_id), CONSENT)

    ben, anna, _, anna_again = (
        enrol("Ben", "open"),
        enrol("Anna", "open"),
        enrol("Anna", "flame"),
        enrol("Anna", "open"),
    )
    library.add_session(make_session(sha256=None, head_id="open"), speaker="Ben")
    library.add_session(make_session(sha256=None, head_id="open"))
    assert library.gallery("open") == {"Ben": [ben], "Anna": [anna, anna_again]}
    assert list(library.gallery("flame")) == ["Anna"]
    assert library.gallery("none") == {}
    assert [s.n_sessions for s in library.speakers()] == [2, 3]
    assert len(library.sessions("Ben")) == 2


def test_forgetting_leaves_no_trace_of_the_person(
    library: Library, make_session: MakeSession
) -> None:
    anna = library.enrol("Annabel Quist", make_session(), CONSENT)
    library.enrol("Annabel Quist", make_session(sha256="02" * 32))
    ben = library.enrol("Ben", make_session(sha256="03" * 32), "Ben's consent")
    library.audit.record("identify", "probe.mov: Annabel Quist 0.91, Ben 0.2")

    assert library.forget("Annabel Quist") == 2

    assert library.sessions() == [ben]
    assert files(library) == [ben.file_name]
    assert [speaker.name for speaker in library.speakers()] == ["Ben"]
    assert list(library.gallery("tiny-head")) == ["Ben"]
    trail = [(line.action, line.what) for line in library.audit.lines()]
    assert ("identify", "probe.mov: forgotten speaker 1 0.91, Ben 0.2") in trail
    assert trail[-1] == ("forget", "speaker 1, 2 sessions")
    library.close()
    for path in library.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Annabel" not in content
            assert CONSENT.encode() not in content
            assert anna.file_name.encode() not in content


def test_a_library_of_schema_1_is_taken_over_without_its_runs(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with Library.open(tmp_path) as library:
        library.enrol("Annabel Quist", make_session(), CONSENT)
        library.enrol("Annabel Quist", make_session(sha256="02" * 32))
    old = sqlite3.connect(tmp_path / "library.sqlite")
    old.execute(next(one for one in MIGRATIONS[0] if isinstance(one, str) and "TABLE runs" in one))
    old.execute("INSERT INTO runs VALUES (1, 1, 'dnr', '2025', '{}', 'Annabel Quist 0.4')")
    old.commit()
    old.close()
    set_version(tmp_path, 1)

    with Library.open(tmp_path) as library:
        first, second = library.sessions("Annabel Quist")
        library.delete_session(first)
        assert library.gallery("tiny-head") == {"Annabel Quist": [second]}
        assert library.forget("Annabel Quist") == 1
    assert b"Annabel" not in (tmp_path / "library.sqlite").read_bytes()
    for _ in range(2):  # and is opened again as one of the present schema
        Library.open(tmp_path).close()


def test_numbers_are_not_given_twice(library: Library, make_session: MakeSession) -> None:
    first = library.enrol("Anna", make_session(), CONSENT)
    library.forget("Anna")
    again = library.enrol("Anna", make_session(), CONSENT)
    assert again.id > first.id
    assert library.speakers()[0].id == 2


def test_deleting_one_session(library: Library, make_session: MakeSession) -> None:
    first = library.enrol("Anna", make_session(sha256=None), CONSENT)
    second = library.enrol("Anna", make_session(sha256=None))
    library.delete_session(first)
    assert library.sessions() == [second]
    assert files(library) == [second.file_name]
    for act in (library.delete_session, library.load):
        with pytest.raises(InputError, match="no longer in the library"):
            act(first)


def test_a_file_that_cannot_be_deleted_keeps_the_speaker(
    library: Library, make_session: MakeSession
) -> None:
    entry = library.enrol("Anna", make_session(), CONSENT)
    path = library.folder / "sessions" / entry.file_name
    path.unlink()
    path.mkdir()  # a folder in the file's place is not deleted by unlink, not even for root
    with pytest.raises(OutputError, match=entry.file_name):
        library.forget("Anna")
    assert [speaker.name for speaker in library.speakers()] == ["Anna"]
    path.rmdir()
    assert library.forget("Anna") == 1


def test_unknown_speakers_are_named(library: Library) -> None:
    for ask in (library.sessions, library.forget):
        with pytest.raises(InputError, match="no speaker 'Zoe'"):
            ask("Zoe")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_names_that_cannot_be(library: Library, make_session: MakeSession, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name"):
        library.enrol(name, make_session(), CONSENT)
    assert files(library) == []


def test_one_name_in_two_spellings_of_unicode(library: Library, make_session: MakeSession) -> None:
    library.enrol("Zo\u00eb", make_session(sha256=None), CONSENT)
    library.enrol(" Zoe\u0308 ", make_session(sha256=None))
    assert [speaker.name for speaker in library.speakers()] == ["Zo\u00eb"]


def test_the_audit_trail_says_who_did_what_when(
    library: Library, make_session: MakeSession
) -> None:
    entry = library.enrol("Anna", make_session(), CONSENT)
    library.audit.record("import", "3 sessions")
    enrolled, imported = library.audit.lines()
    assert (enrolled.action, enrolled.what) == ("enrol", f"Anna, session {entry.id}")
    assert (imported.action, imported.what) == ("import", "3 sessions")
    assert enrolled.who
    assert abs(datetime.now(UTC) - enrolled.at) < timedelta(minutes=1)


def test_choices_are_kept(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        assert library.setting("recognizer") is None
        library.set_setting("recognizer", "a")
        library.set_setting("recognizer", "b")
    with Library.open(tmp_path) as library:
        assert library.setting("recognizer") == "b"


def test_the_stated_time_of_recording_is_kept(library: Library, make_session: MakeSession) -> None:
    when = datetime(2024, 5, 3, 10, tzinfo=UTC)
    entry = library.add_session(altered(make_session(), recorded_at=when))
    assert entry.recorded_at == when


def test_a_sessions_day_is_set_and_taken_back(library: Library, make_session: MakeSession) -> None:
    first = library.enrol("Anna", make_session(sha256="01" * 32), CONSENT)
    assert first.date_words == f"(added {first.added_at.astimezone():%Y-%m-%d})"
    dated = library.date_session(first, date(2024, 3, 5))
    assert dated.date_words == "2024-03-05"
    assert library.sessions("Anna") == [dated]
    assert library.date_session(first, None) == first


def test_sessions_stand_by_their_days(library: Library, make_session: MakeSession) -> None:
    first, second, third = (
        library.enrol("Anna", make_session(sha256=f"{k:02d}" * 32), CONSENT, f"visit {k}")
        for k in (1, 2, 3)
    )
    library.date_session(first, date(2024, 3, 5))
    library.date_session(third, date(2023, 3, 5))
    names = [entry.name for entry in in_order(library.sessions("Anna"))]
    assert names == ["visit 3", "visit 1", "visit 2"]  # the last has no day but that of adding
    assert second.recorded_at is None


def test_a_day_to_come_is_refused(library: Library, make_session: MakeSession) -> None:
    entry = library.enrol("Anna", make_session(), CONSENT)
    for day in (date.today() + timedelta(days=1), date(1, 1, 1)):
        with pytest.raises(InputError, match="cannot have been recorded"):
            library.date_session(entry, day)
    assert library.sessions("Anna") == [entry]


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no library in"):
        Library.open(tmp_path / "none", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "lib"):
        with pytest.raises(OutputError, match="cannot be written"):
            Library.open(folder)


def test_another_file_in_place_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite").write_text("this is a text of some length, no database at all\n")
    with pytest.raises(InputError, match="no facedyn library or is damaged"):
        Library.open(tmp_path)


def test_a_newer_library_is_left_alone(tmp_path: Path) -> None:
    Library.open(tmp_path).close()
    set_version(tmp_path, 99)
    with pytest.raises(InputError, match="newer version of facedyn"):
        Library.open(tmp_path)
    set_version(tmp_path, 1)
    Library.open(tmp_path).close()


def set_version(folder: Path, version: int) -> None:
    connection = sqlite3.connect(folder / "library.sqlite")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_a_library_in_use_says_so_and_keeps_nothing_half(
    tmp_path: Path, make_session: MakeSession
) -> None:
    other = sqlite3.connect(tmp_path / "library.sqlite", isolation_level=None)
    with Library.open(tmp_path, wait_seconds=0.05) as library:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError, match="in use by another program"):
            library.add_session(make_session())
        assert files(library) == []
        with pytest.raises(InputError, match="in use by another program"):
            Library.open(tmp_path, wait_seconds=0.05)
        other.execute("ROLLBACK")
        assert library.add_session(make_session()).id == 1
    other.close()


def test_threads_each_with_its_own_library(tmp_path: Path, make_session: MakeSession) -> None:
    def add(number: int) -> None:
        with Library.open(tmp_path) as library:
            for _ in range(5):
                library.enrol(f"speaker {number}", make_session(sha256=None), CONSENT)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Library.open(tmp_path) as library:
        assert {s.name: s.n_sessions for s in library.speakers()} == {
            f"speaker {number}": 5 for number in range(4)
        }
        assert len(files(library)) == 20
        for entry in library.sessions():
            library.load(entry)


def test_a_session_that_cannot_be_written_leaves_no_row(
    library: Library, make_session: MakeSession
) -> None:
    (library.folder / "sessions").rmdir()
    with pytest.raises(OutputError, match="cannot be written"):
        library.enrol("Anna", make_session(), CONSENT)
    assert library.sessions() == []
    assert library.speakers() == []


def test_a_tampered_file_name_does_not_lead_out(
    library: Library, make_session: MakeSession, tmp_path: Path
) -> None:
    library.enrol("Anna", make_session(), CONSENT)
    outside = tmp_path / "precious.npz"
    outside.write_text("keep")
    connection = sqlite3.connect(library.folder / "library.sqlite")
    connection.execute("UPDATE sessions SET file_name = '../../precious.npz'")
    connection.commit()
    connection.close()
    library.forget("Anna")
    assert outside.read_text() == "keep"


def test_half_written_files_of_long_ago_are_swept(tmp_path: Path) -> None:
    Library.open(tmp_path).close()
    old, fresh = (tmp_path / "sessions" / f".{name}.npz.part" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_text("half")
    os.utime(old, (0, 0))
    with Library.open(tmp_path) as library:
        assert files(library) == [fresh.name]


def _modes(folder: Path) -> set[str]:
    return {oct(path.stat().st_mode & 0o777) for path in folder.rglob("*")}


@pytest.mark.skipif(os.name != "posix", reason="the system has no such modes")
@pytest.mark.parametrize("made_before", [False, True])
def test_only_the_owner_reads_a_library(
    tmp_path: Path, make_session: MakeSession, made_before: bool
) -> None:
    folder = tmp_path / "shared"
    before = os.umask(0o022)
    try:
        if made_before:
            folder.mkdir(mode=0o755)
            (folder / "theirs.txt").write_text("not the library's")
        with Library.open(folder) as library:
            library.enrol("Anna", make_session(), CONSENT)
            (folder / "recognizers" / "mine").mkdir()
            (folder / "recognizers" / "mine" / "config.json").write_text("{}")
        Library.open(folder).close()
    finally:
        os.umask(before)
    theirs = folder / "theirs.txt"
    if made_before:  # and what is shared on purpose stays so, and is said
        assert theirs.stat().st_mode & 0o777 == 0o644
        assert folder.stat().st_mode & 0o777 == 0o755
        assert "can be read by you alone" in shared_words(folder)
        theirs.unlink()
    else:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert shared_words(folder) == ""
    assert _modes(folder) == {"0o700", "0o600"}
