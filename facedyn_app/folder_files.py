"""Files of a folder as they are read and written: as they are, or sealed under a key.

Whoever reads and writes them need not know which; a protected library has its own way
(`library.protection.sealed`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from facedyn_app.files import open_plain, read_plain
from facedyn_app.stream_cipher import KEY_BYTES, StreamCipher


class FolderFiles(Protocol):
    """The one way to read and write the files of a folder."""

    def opened(self, path: Path) -> AbstractContextManager[BinaryIO]:
        """A file to read from, as `open_plain`; ValueError where it is sealed and damaged."""

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The content of a file, as `read_plain`; ValueError where it is sealed and damaged."""

    def writing(self, file: BinaryIO, path: Path) -> AbstractContextManager[BinaryIO]:
        """A file to write to, whose content goes into an open one that is to be called `path`."""

    def stream_key(self, salt: bytes) -> bytes | None:
        """The key of a file that is read and written in places; None where it is as it is."""


class PlainFiles:
    """Files as they are."""

    def opened(self, path: Path) -> AbstractContextManager[BinaryIO]:
        """A file to read from."""
        return open_plain(path)

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The content of a file."""
        return read_plain(path, most_bytes)

    @contextmanager
    def writing(self, file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
        """The open file itself."""
        yield file

    def stream_key(self, salt: bytes) -> bytes | None:
        """None: nothing is sealed."""
        return None


class SpareFiles:
    """Files that this process alone reads again: under a key that is nowhere but in its memory.

    Each is written once.
    """

    def __init__(self) -> None:
        self._key = os.urandom(KEY_BYTES)

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """A file to read from, its content in memory."""
        with open_plain(path) as file:
            content = file.read()
        yield BytesIO(self._cipher(path)(content, 0))

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The content of a file."""
        return self._cipher(path)(read_plain(path, most_bytes), 0)

    @contextmanager
    def writing(self, file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
        """A file to write to, which goes into the open one when the block ends well."""
        content = BytesIO()
        yield content
        file.write(self._cipher(path)(content.getvalue(), 0))

    def stream_key(self, salt: bytes) -> bytes | None:
        """The key of a file that is read and written in places."""
        return sha256(self._key + salt).digest()

    def _cipher(self, path: Path) -> StreamCipher:
        return StreamCipher(sha256(self._key + path.name.encode()).digest())


PLAIN: Final[FolderFiles] = PlainFiles()


def write_file(files: FolderFiles, path: Path, content: bytes) -> None:
    """Write a file; OSError where it cannot be written."""
    with path.open("wb") as file, files.writing(file, path) as out:
        out.write(content)
