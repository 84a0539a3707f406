"""Kept galleries: the same as made anew, of the sessions enrolled now, gone with their person."""

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.large_library import fill_rows
from facedyn_app.errors import TooLittleError
from facedyn_app.library.embeddings import embedding_file, to_bytes
from facedyn_app.library.gallery import enrolled_gallery, library_embedding
from facedyn_app.library.library import Library
from facedyn_app.recognizer.backend import MOST_ADAPTING_SPEAKERS
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery
from facedyn_app.records import Embedding
from tests.library.test_embeddings import embedded, made_recognizer
from tests.recognizer.conftest import easy_session


@pytest.fixture
def library(tmp_path: Path) -> Library:
    opened = Library.open(tmp_path / "library")
    opened.enrol("Zoe", easy_session(9, 0, seconds=1.5), "made up")  # too short to compare with
    for speaker in ("Ada", "Ben"):
        for number in range(2):
            opened.enrol(speaker, easy_session(ord(speaker[0]), number), "made up")
    return opened


def compared(library: Library, recognizer: Recognizer) -> Gallery:
    return enrolled_gallery(library, recognizer, library.gallery("made"))


def kept(library: Library) -> Path:
    (path,) = library.embeddings_folder.glob("*.directions.bytes")
    return path


def without_embeddings(library: Library) -> None:
    """Only a kept gallery can answer."""
    for entry in library.sessions():
        (library.folder / "sessions" / entry.file_name).unlink()
    for path in library.embeddings_folder.iterdir():
        if ".embeddings." in path.name:
            path.unlink()


def test_what_is_kept_is_what_is_made(library: Library) -> None:
    recognizer = made_recognizer()
    first = compared(library, recognizer)
    made = recognizer.gallery(embedded(library, recognizer))
    probe = recognizer.embed(easy_session(ord("B"), 7))
    without_embeddings(library)
    again = compared(library, recognizer)
    assert first.names == again.names == made.names == ("Ada", "Ben")
    scores = [[m.score for m in recognizer.rank(probe, one)] for one in (first, again, made)]
    np.testing.assert_allclose(scores[1], scores[0], atol=1e-6)
    np.testing.assert_allclose(scores[2], scores[0], atol=1e-6)
    assert b"Ada" not in kept(library).read_bytes()


def test_embeddings_of_an_unprotected_library_are_not_turned(library: Library) -> None:
    recognizer, session = made_recognizer(), easy_session(ord("B"), 7)
    turned = library_embedding(library, recognizer, session)
    np.testing.assert_array_equal(turned.vectors, recognizer.embed(session).vectors)


def test_each_session_is_embedded_once_and_left_out_once(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    recognizer, embedded_times = made_recognizer(), []
    recognizer.network.register_forward_hook(lambda *_: embedded_times.append(1))
    compared(library, recognizer)
    assert len(embedded_times) == 4
    assert caplog.text.count("is left out") == 1


def test_another_session_makes_another_gallery(library: Library) -> None:
    recognizer = made_recognizer()
    first = compared(library, recognizer).directions.copy()
    library.enrol("Ben", easy_session(ord("B"), 5))
    assert not np.allclose(compared(library, recognizer).directions, first)
    library.forget("Ben")
    assert {path.name.split(".")[1] for path in library.embeddings_folder.iterdir()} == {
        "embeddings"
    }
    assert compared(library, recognizer).names == ("Ada",)


@pytest.mark.parametrize("damage", [b"", b"no such thing", None])
def test_a_damaged_file_is_made_again(library: Library, damage: bytes | None) -> None:
    recognizer = made_recognizer()
    first = compared(library, recognizer).directions.copy()
    for path in sorted(library.embeddings_folder.iterdir()):
        path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
        np.testing.assert_array_equal(compared(library, recognizer).directions, first)
        np.testing.assert_array_equal(compared(library, recognizer).directions, first)


def test_nothing_is_kept_where_the_user_wants_it_so(library: Library) -> None:
    gallery = library.gallery("made")
    found = enrolled_gallery(library, made_recognizer(), gallery, keep=False)
    assert found.names == ("Ada", "Ben")
    assert not library.embeddings_folder.exists()
    with pytest.raises(TooLittleError, match="too short"):
        enrolled_gallery(library, made_recognizer(), {"Zoe": gallery["Zoe"]})


def test_one_more_in_a_large_gallery_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    recognizer, rng = made_recognizer(), np.random.default_rng(3)
    library = Library.open(tmp_path / "large")
    fill_rows(library, MOST_ADAPTING_SPEAKERS + 3, MOST_ADAPTING_SPEAKERS + 3, "made")
    width = sum(recognizer.backend.sizes)
    kept_embeddings = embedding_file(library, recognizer.fingerprint)
    kept_embeddings.append(
        {
            entry.file_name: to_bytes(
                Embedding(rng.normal(size=(2, width)), np.array([[0.0, 5.0], [2.5, 7.5]]))
            )
            for entry in library.sessions()
        }
    )
    first = compared(library, recognizer)
    before = {path.name: path.read_bytes() for path in library.embeddings_folder.iterdir()}
    library.enrol("one more", easy_session(1, 0), "made up")
    second = compared(library, recognizer)
    assert second.names == (*first.names, "one more")
    np.testing.assert_array_equal(second.directions[:-1], first.directions)
    for name, content in before.items():
        now = (library.embeddings_folder / name).read_bytes()
        assert now == content if name.endswith(".npz") else now.startswith(content)
    made = recognizer.gallery(embedded(library, recognizer))
    np.testing.assert_allclose(second.directions, made.directions, atol=1e-6)
    assert isinstance(second.directions, np.memmap)
    gone = library.sessions("S-002001")[0].file_name
    library.forget("S-002001")
    assert gone not in embedding_file(library, recognizer.fingerprint)
    third = compared(library, recognizer)
    assert third.names == tuple(name for name in second.names if name != "S-002001")
    np.testing.assert_array_equal(third.directions[-1], second.directions[-1])
