"""An import goes on where one folder or file is bad, and names what it leaves out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.progress import ignore
from facedyn_app.workflows.import_ import ImportedCorpus, import_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement
from tests.library.conftest import _made_session


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for k, name in enumerate(("anna", "bert", "cleo")):
        place = tmp_path / "corpus" / name
        place.mkdir(parents=True)
        save_session(_made_session(seed=k, sha256=f"{k:02d}" * 32), place / "one.npz")
    return tmp_path / "corpus"


def imported(corpus: Path) -> ImportedCorpus:
    statement = ImportStatement(consent="given", permission="")
    options = FitOptions(head="open-head-2")
    library = corpus.parent / "library"
    return import_folder(corpus, library, Layout.AUTO, statement, options, ignore)


@pytest.mark.parametrize("name", ["n" * 240, "b\x1b]0;x\x07", "gpj.\u202exe"])
def test_a_folder_that_can_be_nobodys_name(corpus: Path, name: str) -> None:
    (corpus / "bert").rename(corpus / name)
    found = imported(corpus)
    assert (found.n_added, found.n_speakers) == (2, 2)
    ((path, sentence),) = found.left_out
    assert path == str(corpus / name)
    assert "cannot be the name of a speaker" in sentence


def test_a_folder_that_is_no_utf8_keeps_its_bytes_as_letters(corpus: Path) -> None:
    os.rename(corpus / "bert", os.fsencode(corpus) + b"/b\xffrt")
    (corpus / "anna" / "one.npz").rename(os.fsdecode(os.fsencode(corpus) + b"/anna/o\xe9.npz"))
    assert imported(corpus).n_added == 3
    with Library.open(corpus.parent / "library") as library:
        assert {one.name for one in library.speakers()} == {"anna", r"b\xffrt", "cleo"}
        assert [one.name for one in library.sessions("anna")] == [r"o\xe9"]


def test_a_folder_that_may_not_be_entered(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked, listing = corpus / "bert", Path.iterdir

    def iterdir(path: Path) -> object:  # root may enter every folder
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = imported(corpus)
    assert found.n_added == 2
    assert any(str(locked) in sentence for _, sentence in found.left_out)


def test_a_link_to_a_folder_above_is_not_followed(corpus: Path) -> None:
    (corpus / "bert" / "above").symlink_to(corpus)
    assert imported(corpus).n_added == 3


@pytest.mark.parametrize(
    ("name", "number"),
    [("expression", 3e38), ("jaw", 7.0), ("rotation", -7.0), ("translation", 1001.0),
     ("shape", 1e4), ("shape_chunks", 1e4), ("face_px", 1e7)],
)  # fmt: skip
def test_numbers_that_no_face_reaches(corpus: Path, name: str, number: float) -> None:
    path = corpus / "bert" / "one.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays[name] = arrays[name].copy()
    arrays[name].flat[-1] = number
    with path.open("wb") as file:
        np.savez(file, **arrays)
    found = imported(corpus)
    assert found.n_added == 2
    ((_, sentence),) = found.left_out
    assert str(path) in sentence
    assert f"'{name}' is beyond" in sentence


def test_the_largest_of_any_face_are_read(corpus: Path) -> None:
    path = corpus / "bert" / "one.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["expression"] = np.full_like(arrays["expression"], 1e3)
    arrays["rotation"] = np.full_like(arrays["rotation"], 6.28)
    arrays["translation"][~arrays["valid"]] = 3e38  # of no valid frame
    with path.open("wb") as file:
        np.savez(file, **arrays)
    session = load_session(path)
    assert np.nanmax(session.motion.expression) == 1e3
    assert np.isnan(session.motion.translation[5]).all()
