from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import atomic_file, atomic_folder, is_special, open_plain
from facedyn_app.path_checks import check_output_file

KERNEL_MESSAGES = Path("/proc/kmsg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_ordinary_file_is_not_replaced(tmp_path: Path) -> None:
    """Written as root, a rename would put an ordinary file in place of a device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no ordinary file"), atomic_file(pipe) as file:
        file.write(b"x")
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_file_that_comes_and_goes_is_an_ordinary_one(tmp_path: Path) -> None:
    """As a database's journal does while another program writes."""
    journal = tmp_path / "journal"
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            journal.touch()
            journal.unlink()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        assert not any(is_special(journal) for _ in range(20_000))
    finally:
        ended.set()
        other.join()
    assert is_special(tmp_path)


def test_a_file_of_another_kind_is_not_replaced(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    check_output_file(film, endings=(".npz",))  # nothing is lost
    film.write_bytes(b"a recording")
    with pytest.raises(OutputError, match="is there already and is not replaced"):
        check_output_file(film, endings=(".npz",))
    assert film.read_bytes() == b"a recording"
    (tmp_path / "S.NPZ").touch()
    check_output_file(tmp_path / "S.NPZ", endings=(".npz",))


def test_a_file_that_gives_nothing_yet_is_not_waited_for() -> None:
    """The system calls it an ordinary file; reading it would wait for the next message."""
    try:
        os.close(os.open(KERNEL_MESSAGES, os.O_RDONLY))
    except OSError:
        pytest.skip("this system's messages cannot be read")
    with pytest.raises(InputError, match="no ordinary file"), open_plain(KERNEL_MESSAGES):
        pass


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux has it")
def test_a_file_that_the_system_makes_up_is_refused() -> None:
    with pytest.raises(InputError, match="no ordinary file"), open_plain(Path("/proc/cpuinfo")):
        pass


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with atomic_folder(tmp_path / "empty") as folder:
        (folder / "a").write_text("a")
        assert not list((tmp_path / "empty").iterdir())
    assert (tmp_path / "empty" / "a").read_text() == "a"
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "other") as folder:
        (folder / "b").write_text(str(1 / len(list(folder.iterdir()))))
    with pytest.raises(OutputError, match="holds something"), atomic_folder(tmp_path / "empty"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
