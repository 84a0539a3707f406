"""Pipes, devices and files without an end, wherever a file is asked for."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import FacedynError, InputError
from facedyn_app.files import read_plain
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.files.known_heads import KnownHeads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import load_session
from facedyn_app.npz import read_npz
from facedyn_app.recognizer.reading import read_json, read_tensors
from facedyn_app.settings_file import read_settings
from facedyn_app.simulate.observation import read_observation
from facedyn_app.tracks.reading import read_sessions, sha256_of_recording

READERS: dict[str, Callable[[Path], object]] = {
    "session": load_session,
    "track": lambda path: read_sessions([path]),
    "sha256": lambda path: sha256_of_recording([path]),
    "head": load_head,
    "json": read_json,
    "tensors": read_tensors,
    "settings": read_settings,
    "observation": read_observation,
    "heads.json": lambda path: KnownHeads(path.parent).entries(),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [pipe, endless, loop])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], reader: str
) -> None:
    path = tmp_path / ("heads.json" if reader == "heads.json" else "given.npz")
    make(path)
    with pytest.raises(FacedynError) as caught:
        READERS[reader](path)
    assert path.name in caught.value.sentence


def test_a_file_is_read_as_far_as_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(10))
    assert read_plain(path, 10) == bytes(10)
    with pytest.raises(InputError, match=r"'.*a' is larger than"):
        read_plain(path, 9)


def test_numbers_of_a_byte_count_as_what_becomes_of_them(tmp_path: Path) -> None:
    """80 million bytes, 80 KB on disk, would be 0.6 GiB as numbers that can be computed with."""
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, meta=np.array("x"), valid=np.zeros(80_000_000, np.int8))
    assert path.stat().st_size < 200_000
    with pytest.raises(ValueError, match=r"it would unpack to 0\.6 GiB"):
        read_npz(path, ("valid",), ())
    assert read_npz(path, ("meta",), ()).keys() == {"meta"}


def test_a_long_text_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "text.npz"
    np.savez_compressed(path, meta=np.array("[" * 5_000_000))
    with pytest.raises(ValueError, match=r"'meta.npy' holds a text of 19 MiB"):
        read_npz(path, ("meta",), ())


def test_the_directorys_own_sizes_are_looked_at_first(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(600):
            member.write(bytes(2**20))
    with pytest.raises(ValueError, match="more than this program reads"):
        read_npz(path, ("a",), ())


def test_a_recognizer_says_no_number_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    for number in ("1e400", "NaN", "-Infinity"):
        path.write_text(f'{{"metrics": {{"top1": {number}}}}}')
        with pytest.raises(InputError, match=r"config\.json.*it is no JSON"):
            read_json(path)
    path.write_text('{"metrics": 1e300}')
    assert read_json(path) == {"metrics": 1e300}


def test_a_head_file_whose_name_is_no_utf8_is_remembered(
    tmp_path: Path, tiny_head: HeadModel
) -> None:
    heads = KnownHeads(tmp_path)
    path = tmp_path / "caf\udce9.npz"
    heads.remember(replace(tiny_head, sha256="ab" * 32), path)
    (entry,) = heads.entries()
    assert entry.path == str(path)
