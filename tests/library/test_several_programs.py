"""A library that several programs, or threads of one, work with at the same time."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, text

from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.files import files_below
from facedyn_app.library.archive import total_size
from facedyn_app.library.database import DATABASE, change_mark
from facedyn_app.library.embeddings import embedding_file
from facedyn_app.library.exchange import export_speakers
from facedyn_app.library.gallery import enrolled_gallery
from facedyn_app.library.integrity import check_library
from facedyn_app.library.library import Library
from facedyn_app.library.names import Erasure
from facedyn_app.library.people import change_consent
from facedyn_app.library.privacy import make_private
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.record_file import RecordFile
from facedyn_app.library.schema import TakeRow
from facedyn_app.library.session_events import keep_events
from facedyn_app.library.takes import find_copies
from facedyn_app.library.traces import Traces, search_traces
from facedyn_app.library.videos import relink_videos, remember_video
from facedyn_app.progress import OnProgress, Progress, ignore
from tests.library.test_embeddings import made_recognizer
from tests.library.test_videos import film, kept
from tests.recognizer.conftest import easy_session

CONSENT = "simulated, no consent needed"
NOBODY = Traces(Erasure("Ann", "X"), (), ())
WRITES = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0.1, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""
Forget = Callable[..., OnProgress]


def refusal(folder: Path) -> str:
    """What another program is told that would write to a library; empty where it may."""
    command = [sys.executable, "-c", WRITES, str(folder / DATABASE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def meanwhile(act: Callable[[], object], at: int = 1) -> OnProgress:
    """Acts once, as another program, when the work under test tells the nth time how far it is."""
    left: list[Callable[[], object]] = [act, *[lambda: None] * (at - 1)]

    def told(_: Progress) -> None:
        if left:
            left.pop()()

    return told


@contextmanager
def coming_and_going(make: Callable[[], object], remove: Callable[[], object]) -> Iterator[None]:
    """Something that another program makes and removes all the time."""
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            make()
            remove()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        yield
    finally:
        ended.set()
        other.join()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    opened = Library.open(tmp_path / "library")
    for speaker in ("Ada", "Ben", "Cleo"):
        for number in range(2):
            opened.enrol(speaker, easy_session(ord(speaker[0]), number), CONSENT)
    return opened


@pytest.fixture
def forget(library: Library) -> Forget:
    """Another program that forgets a speaker."""

    def forget_meanwhile(name: str, at: int = 1) -> OnProgress:
        def act() -> None:
            with Library.open(library.folder) as other:
                other.forget(name)

        return meanwhile(act, at)

    return forget_meanwhile


def test_a_look_at_a_library_leaves_the_locks_of_other_threads(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        opened = (library.files, library.keys)
        assert refusal(tmp_path) == ""
        with library.transaction() as orm:
            orm.execute(text("SELECT 1"))
            for look in (
                lambda: change_mark(tmp_path),
                lambda: search_traces([tmp_path], NOBODY, ignore, opened),
            ):
                other = threading.Thread(target=look)
                other.start()
                other.join()
                assert refusal(tmp_path) == "database is locked"


def test_a_search_waits_for_a_program_that_writes(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        opened = (library.files, library.keys)
    writer = sqlite3.connect(tmp_path / DATABASE, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    end = threading.Timer(0.3, lambda: writer.execute("COMMIT"))
    end.start()
    assert search_traces([tmp_path], NOBODY, ignore, opened).findings == ()
    end.join()
    writer.close()


def test_a_search_passes_over_what_another_program_is_done_with(tmp_path: Path) -> None:
    for name in ("a.part", "b.part"):
        (tmp_path / name).write_text("half a session")
    taken = meanwhile((tmp_path / "b.part").unlink)
    assert search_traces([tmp_path], NOBODY, taken).findings == ()


def test_folders_that_come_and_go_are_looked_through(tmp_path: Path) -> None:
    (tmp_path / "stays").write_text("")
    passing = tmp_path / "passes"
    with coming_and_going(passing.mkdir, passing.rmdir):
        for _ in range(3000):
            assert list(files_below(tmp_path)) == [tmp_path / "stays"]


def test_a_journal_that_comes_and_goes_does_not_keep_a_library_shut(tmp_path: Path) -> None:
    journal = tmp_path / f"{DATABASE}-journal"
    with coming_and_going(journal.touch, journal.unlink):
        for _ in range(3000):
            make_private(tmp_path, (), DATABASE)
            assert total_size([journal]) == 0


def test_the_first_records_of_two_programs_are_both_kept_and_both_erased(tmp_path: Path) -> None:
    files = LibraryFiles(Path(), None)
    one, two = (RecordFile(tmp_path / "x", files) for _ in range(2))
    one.append({"a": b"of Ada"})
    two.append({"b": b"of Ben"})
    assert RecordFile(tmp_path / "x", files).read("a") == b"of Ada"
    RecordFile(tmp_path / "x", files).erase(["a"])
    assert b"Ada" not in (tmp_path / "x.bytes").read_bytes()
    assert RecordFile(tmp_path / "x", files).read("b") == b"of Ben"


def test_who_is_forgotten_during_a_comparison_leaves_no_template(
    library: Library, forget: Forget
) -> None:
    recognizer = made_recognizer()
    gone = {entry.file_name for entry in library.sessions("Ada")}
    enrolled = library.gallery("made")
    found = enrolled_gallery(library, recognizer, enrolled, forget("Ada"))
    assert found.names == ("Ben", "Cleo")
    assert not gone & embedding_file(library, recognizer.fingerprint).places.keys()
    assert not list(library.embeddings_folder.glob("*.npz"))
    # read before, forgotten afterwards
    gone = {entry.file_name for entry in library.sessions("Cleo")}
    recognizer = made_recognizer()
    enrolled = dict(reversed(library.gallery("made").items()))
    enrolled_gallery(library, recognizer, enrolled, forget("Cleo"))
    assert not gone & embedding_file(library, recognizer.fingerprint).places.keys()


def test_who_takes_consent_back_during_a_comparison_leaves_no_template(library: Library) -> None:
    recognizer = made_recognizer()
    own = {entry.file_name for entry in library.sessions("Ada")}
    withdrawn = meanwhile(lambda: change_consent(library, "Ada", {}))
    enrolled_gallery(library, recognizer, library.gallery("made"), withdrawn)
    assert not own & embedding_file(library, recognizer.fingerprint).places.keys()


def test_a_session_is_read_wherever_its_file_is_by_then(library: Library) -> None:
    entry = library.sessions()[0]
    whole = library.store.path(entry.file_name)
    hidden = whole.with_name(f".{whole.name}.facedyn-0123456789ab.part")
    whole.rename(hidden)
    assert library.session_path(entry) == hidden  # as between the rows' commit and its name

    def read(path: Path) -> bytes:
        if path == hidden:
            hidden.rename(whole)
        return path.read_bytes()

    assert library.reading(entry, read) == whole.read_bytes()


def test_a_session_that_is_gone_is_said_to_be(library: Library) -> None:
    entry = library.sessions()[0]
    library.delete_session(entry)
    with pytest.raises(InputError, match=r"'Ada' is no longer in the library"):
        library.load(entry)


def test_a_check_finds_nothing_wrong_with_what_was_forgotten_meanwhile(
    library: Library, forget: Forget
) -> None:
    found = check_library(library, forget("Ben"))
    assert (found.n_sessions, found.missing, found.damaged) == (4, (), ())


def test_a_check_waits_for_a_file_that_another_program_is_about_to_delete(library: Library) -> None:
    older = library.sessions_folder / f"{'a' * 32}.npz"
    older.write_bytes(b"a session before frames of it were excluded")
    deleted = threading.Timer(0.3, older.unlink)
    deleted.start()
    assert check_library(library, ignore).unreferenced == ()
    deleted.join()
    older.write_bytes(b"a session that a killed program has left")
    assert check_library(library, ignore).unreferenced == (f"sessions/{older.name}",)


def test_signatures_of_sessions_that_are_gone_are_not_kept(
    library: Library, forget: Forget
) -> None:
    entries = library.sessions()
    with library.transaction() as orm:
        orm.execute(delete(TakeRow))
    assert find_copies(library, easy_session(1, 0), entries, forget("Ada", at=2)) == []
    with library.transaction() as orm:
        assert orm.query(TakeRow).count() == 4


def test_places_of_videos_and_sessions_that_are_gone_are_not_kept(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        first = film(tmp_path / "a.mp4", b"one")
        second = film(tmp_path / "b.mp4", b"two")
        ann, bob = kept(library, "Ann", first), kept(library, "Bob", second)
        taken = meanwhile(lambda: library.forget("Ann"))
        assert [entry.speaker for entry in relink_videos(library, [first], taken).missing] == []
        remember_video(library, ann, first)
        second.unlink()
        remember_video(library, bob, second)


def test_events_go_where_the_session_is_by_then(library: Library) -> None:
    entry = library.sessions()[0]
    out, note = Event("exclude", 0.5, 1.0), Event("note", 0.5, 0.5)
    keep_events(library, entry, [out])
    keep_events(library, entry, [out, note])  # as another window, which listed it before
    assert set(library.load(entry).events) == {note, out}
    keep_events(library, entry, [note])
    (now,) = (one for one in library.sessions() if one.id == entry.id)
    assert library.load(now).events == (note,)
    names = {one.file_name for one in library.sessions()}
    assert {path.name for path in library.sessions_folder.iterdir()} == names


def test_who_is_forgotten_during_an_export_is_in_no_file(
    library: Library, forget: Forget, tmp_path: Path
) -> None:
    with pytest.raises(InputError):
        export_speakers(library, ["Ada", "Ben"], tmp_path / "people", forget("Ben", at=4))
    assert not (tmp_path / "people").exists()


def test_directions_of_two_programs_stand_beside_each_other(library: Library) -> None:
    recognizer = made_recognizer()
    enrolled = library.gallery("made")
    with Library.open(library.folder) as other:
        act = meanwhile(lambda: enrolled_gallery(other, recognizer, enrolled))
        first = enrolled_gallery(library, recognizer, enrolled, act)
    second = enrolled_gallery(library, recognizer, enrolled)
    np.testing.assert_allclose(second.directions, first.directions, atol=1e-6)
