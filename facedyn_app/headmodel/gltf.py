"""The binary glTF container (GLB, glTF 2.0 of the Khronos Group): JSON and one block of numbers."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC, VERSION = b"glTF", 2
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_COMPONENTS: Mapping[int, npt.DTypeLike] = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
MOST_JSON_BYTES = 2**25


class GlbWriter:
    """Collects numbers, and writes them with the JSON that speaks of them.

    Attributes:
        content: The JSON: what a caller puts there, and the accessors.
    """

    def __init__(self) -> None:
        self.content: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "facedyn"},
            "accessors": [],
            "bufferViews": [],
        }
        self._blocks: list[bytes] = []
        self._length = 0

    def add(self, values: npt.NDArray[Any], kind: str, bounds: bool = False) -> int:
        """Put numbers into the file.

        Args:
            values: (N,) or (N, K), of a type that glTF has.
            kind: glTF's name of a row, such as "VEC3".
            bounds: Whether to state the least and the largest row, as glTF wants of positions and
                times.

        Returns:
            The number of the accessor.
        """
        content = np.ascontiguousarray(values)
        codes = {np.dtype(dtype): code for code, dtype in _COMPONENTS.items()}
        block = content.tobytes()
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": len(block)}
        self.content["bufferViews"].append(view)
        padding = b"\0" * (-len(block) % 4)
        self._blocks += [block, padding]
        self._length += len(block) + len(padding)
        accessor: dict[str, Any] = {
            "bufferView": len(self.content["bufferViews"]) - 1,
            "componentType": codes[content.dtype],
            "count": len(content),
            "type": kind,
        }
        if bounds:
            rows = content.reshape(len(content), -1)
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.content["accessors"].append(accessor)
        return len(self.content["accessors"]) - 1

    def to_bytes(self) -> bytes:
        """The file."""
        numbers = b"".join(self._blocks)
        self.content["buffers"] = [{"byteLength": len(numbers)}]
        text = json.dumps(self.content, allow_nan=False).encode("utf-8")
        text += b" " * (-len(text) % 4)
        length = 12 + 8 + len(text) + 8 + len(numbers)
        return b"".join(
            (
                struct.pack("<4sII", MAGIC, VERSION, length),
                struct.pack("<II", len(text), _JSON) + text,
                struct.pack("<II", len(numbers), _BIN) + numbers,
            )
        )


class GlbReader:
    """The JSON and the numbers of a file.

    Args:
        data: The file's bytes.

    Attributes:
        content: The JSON.

    Raises:
        ValueError: It is no GLB file, or is damaged; says so, without the file's name.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 20 or data[:4] != MAGIC:
            raise ValueError("it is no GLB file")
        _, version, length = struct.unpack_from("<4sII", data)
        if version != VERSION or length > len(data):
            raise ValueError("it is a GLB of another version, or has been cut off")
        n_text, kind = struct.unpack_from("<II", data, 12)
        begin = 20 + n_text
        if kind != _JSON or begin > len(data) or n_text > MOST_JSON_BYTES:
            raise ValueError("it is damaged")
        try:
            self.content = json.loads(data[20:begin])
        except (ValueError, RecursionError) as error:
            raise ValueError("its JSON is damaged") from error
        if not isinstance(self.content, dict):
            raise ValueError("its JSON is damaged")  # noqa: TRY004 (of the file)
        self._numbers = data[begin + 8 :]

    def rows(self, accessor: int) -> npt.NDArray[Any]:
        """(N, K) the numbers of an accessor.

        Raises:
            ValueError: There is none such, or it leads out of the file.
        """
        try:
            stated = self.content["accessors"][accessor]
            view = self.content["bufferViews"][stated["bufferView"]]
            dtype = np.dtype(_COMPONENTS[stated["componentType"]])
            width, count = _WIDTHS[stated["type"]], int(stated["count"])
            begin = int(view.get("byteOffset", 0)) + int(stated.get("byteOffset", 0))
            packed = view.get("byteStride") in (None, width * dtype.itemsize)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ValueError("its accessors are damaged") from error
        end = begin + count * width * dtype.itemsize
        if not packed or view.get("buffer", 0) != 0 or not 0 <= begin <= end <= len(self._numbers):
            raise ValueError("its numbers do not lie in the file as they must")
        return np.frombuffer(self._numbers[begin:end], dtype).reshape(count, width)
