"""A folder is worked with by one process at a time, and nothing is left of the lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.locks import holding, in_use
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
