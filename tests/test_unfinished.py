"""What a killed program leaves half done is told from what another one is writing."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facedyn_app.errors import OutputError
from facedyn_app.files import atomic_file
from facedyn_app.folders import sweep_temporary
from facedyn_app.path_checks import check_output_file
from facedyn_app.unfinished import (
    SET_ASIDE,
    hidden_name,
    replace_folder,
    restore_folder,
    sweep_folder,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the system has no such locks")

WRITER = """
import sys, time
from pathlib import Path
from facedyn_app.files import atomic_file
from facedyn_app.folders import temporary_folder
from facedyn_app.unfinished import unfinished_folder
place = Path(sys.argv[1])
with atomic_file(place / "table.csv") as file, unfinished_folder(place / "mine") as folder:
    with temporary_folder("train") as spare:
        for path in (folder / "weights", spare / "motion"):
            path.write_text("half")
        file.write(b"half")
        file.flush()
        print("writing", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@contextmanager
def writing(place: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", WRITER, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


def test_what_another_process_writes_stays_until_it_is_killed(tmp_path: Path, temp: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / ".theirs.part").write_text("another program's")
    (temp / "facedyn-train-mycorpus").mkdir()
    with writing(place) as process:
        half_done = {
            path for path in (*place.iterdir(), *temp.iterdir()) if "facedyn-" in str(path)
        }
        assert len(half_done) == 4
        check_output_file(place / "other.csv")
        assert (sweep_folder(place), sweep_temporary()) == ([], [])
        process.send_signal(signal.SIGKILL)
        process.wait()
    swept = sweep_folder(place)
    assert sorted(path.name.split(".facedyn-")[0] for path in swept) == [".mine", ".table.csv"]
    assert len(sweep_temporary()) == 1
    assert [path.name for path in place.iterdir()] == [".theirs.part"]
    assert [path.name for path in temp.iterdir()] == ["facedyn-train-mycorpus"]


def test_the_next_writing_to_a_folder_takes_away_what_a_kill_left(
    tmp_path: Path, temp: Path
) -> None:
    with writing(tmp_path) as process:
        process.kill()
        process.wait()
    check_output_file(tmp_path / "new.csv")
    assert [path.name for path in tmp_path.iterdir()] == [temp.name]


def test_a_file_and_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 240 + ".csv")
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_file(path) as file:
        file.write(b"%d" % (1 // len(path.suffix[5:])))
    assert path.read_text() == "old"
    with atomic_file(path) as file:
        (hidden,) = (one for one in tmp_path.iterdir() if one != path)
        assert sweep_folder(tmp_path) == []
        assert hidden.exists()
        file.write(b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot be written"), atomic_file(tmp_path / "no" / "x"):
        pass


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_kill_while_a_folder_is_replaced_keeps_the_old_or_the_new_one(
    tmp_path: Path, step: int
) -> None:
    """A process that dies at the first renaming, at the second, and at the deletion after both."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").write_text(name)
    target = tmp_path / "old"
    code = (
        "import os, shutil, sys; from pathlib import Path\n"
        "from facedyn_app.unfinished import replace_folder\n"
        "step, rename, left = int(sys.argv[2]), Path.rename, [0]\n"
        "def die(*a, **k): os._exit(9)\n"
        "def count(path, target):\n"
        "    if left[0] == step: die()\n"
        "    left[0] += 1\n"
        "    return rename(path, target)\n"
        "Path.rename, shutil.rmtree = count, die\n"
        "replace_folder(Path(sys.argv[1]) / 'new', Path(sys.argv[1]) / 'old')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(step)]
    assert subprocess.run(command, check=False).returncode == 9
    restore_folder(target)
    assert (target / "weights").read_text() == ("new" if step == 2 else "old")
    sweep_folder(tmp_path)
    assert (target / "weights").read_text() == ("new" if step == 2 else "old")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(SET_ASIDE)]


def test_a_folder_that_cannot_be_replaced_is_back(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "nowhere", tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_link_in_place_of_an_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("keep")
    link = hidden_name(tmp_path / "table.csv")
    link.symlink_to(precious)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert sweep_folder(tmp_path) == [link]
    assert (precious / "data").read_text() == "keep"
