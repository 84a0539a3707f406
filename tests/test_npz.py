"""Reading npz files of strangers: what is not what it says it is, is refused unread."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.npz import npz_names, read_npz


def packed(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def with_header(header: str, content: bytes = b"") -> bytes:
    """An array file of version 1 whose header is any text."""
    text = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def test_names_and_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "numbers.npz"
    np.savez_compressed(path, a=np.arange(3), b=np.eye(2), c=np.array("text"))
    assert npz_names(path) == {"a", "b", "c"}
    arrays = read_npz(path, required=("a",), optional=("c", "absent"))
    assert list(arrays) == ["a", "c"]
    np.testing.assert_array_equal(arrays["a"], [0, 1, 2])
    with pytest.raises(ValueError, match="it has no 'd'"):
        read_npz(path, required=("d",), optional=())


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n",
        "{'descr': (), 'fortran_order': False, 'shape': (2,), }\n",
        "{'descr': [1], 'fortran_order': False, 'shape': (2,), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 'wide', }\n",
        "  a\n b\n",
        "(" * 5000,
        "__import__('os').system('true')\n",
        "",
    ],
)
def test_a_header_that_lies_or_is_none_is_damage(tmp_path: Path, header: str) -> None:
    path = packed(tmp_path / "lie.npz", {"a.npy": with_header(header, bytes(8))})
    with pytest.raises(ValueError, match="damaged"):
        read_npz(path, required=("a",), optional=())


def test_packings_other_than_deflate_are_not_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(9))
    path = packed(tmp_path / "lzma.npz", {"a.npy": buffer.getvalue()}, zipfile.ZIP_LZMA)
    with pytest.raises(ValueError, match="damaged"):
        read_npz(path, required=("a",), optional=())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(InputError, match=r"pipe\.npz' is no ordinary file"):
        npz_names(tmp_path / "pipe.npz")
