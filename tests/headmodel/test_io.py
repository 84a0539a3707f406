"""The head file: what is written comes back, and bad files are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import sha256_of
from facedyn_app.headmodel.files.io import list_heads, load_head, save_head
from facedyn_app.headmodel.model import HeadModel

ARRAYS = ("v_template", "faces", "shapedirs", "exprdirs", "posedirs", "J_regressor", "weights")


@pytest.fixture
def head_file(tiny_head: HeadModel, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.npz"
    save_head(tiny_head, path)
    return path


def altered(path: Path, **changes: Any) -> Path:
    """A copy of a head file with arrays replaced, or dropped where the change is None."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, value in changes.items():
        arrays.pop(name) if value is None else arrays.update({name: value})
    other = path.with_name("altered.npz")
    np.savez(other, **arrays)
    return other


def altered_meta(path: Path, **changes: Any) -> Path:
    with np.load(path) as archive:
        meta = json.loads(str(archive["meta"]))
    return altered(path, meta=np.asarray(json.dumps({**meta, **changes})))


def test_a_head_comes_back_as_it_was(tiny_head: HeadModel, head_file: Path) -> None:
    head = load_head(head_file)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(head, name), getattr(tiny_head, name), atol=1e-7)
    assert head.head_id == tiny_head.head_id
    assert head.expression_names == tiny_head.expression_names
    assert head.joint_names == tiny_head.joint_names
    assert head.activations is True
    assert head.meta == tiny_head.meta
    assert head.region is None
    assert head.sha256 == sha256_of(head_file)
    assert head.landmarks is not None
    assert tiny_head.landmarks is not None
    np.testing.assert_array_equal(head.landmarks.index, tiny_head.landmarks.index)
    np.testing.assert_array_equal(head.landmarks.face, tiny_head.landmarks.face)


def test_the_same_head_gives_the_same_bytes(tiny_head: HeadModel, head_file: Path) -> None:
    again = head_file.with_name("again.npz")
    save_head(tiny_head, again)
    assert again.read_bytes() == head_file.read_bytes()
    assert sorted(p.name for p in head_file.parent.iterdir()) == ["again.npz", "tiny.npz"]


def test_every_array_is_needed(head_file: Path) -> None:
    for name in (*ARRAYS, "parents", "expression_names", "joint_names", "landmark_bary"):
        with pytest.raises(InputError, match=f"altered.npz.*lacks.*{name}"):
            load_head(altered(head_file, **{name: None}))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("weights", np.ones((62, 4), np.float32), "shape"),
        ("shapedirs", np.ones((61, 3, 3), np.float32), "shape"),
        ("v_template", np.full((62, 3), np.nan, np.float32), "not numbers"),
        ("faces", np.full((120, 3), 62, np.int32), "past the mesh"),
        ("faces", np.zeros((120, 3), np.float32), "type"),
        ("landmark_face", np.full(1000, 5, np.int32), "shape"),
        ("parents", np.array([-1, 2, 1, 1, 1], np.int32), "tree"),
        ("joint_names", np.array(["root", "neck", "chin", "left_eye", "right_eye"]), "'jaw'"),
        ("posedirs", np.ones((62, 3, 9), np.float32), "joints"),
        ("meta", np.asarray("{"), "meta"),
    ],
)
def test_unfit_arrays_are_refused(
    head_file: Path, name: str, value: np.ndarray, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        load_head(altered(head_file, **{name: value}))
    assert "altered.npz" in caught.value.sentence


def test_other_formats_and_newer_versions_are_refused(head_file: Path) -> None:
    with pytest.raises(InputError, match="version 2"):
        load_head(altered_meta(head_file, version=2))
    with pytest.raises(InputError, match="facedyn-session"):
        load_head(altered_meta(head_file, format="facedyn-session"))


def test_objects_in_a_file_are_never_unpickled(head_file: Path) -> None:
    trap = np.array([{"a": 1}], dtype=object)
    with pytest.raises(InputError, match=r"altered.npz.*'faces.npy' holds Python objects"):
        load_head(altered(head_file, faces=trap))
    # what is no array of a head is not even looked at
    assert load_head(altered(head_file, extra=trap)).head_id == "tiny-head"


def test_damaged_and_missing_files_are_refused(head_file: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.npz"
    half.write_bytes(head_file.read_bytes()[: head_file.stat().st_size // 2])
    with pytest.raises(InputError, match=r"half\.npz"):
        load_head(half)
    with pytest.raises(InputError, match="neither a built-in head nor a file"):
        load_head("no-such-head")


def test_a_head_cannot_be_written_into_nothing(tiny_head: HeadModel, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_head(tiny_head, tmp_path / "absent" / "head.npz")


def test_the_built_in_heads_load() -> None:
    assert list_heads() == ("open-head-2", "open-head-1")
    assert [load_head(name).head_id for name in list_heads()] == ["open-head-2", "open-head-1"]


@pytest.mark.parametrize("name", ["plain/head.pkl", "n" * 300, "null\0byte"])
def test_a_path_that_cannot_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").write_text("a file\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"The head file '.*' cannot be opened: ") as caught:
        load_head(tmp_path / name)
    assert name in caught.value.sentence


def test_ict_facekit_is_known_by_its_arrays(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "heads" / "ict_facekit_light.npz"
    (tmp_path / "some_face").symlink_to(source)
    head = load_head(tmp_path / "some_face")
    assert head.meta["family"] == "ICT-FaceKit"
    assert head.head_id == f"ict-{sha256_of(source)[:8]}"
