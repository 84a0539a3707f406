"""A folder is worked with by one process at a time, and nothing is left of the lock."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.locks import holding, in_use, lock_folder
from facedyn_app.progress import Cancelled


def test_a_folder_is_worked_with_by_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "mine.training"
    assert not in_use(folder)
    with holding(folder, "It is trained."):
        assert in_use(folder)
        with pytest.raises(InputError, match=r"It is trained\."), holding(folder, "It is trained."):
            pass
        assert in_use(folder)  # the one who was refused has taken nothing away
    assert not in_use(folder)


def test_nothing_is_left_of_a_lock_whatever_ends_the_work(tmp_path: Path) -> None:
    for end in (Cancelled, ValueError):
        with pytest.raises(end), holding(tmp_path / "mine.training", "It is trained."):
            raise end
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_in_a_folders_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sessions")
    asked = threading.Thread(
        target=lock_folder, args=(tmp_path / "sessions", 1.0), daemon=True, kwargs={"shared": True}
    )
    asked.start()
    asked.join(20)
    waits = asked.is_alive()
    if waits:  # let it go on
        os.close(os.open(tmp_path / "sessions", os.O_RDWR | os.O_NONBLOCK))
    assert not waits
