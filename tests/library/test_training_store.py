"""Training store: what is written is read again, in shards, and damage is told."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.dynamics.features import motion_features
from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.training_store import TrainingStore, is_store, write_store
from facedyn_app.settings import FeatureSettings
from tests.recognizer.conftest import easy_session

FEATURES = FeatureSettings(window_s=5.0)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    opened = Library.open(tmp_path / "library")
    for speaker in ("Zoe", "Ada", "Ben"):
        for number in range(2):
            opened.enrol(speaker, easy_session(ord(speaker[0]), number), "made up")
    return opened


@pytest.fixture
def store(library: Library, tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    assert list(write_store(folder, library.sessions(), library.load, 15_000)) == [1, 2, 3, 4, 5, 6]
    return folder


def test_sessions_are_read_as_they_were(library: Library, store: Path) -> None:
    opened = TrainingStore(store)
    assert is_store(store)
    assert not is_store(library.folder)
    names = {"S-000001": "Ada", "S-000002": "Ben", "S-000003": "Zoe"}
    for mine, entry in zip(opened.sessions(), library.sessions(), strict=True):
        assert names[str(mine.speaker)] == entry.speaker
        assert (mine.head_id, mine.simulated, mine.n_frames) == ("made", True, entry.n_frames)
        assert entry.file_name.startswith(mine.file_name)
        one, other = opened.load(mine), library.load(entry)
        np.testing.assert_array_equal(one.motion.expression, other.motion.expression)
        np.testing.assert_array_equal(one.motion.seconds, other.motion.seconds)
        found, expected = (motion_features(each, FEATURES).values for each in (one, other))
        np.testing.assert_array_equal(found, expected)


def test_it_is_sharded_and_says_the_hash_of_every_file(store: Path) -> None:
    manifest = json.loads((store / "manifest.json").read_text())
    files = {path.name for path in store.iterdir()} - {"manifest.json"}
    assert set(manifest["sha256"]) == files
    assert sum(name.startswith("tracks-") for name in files) == 3
    assert (manifest["n_sessions"], manifest["n_speakers"], manifest["simulated"]) == (6, 3, True)
    content = b"".join(path.read_bytes() for path in store.iterdir())
    assert not any(name in content for name in (b"Ada", b"Ben", b"Zoe"))


def damage_tracks(store: Path) -> None:
    path = store / "tracks-00001.bin"
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)


def damage_index(store: Path) -> None:
    path = store / "sessions.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def lose_tracks(store: Path) -> None:
    (store / "tracks-00002.bin").unlink()


def newer(store: Path) -> None:
    path = store / "manifest.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))


@pytest.mark.parametrize("damage", [damage_tracks, damage_index, lose_tracks, newer])
def test_damage_is_told(store: Path, damage: Callable[[Path], None]) -> None:
    damage(store)
    with pytest.raises(InputError, match="training store"):
        read_all(store)


def read_all(store: Path) -> list[SessionEntry]:
    opened = TrainingStore(store)
    for entry in opened.sessions():
        opened.load(entry)
    return opened.sessions()
