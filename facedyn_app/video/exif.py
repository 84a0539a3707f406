"""The orientation that a JPEG photograph states in its EXIF data (CIPA DC-008, tag 0x0112)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from facedyn_app.files import open_plain
from facedyn_app.video.geometry import Orientation

MOST_BYTES: Final = 2**18
"""EXIF data are among the first segments, which have 64 KiB at most."""
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3
_MOST_TAGS: Final = 1000
_ORIENTATIONS: Final = {
    2: Orientation(0, unmirror=True),
    3: Orientation(2),
    4: Orientation(2, unmirror=True),
    5: Orientation(3, unmirror=True),
    6: Orientation(3),
    7: Orientation(1, unmirror=True),
    8: Orientation(1),
}


def exif_orientation(path: Path) -> Orientation | None:
    """How a JPEG file is to become upright; None where it is none, or has no such data.

    Raises:
        InputError: It is no ordinary file.
        OSError: It cannot be read.
    """
    with open_plain(path) as file:
        head = file.read(MOST_BYTES)
    if head[:2] != b"\xff\xd8":
        return None
    try:
        data = _exif_data(head)
        number = None if data is None else _orientation_tag(data)
    except (struct.error, IndexError):  # broken off
        return None
    return None if number is None else _ORIENTATIONS.get(number, Orientation())


def _exif_data(head: bytes) -> bytes | None:
    """The TIFF file within the first APP1 segment that is one of EXIF."""
    place = 2
    while head[place] == 0xFF:
        marker, (length,) = head[place + 1], struct.unpack_from(">H", head, place + 2)
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker in (0xD9, 0xDA) or length < 2:  # the end, the picture itself, or nonsense
            return None
        segment = head[place + 4 : place + 2 + length]
        if marker == 0xE1 and segment[:6] == b"Exif\0\0":
            return segment[6:]
        place += 2 + length
    return None


def _orientation_tag(data: bytes) -> int | None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return None
    (first,) = struct.unpack_from(order + "I", data, 4)
    (n_tags,) = struct.unpack_from(order + "H", data, first)
    for k in range(min(n_tags, _MOST_TAGS)):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", data, first + 2 + 12 * k)
        if tag == _ORIENTATION and kind == _SHORT:
            return int(value)
    return None
