"""A recognizer that another program replaces while it is read is read whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.folder_files import PlainFiles
from facedyn_app.recognizer.files import BACKEND, FILES, load_recognizer, save_recognizer
from tests.library.test_embeddings import made_recognizer


class ReplacedMeanwhile(PlainFiles):
    """Another program puts a new recognizer in a folder's place before one of its files is read."""

    def __init__(self, folder: Path, at: str) -> None:
        self._folder, self._at, self._left = folder, at, 1

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The file, of whichever recognizer is there then."""
        if path.name == self._at and self._left:
            self._left -= 1
            newer = replace(made_recognizer(), training={"n_speakers": 20})
            save_recognizer(newer, self._folder)
        return super().read(path, most_bytes)


@pytest.mark.parametrize("at", FILES)
def test_a_recognizer_that_is_replaced_meanwhile_is_the_newer_one(tmp_path: Path, at: str) -> None:
    folder = tmp_path / "mine"
    save_recognizer(replace(made_recognizer(), training={"n_speakers": 10}), folder)
    assert load_recognizer(folder, ReplacedMeanwhile(folder, at)).training == {"n_speakers": 20}


def test_a_damaged_recognizer_is_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    save_recognizer(made_recognizer(), folder)
    (folder / BACKEND).write_bytes(b"no tensors")
    with pytest.raises(InputError, match=BACKEND):
        load_recognizer(folder)
