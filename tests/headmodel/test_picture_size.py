"""The size of a texture is known, and refused where it is too large, before it is decoded."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.ict_files import _read_picture
from facedyn_app.headmodel.files.picture_size import picture_size


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp"])
def test_the_size_stands_in_the_head(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"skin{ending}"
    assert cv2.imwrite(str(path), np.zeros((37, 411, 3), np.uint8))
    content = path.read_bytes()
    assert picture_size(content) == (411, 37)
    assert picture_size(content[:10]) is None
    assert _read_picture(path).shape == (37, 411, 3)


def test_a_rotating_or_comment_block_before_a_jpeg_frame_is_passed_over() -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 5) + b"hello"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, 480, 640)
    assert picture_size(b"\xff\xd8" + comment + frame) == (640, 480)
    assert picture_size(b"\xff\xd8" + comment) is None
    assert picture_size(b"\xff\xd8garbage that is none") is None
    assert picture_size(b"GIF89a") is None


def test_fifteen_thousand_pixels_are_refused_unseen(tmp_path: Path) -> None:
    """A PNG of some bytes that would unpack to 675 MB and more."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    path = tmp_path / "skin.png"
    head = struct.pack(">IIBBBBB", 15_000, 15_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b""))
    with pytest.raises(InputError, match="15000 x 15000 pixels") as refused:
        _read_picture(path)
    assert "2048" in refused.value.hint
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="no picture that can be read"):
        _read_picture(path)
