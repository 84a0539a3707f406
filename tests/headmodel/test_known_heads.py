"""The user's own heads: found again by their id, never copied, told when moved or changed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.headmodel.files.io import load_head, save_head
from facedyn_app.headmodel.files.known_heads import FILE, KnownHeads
from facedyn_app.headmodel.model import HeadModel
from tests.headmodel.flame_files import flame_arrays, python2_pickle, write


@pytest.fixture
def known(tmp_path: Path) -> KnownHeads:
    return KnownHeads(tmp_path / "config" / "facedyn")


@pytest.fixture
def flame_file(tmp_path: Path, tiny_head: HeadModel) -> Path:
    (tmp_path / "FLAME2020").mkdir()
    content = python2_pickle(flame_arrays(tiny_head))
    return write(tmp_path / "FLAME2020" / "generic_model.pkl", content)


def test_a_remembered_head_is_found_by_its_id(known: KnownHeads, flame_file: Path) -> None:
    assert known.entries() == ()
    head = load_head(flame_file, known)
    known.remember(head, flame_file)
    (entry,) = known.entries()
    assert entry == known.find(head.head_id)
    assert Path(entry.path) == flame_file
    assert (entry.family, entry.version) == ("FLAME", "2020, by its name")
    assert (entry.n_vertices, entry.n_shape, entry.n_expression) == (62, 300, 100)
    assert "registration" in entry.licence
    again = load_head(head.head_id, known)
    assert again.sha256 == head.sha256 == entry.sha256
    np.testing.assert_array_equal(again.shapedirs, head.shapedirs)


def test_a_path_is_remembered_from_any_folder(
    known: KnownHeads, flame_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(flame_file.parent)
    head = load_head(flame_file.name, known)
    known.remember(head, Path(flame_file.name))
    monkeypatch.chdir(tmp_path)
    assert load_head(head.head_id, known).sha256 == head.sha256


def test_only_the_list_is_written(known: KnownHeads, flame_file: Path, tmp_path: Path) -> None:
    known.remember(load_head(flame_file, known), flame_file)
    files = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(files) == ["generic_model.pkl", FILE]


def test_the_same_head_elsewhere_is_remembered_once(
    known: KnownHeads, flame_file: Path, tmp_path: Path
) -> None:
    head = load_head(flame_file, known)
    known.remember(head, flame_file)
    moved = flame_file.rename(tmp_path / "model.pkl")
    assert load_head(moved, known).head_id == head.head_id
    known.remember(load_head(moved, known), moved)
    (entry,) = known.entries()
    assert Path(entry.path) == moved
    assert load_head(head.head_id, known).sha256 == head.sha256


def test_a_head_that_has_moved_or_changed_is_told(
    known: KnownHeads, flame_file: Path, tmp_path: Path, tiny_head: HeadModel
) -> None:
    head_id = known.remember(load_head(flame_file, known), flame_file).head_id
    flame_file.write_bytes(python2_pickle(flame_arrays(tiny_head, seed=1)))
    with pytest.raises(InputError, match=rf"generic_model\.pkl' has changed since '{head_id}'"):
        load_head(head_id, known)
    flame_file.unlink()
    with pytest.raises(InputError, match=rf"'{head_id}' was read from .* not there any more"):
        load_head(head_id, known)


def test_a_head_can_be_forgotten(known: KnownHeads, flame_file: Path) -> None:
    head = load_head(flame_file, known)
    known.remember(head, flame_file)
    known.forget(head.head_id)
    assert known.entries() == ()
    assert flame_file.is_file()
    with pytest.raises(InputError, match=f"no remembered head '{head.head_id}'"):
        known.forget(head.head_id)
    with pytest.raises(InputError, match=f"no head '{head.head_id}'"):
        load_head(head.head_id, known)


def test_heads_keep_their_order(known: KnownHeads, tiny_head: HeadModel, tmp_path: Path) -> None:
    for name in ("b", "c", "a", "b"):
        path = tmp_path / f"{name}.npz"
        save_head(replace(tiny_head, head_id=name), path)
        known.remember(load_head(path, known), path)
    assert [entry.head_id for entry in known.entries()] == ["b", "c", "a"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'{"format": "facedyn-session", "version": 1, "heads": []}',
        b'{"format": "facedyn-known-heads", "version": 1, "heads": 3}',
        b'{"format": "facedyn-known-heads", "version": 1, "heads": [{"head_id": "x"}]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_list_is_named(known: KnownHeads, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config" / "facedyn" / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{FILE}' is damaged"):
        known.entries()


def test_a_newer_list_is_left_alone(known: KnownHeads, flame_file: Path, tmp_path: Path) -> None:
    head = load_head(flame_file, known)
    known.remember(head, flame_file)
    path = tmp_path / "config" / "facedyn" / FILE
    newer = json.dumps({**json.loads(path.read_text(encoding="utf-8")), "version": 2})
    path.write_text(newer, encoding="utf-8")
    with pytest.raises(InputError, match="newer program"):
        known.remember(head, flame_file)
    assert path.read_text(encoding="utf-8") == newer


def test_a_list_that_cannot_be_written_is_told(flame_file: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a file\n", encoding="utf-8")
    known = KnownHeads(tmp_path / "plain" / "facedyn")
    with pytest.raises((OutputError, InputError), match=FILE):
        known.remember(load_head(flame_file, known), flame_file)
