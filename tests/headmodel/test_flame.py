"""FLAME files, whoever wrote them, come in bit by bit; nothing of chumpy is needed."""

import collections
import pickle
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch

from facedyn_app.files import sha256_of
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from tests.headmodel.flame_files import (
    Arrays,
    flame_arrays,
    python2_pickle,
    python3_chumpy_pickle,
    write,
)


@pytest.fixture
def arrays(tiny_head: HeadModel) -> Arrays:
    return flame_arrays(tiny_head)


def check_same(head: HeadModel, arrays: Arrays) -> None:
    """Every number of the head is the file's, bit by bit."""
    for name in ("v_template", "posedirs", "weights", "J_regressor"):
        np.testing.assert_array_equal(getattr(head, name), arrays[name], strict=True)
    np.testing.assert_array_equal(head.shapedirs, arrays["shapedirs"][:, :, :300], strict=True)
    np.testing.assert_array_equal(head.exprdirs, arrays["shapedirs"][:, :, 300:], strict=True)
    np.testing.assert_array_equal(head.faces, arrays["f"])
    assert head.faces.dtype == np.int32
    assert head.parents.tolist() == [-1, 0, 1, 1, 1]


def sparse(arrays: Arrays, kind: str) -> bytes:
    make = getattr(scipy.sparse, kind)
    return pickle.dumps({**arrays, "J_regressor": make(arrays["J_regressor"])}, 2)


def moved(arrays: Arrays, protocol: int) -> bytes:
    return pickle.dumps(turned_about(arrays), protocol)


def turned_about(arrays: Arrays) -> Arrays:
    """The same numbers, stored by columns, by moved axes, and with the high byte first."""
    directions = np.ascontiguousarray(arrays["shapedirs"].transpose(1, 0, 2)).transpose(1, 0, 2)
    return {
        **arrays,
        "v_template": np.asfortranarray(arrays["v_template"]),
        "shapedirs": directions,
        "weights": arrays["weights"].astype(">f8"),
        "kintree_table": arrays["kintree_table"].astype(np.int64),
    }


WRITERS: dict[str, Callable[[Arrays], bytes]] = {
    "python 2 with chumpy": python2_pickle,
    "python 2, by columns": lambda a: python2_pickle(turned_about(a)),
    "python 3 with chumpy, protocol 0": lambda a: python3_chumpy_pickle(a, 0),
    "python 3 with chumpy, protocol 2": lambda a: python3_chumpy_pickle(a, 2),
    "python 3 with chumpy, protocol 4": lambda a: python3_chumpy_pickle(a, 4),
    **{f"arrays alone, protocol {n}": partial(pickle.dumps, protocol=n) for n in (2, 3, 4, 5)},
    **{f"moved, protocol {n}": partial(moved, protocol=n) for n in (2, 4, 5)},
    **{
        kind: partial(sparse, kind=kind)
        for kind in ("csc_matrix", "csr_matrix", "coo_matrix", "csc_array", "coo_array")
    },
    "an ordered dictionary": lambda a: pickle.dumps(collections.OrderedDict(a), 2),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_pickle_comes_in_as_it_was_written(arrays: Arrays, tmp_path: Path, writer: str) -> None:
    path = write(tmp_path / "generic_model.pkl", WRITERS[writer](arrays))
    head = load_head(path)
    check_same(head, arrays)
    assert head.sha256 == sha256_of(path)
    assert head.head_id == f"flame-{head.sha256[:8]}"
    assert head.joint_names == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert head.expression_names[:2] == ("expression_000", "expression_001")
    assert (head.n_shape, head.n_expression) == (300, 100)
    assert head.activations is False
    assert head.landmarks is None
    assert "chumpy" not in sys.modules


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_comes_in_as_it_was_written(
    arrays: Arrays, tmp_path: Path, save: Callable[..., None]
) -> None:
    save(tmp_path / "flame.npz", **arrays, gender=np.array("generic"))
    check_same(load_head(tmp_path / "flame.npz"), arrays)


def test_single_precision_stays_and_half_precision_becomes_single(
    arrays: Arrays, tmp_path: Path
) -> None:
    single = {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in arrays.items()}
    check_same(load_head(write(tmp_path / "f.pkl", pickle.dumps(single, 2))), single)
    half = {**single, "posedirs": single["posedirs"].astype(np.float16)}
    read = load_head(write(tmp_path / "h.pkl", pickle.dumps(half, 2)))
    np.testing.assert_array_equal(read.posedirs, half["posedirs"].astype(np.float32), strict=True)


def test_the_content_says_what_a_file_is_not_its_name(arrays: Arrays, tmp_path: Path) -> None:
    pickled = write(tmp_path / "model.npz", python2_pickle(arrays))
    np.savez(tmp_path / "other.npz", **arrays)
    packed = (tmp_path / "other.npz").rename(tmp_path / "model.pkl")
    check_same(load_head(pickled), arrays)
    check_same(load_head(packed), arrays)


@pytest.mark.parametrize(
    ("name", "version", "licence"),
    [
        ("FLAME2020/generic_model.pkl", "2020, by its name", "registration"),
        ("FLAME2020/FLAME2019.pkl", "2019, by its name", "registration"),
        ("flame2023.pkl", "2023, by its name", "registration"),
        ("flame2023_Open.pkl", "2023 Open, by its name", "CC-BY-4.0"),
        ("models/generic_model.pkl", "unknown version", "registration"),
        ("scan_120205/male_model.pkl", "unknown version", "registration"),
    ],
)
def test_what_is_known_of_a_file_is_noted(
    arrays: Arrays, tmp_path: Path, name: str, version: str, licence: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    head = load_head(write(path, python2_pickle(arrays)))
    assert head.meta["family"] == "FLAME"
    assert head.meta["version"] == version
    assert licence in head.meta["licence"]
    assert path.name in head.meta["origin"]
    assert str(tmp_path) not in str(head.meta)
    # the id depends on the bytes alone: a file that is moved stays the same head
    assert head.head_id == f"flame-{sha256_of(path)[:8]}"


def test_a_read_head_moves_like_the_head_it_was_made_of(
    arrays: Arrays, tiny_head: HeadModel, tmp_path: Path
) -> None:
    head = load_head(write(tmp_path / "flame.pkl", python2_pickle(arrays)))
    pose = torch.zeros(1, 5, 3, dtype=torch.float64)
    pose[0, 2, 0] = 0.3
    shape, expression = torch.zeros(1, 300).double(), torch.zeros(1, 100).double()
    shape[0, :3] = torch.tensor([1.0, -2.0, 0.5])
    expression[0, :4] = torch.tensor([0.3, 0.6, 0.1, 0.9])
    moved = head_vertices(head_to_tensors(head, dtype=torch.float64), shape, expression, pose)
    small = head_to_tensors(tiny_head, dtype=torch.float64)
    expected = head_vertices(small, shape[:, :3], expression[:, :4], pose)
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-12)


def test_a_file_of_full_size_loads_in_seconds(tmp_path: Path) -> None:
    arrays = flame_arrays(load_head("open-head-2"))
    path = write(tmp_path / "generic_model.pkl", python2_pickle(arrays))
    assert path.stat().st_size > 40e6
    began = time.perf_counter()
    head = load_head(path)
    assert time.perf_counter() - began < 20
    check_same(head, arrays)
