"""The check of a library: what a kill leaves, what is missing or damaged, what is swept."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facedyn_app.library.integrity import check_library
from facedyn_app.library.library import Library
from facedyn_app.library.locks import holding
from facedyn_app.progress import ignore
from facedyn_app.records import Session

MakeSession = Callable[..., Session]
KILLED = """
import os, sys
from pathlib import Path
from facedyn_app.library.library import Library
from tests.library.conftest import _made_session
def die(*_):
    os._exit(9)
with Library.open(Path(sys.argv[1])) as library:
    if sys.argv[2] == "before":
        written = library.store._write
        library.store._write = lambda *a: die(written(*a))
    else:
        Path.replace = die
    library.enrol("Bo", _made_session(sha256="09" * 32), "consent of Bo")
"""


@pytest.fixture
def library(
    tmp_path: Path, make_session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    """Three sessions; what other programs left in the machine's temporary folder is not swept."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    with Library.open(tmp_path / "lib") as opened:
        for number in range(3):
            opened.enrol("Ann", make_session(sha256=f"{number:02d}" * 32), "consent of Ann")
        yield opened


def test_a_sound_library(library: Library) -> None:
    found = check_library(library, ignore)
    assert (found.n_sessions, found.sound, found.shared) == (3, True, "")
    assert (found.missing, found.damaged, found.unreferenced) == ((), (), ())
    assert (found.unfinished, found.trainings, found.swept) == ((), (), ())


def test_missing_and_damaged_sessions_are_named(library: Library) -> None:
    first, second, _ = library.sessions()
    library.session_path(first).unlink()
    content = library.session_path(second).read_bytes()
    library.session_path(second).write_bytes(content[: len(content) // 2])
    found = check_library(library, ignore)
    assert not found.sound
    assert found.missing == ("Ann, visit (#1)",)
    (damaged,) = found.damaged
    assert damaged.startswith("Ann, visit (2) (#2): The session file")


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_kill_at_the_renaming_leaves(library: Library, when: str) -> None:
    command = [sys.executable, "-c", KILLED, str(library.folder), when]
    assert subprocess.run(command, check=False).returncode == 9
    with Library.open(library.folder, create=False) as again:
        people = ["Ann"] if when == "before" else ["Ann", "Bo"]
        assert [speaker.name for speaker in again.speakers()] == people
        found = check_library(again, ignore)
        assert found.sound
        assert (found.unfinished, found.unreferenced) == ((), ())
        assert len(again.swept) == (1 if when == "before" else 0)
        assert len(again.sessions()) == (3 if when == "before" else 4)
        names = {entry.file_name for entry in again.sessions()}
        assert {path.name for path in again.sessions_folder.iterdir()} == names


def test_leftovers_older_than_a_day_are_swept_at_opening(library: Library) -> None:
    def left(place: str, *, old: bool) -> Path:
        path = library.folder / place
        path.parent.mkdir(exist_ok=True)
        if path.parent.name == "recognizers":
            path.mkdir()
            (path / "config.json").write_text("{}")
        else:
            path.write_text("half")
        if old:
            os.utime(path, (0, 0))
        return path

    swept = [
        left("embeddings/.a.npz.1.part", old=True),
        left("recognizers/.mine.2.part", old=True),
        left("sessions/.b.npz.part", old=True),
    ]
    kept = left("recognizers/.new.3.part", old=False)
    with Library.open(library.folder) as again:
        assert again.swept == tuple(path.relative_to(library.folder).as_posix() for path in swept)
        assert not any(path.exists() for path in swept)
        assert check_library(again, ignore).unfinished == ("recognizers/.new.3.part",)
        assert kept.exists()


def test_motion_that_earlier_versions_left_in_temporary_folders_is_swept(
    library: Library, tmp_path: Path
) -> None:
    old, fresh, theirs = (
        tmp_path / "temp" / f"facedyn-train-{name}" for name in ("abcdefgh", "ijklmnop", "mycorpus")
    )
    for folder in (old, fresh, theirs):
        folder.mkdir(parents=True)
        (folder / ("notes.txt" if folder is theirs else "tracks.json")).write_text("{}")
    for folder in (old, theirs):
        os.utime(folder, (0, 0))
    with Library.open(library.folder) as again:
        assert again.swept == (str(old),)
    assert sorted((tmp_path / "temp").iterdir()) == [fresh, theirs]


def test_an_unfinished_training_is_told_unless_it_runs(library: Library) -> None:
    folder = library.recognizers_folder / "mine.training"
    folder.mkdir()
    assert check_library(library, ignore).trainings == ("recognizers/mine.training",)
    with holding(folder, ""):
        assert check_library(library, ignore).trainings == ()
