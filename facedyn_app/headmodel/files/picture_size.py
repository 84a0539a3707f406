"""Size of a picture as its file's head states it, before anything is decoded."""

from __future__ import annotations

import struct

_PNG, _JPEG, _BMP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG file that begin a frame and state its size (ITU-T T.81, table B.1)."""


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG or BMP picture, px; None for anything else."""
    try:
        if content.startswith(_PNG):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith(_BMP):
            width, height = struct.unpack_from("<ii", content, 18)
        elif content.startswith(_JPEG):
            height, width = struct.unpack_from(">HH", content, _frame(content) + 5)
        else:
            return None
    except struct.error:
        return None
    return abs(width), abs(height)


def _frame(content: bytes) -> int:
    """Where the marker of the first frame of a JPEG file stands."""
    at = 2
    while True:
        mark, kind, length = struct.unpack_from(">BBH", content, at)
        if mark != 0xFF:
            raise struct.error
        if kind in _FRAMES:
            return at
        at += 1 if kind == 0xFF else 2 + length
