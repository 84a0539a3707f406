"""Kept embeddings: made once, the same as made anew, gone with their person."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.library.gallery import SessionEmbeddings
from facedyn_app.library.library import Library
from facedyn_app.library.record_file import RecordFile
from facedyn_app.progress import ignore
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.scoring import uncalibrated
from facedyn_app.records import Embedding
from facedyn_app.settings import FeatureSettings, NetworkSettings
from tests.recognizer.conftest import NAMES, easy_session, plain_backend

SIZES = NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=8)


def made_recognizer() -> Recognizer:
    network = MotionNetwork(12, SIZES).eval()
    features = FeatureSettings(window_s=5.0)
    backend = plain_backend(6, 8)
    return Recognizer("made", NAMES, features, SIZES, network, backend, uncalibrated())


@pytest.fixture
def library(tmp_path: Path) -> Library:
    opened = Library.open(tmp_path / "library")
    for speaker in range(3):
        for number in range(2):
            opened.enrol(f"made {speaker}", easy_session(speaker, number), "made up")
    return opened


def embedded(library: Library, recognizer: Recognizer) -> dict[str, list[Embedding]]:
    sessions, enrolled = SessionEmbeddings(library, recognizer, keep=True), library.gallery("made")
    sessions.keep_only(enrolled)
    found = sessions.of(enrolled, ignore)
    sessions.flush()
    return found


def kept(library: Library) -> list[Path]:
    return list(library.embeddings_folder.glob("*"))


def test_what_is_kept_is_what_is_made(library: Library) -> None:
    recognizer = made_recognizer()
    first = embedded(library, recognizer)
    assert {path.suffix for path in kept(library)} == {".bytes", ".rows"}
    for entry in library.sessions():  # without the sessions' files only what is kept can answer
        (library.folder / "sessions" / entry.file_name).unlink()
    again = embedded(library, recognizer)
    assert list(again) == list(first) == ["made 0", "made 1", "made 2"]
    for name, embeddings in first.items():
        for mine, theirs in zip(embeddings, again[name], strict=True):
            np.testing.assert_array_equal(mine.vectors, theirs.vectors)
            np.testing.assert_array_equal(mine.window_seconds, theirs.window_seconds)


def test_each_recognizer_has_its_own(library: Library) -> None:
    one, other = made_recognizer(), made_recognizer()
    assert one.fingerprint != other.fingerprint
    vectors = [embedded(library, each)["made 0"][0].vectors for each in (one, other)]
    assert len(kept(library)) == 4
    assert not np.allclose(vectors[0], vectors[1])


def test_a_new_session_is_added(library: Library) -> None:
    recognizer = made_recognizer()
    embedded(library, recognizer)
    library.enrol("made 0", easy_session(0, 5))
    assert len(embedded(library, recognizer)["made 0"]) == 3


def forget(library: Library) -> None:
    library.forget("made 1")


def delete_one(library: Library) -> None:
    library.delete_session(library.sessions("made 1")[0])


@pytest.mark.parametrize("remove", [forget, delete_one])
def test_they_go_with_the_person(library: Library, remove: Callable[[Library], None]) -> None:
    recognizer = made_recognizer()
    gone, stays = (embedded(library, recognizer)[name][0] for name in ("made 1", "made 2"))
    assert on_disk(library, gone)
    remove(library)
    assert not on_disk(library, gone)
    assert on_disk(library, stays)
    assert len(embedded(library, recognizer).get("made 1", [])) < 2


def on_disk(library: Library, embedding: Embedding) -> bool:
    """Whether the first coordinates of an embedding are in a file of the library."""
    sought = embedding.vectors[0].astype("<f2").tobytes()
    return any(sought in path.read_bytes() for path in kept(library))


@pytest.mark.parametrize("part", [".rows", ".bytes"])
@pytest.mark.parametrize("damage", [b"", b"no such thing", None])
def test_a_damaged_file_is_made_again(library: Library, damage: bytes | None, part: str) -> None:
    recognizer = made_recognizer()
    first = embedded(library, recognizer)
    path = next(path for path in kept(library) if path.suffix == part)
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    again = embedded(library, recognizer)
    np.testing.assert_array_equal(first["made 2"][1].vectors, again["made 2"][1].vectors)
    for entry in library.sessions():
        (library.folder / "sessions" / entry.file_name).unlink()
    again = embedded(library, recognizer)
    np.testing.assert_array_equal(first["made 2"][1].vectors, again["made 2"][1].vectors)


def test_one_too_short_is_left_out_with_a_warning(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.enrol("short", easy_session(9, 0, seconds=1.5), "made up")
    assert "short" not in embedded(library, made_recognizer())
    assert "'short' is left out" in caplog.text


def test_the_templates_of_who_may_not_be_recognised_any_more_go(library: Library) -> None:
    recognizer = made_recognizer()
    gone = embedded(library, recognizer)["made 1"][0]
    assert len(records(library)) == 6
    names = [entry.file_name for entry in library.sessions("made 1")]
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        connection.execute(
            "INSERT INTO consents (speaker_id, purpose, given_at, until, given_by) "
            "VALUES (2, 'recognition', '2019-01-01', '2020-01-01', '')"
        )
    assert list(embedded(library, recognizer)) == ["made 0", "made 2"]
    assert len(records(library)) == 4
    assert not set(names) & records(library)
    assert not on_disk(library, gone)


def records(library: Library) -> set[str]:
    (rows,) = (path for path in kept(library) if path.suffix == ".rows")
    return set(RecordFile(rows.with_suffix(""), library.files).places)
