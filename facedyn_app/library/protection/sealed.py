"""Sealed files: AES-256-GCM in pieces, each file under a key and a label of its own.

A file is 16 bytes that say what it is, a salt of 16 bytes, and pieces of at most 1 MiB, each with
its tag of 16 bytes. Its key is derived from the library's by the salt; the nonce of a piece is its
number, big-endian in 11 bytes, and a byte that is 1 for the last one (STREAM: Hoang, Reyhanitabar,
Rogaway and Vizár 2015), so that pieces can be neither swapped nor cut off. The label, a file's name
from the library's folder, is authenticated with each piece: no file can stand in another's place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from facedyn_app.files import open_plain, read_plain
from facedyn_app.library.protection.keys import derived
from facedyn_app.unfinished import final_name

MAGIC: Final = b"facedyn sealed\x00\x01"
_SALT, _TAG, _PIECE = 16, 16, 1 << 20
_HEAD = len(MAGIC) + _SALT


class SealError(ValueError):
    """What is no sealed file, was changed, or was sealed under another key or for another place."""


def seal(content: bytes | memoryview, key: bytes, label: str) -> bytes:
    """Seal bytes under a key, for the place of a label."""
    salt = os.urandom(_SALT)
    cipher, plain = AESGCM(derived(key, salt, b"facedyn file")), memoryview(content)
    pieces = [MAGIC, salt]
    last = max(0, -(-len(plain) // _PIECE) - 1)
    for number in range(last + 1):
        piece = plain[number * _PIECE : (number + 1) * _PIECE]
        pieces.append(cipher.encrypt(_nonce(number, last), piece, label.encode()))
    return b"".join(pieces)


def unseal(content: bytes, key: bytes, label: str) -> bytes:
    """The bytes that were sealed.

    Raises:
        SealError: They were not sealed under this key for this label, or are not whole.
    """
    if content[: len(MAGIC)] != MAGIC or len(content) < _HEAD + _TAG:
        raise SealError("it is not sealed as the files of a protected library are")
    cipher = AESGCM(derived(key, content[len(MAGIC) : _HEAD], b"facedyn file"))
    sealed, step = memoryview(content)[_HEAD:], _PIECE + _TAG
    last = -(-len(sealed) // step) - 1
    try:
        pieces = [
            cipher.decrypt(
                _nonce(number, last), sealed[number * step : (number + 1) * step], label.encode()
            )
            for number in range(last + 1)
        ]
    except InvalidTag as error:
        raise SealError("it was changed, or is of another place or library") from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def sealed_size(n_bytes: int) -> int:
    """How many bytes a sealed file of so many has."""
    return _HEAD + n_bytes + _TAG * max(1, -(-n_bytes // _PIECE))


def _nonce(number: int, last: int) -> bytes:
    return number.to_bytes(11, "big") + bytes([number == last])


class LibraryFiles:
    """The one way to read and write files in a library's folder: as they are, or sealed.

    Args:
        folder: The library's folder.
        key: Of its files; None where it is not protected.
    """

    def __init__(self, folder: Path, key: bytes | None) -> None:
        self._folder, self._key = folder.absolute(), key

    @property
    def sealed(self) -> bool:
        """Whether they are sealed."""
        return self._key is not None

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """A file to read from; of a sealed one, which is read whole, the content in memory.

        Raises:
            InputError: It is there but no ordinary file.
            OSError: It cannot be opened.
            SealError: It is not sealed as it must be.
        """
        with open_plain(path) as file:
            if self._key is None or not self.covers(path):
                yield file
                return
            content = file.read()
        yield BytesIO(unseal(content, self._key, self._label(path)))

    def read(self, path: Path, most_bytes: int) -> bytes:
        """The content of a file of so many bytes at most.

        Raises:
            InputError: It is no ordinary file, or is larger.
            OSError: It cannot be opened.
            SealError: It is not sealed as it must be.
        """
        if self._key is None or not self.covers(path):
            return read_plain(path, most_bytes)
        return unseal(read_plain(path, sealed_size(most_bytes)), self._key, self._label(path))

    def opened_content(self, content: bytes, path: Path) -> bytes:
        """What a file's bytes mean; those that are not sealed stay as they are.

        Raises:
            SealError: They were sealed under other keys, or for another place.
        """
        if self._key is None or not content.startswith(MAGIC):
            return content
        return unseal(content, self._key, self._label(path))

    def stream_key(self, salt: bytes) -> bytes | None:
        """The key of a file that is read and written in places; None where nothing is sealed."""
        return None if self._key is None else derived(self._key, salt, b"facedyn stream")

    @contextmanager
    def writing(self, file: BinaryIO, path: Path) -> Iterator[BinaryIO]:
        """A file to write to, which goes into an open one when the block ends well.

        Args:
            file: The open one.
            path: The name that it has or is to have.
        """
        if self._key is None or not self.covers(path):
            yield file
            return
        content = BytesIO()
        yield content
        file.write(seal(content.getbuffer(), self._key, self._label(path)))

    def record_size(self, n_bytes: int) -> int:
        """How many bytes a record of so many has in a file of records; an empty one has none."""
        return n_bytes if self._key is None or n_bytes == 0 else sealed_size(n_bytes)

    def to_record(self, content: bytes, path: Path, name: str) -> bytes:
        """A record as it stands in a file of records, for this name alone."""
        if self._key is None or not content:
            return content
        return seal(content, self._key, f"{self._label(path)}/{name}")

    def of_record(self, content: bytes, path: Path, name: str) -> bytes:
        """What a record in a file of records says.

        Raises:
            SealError: It was changed, or is of another name, file or library.
        """
        if self._key is None or not content:
            return content
        return unseal(content, self._key, f"{self._label(path)}/{name}")

    def below(self, folder: Path) -> LibraryFiles:
        """Files of a folder by itself, wherever it is, sealed if these are."""
        return LibraryFiles(folder, self._key)

    def covers(self, path: Path) -> bool:
        """Whether a file is one of the library's folder."""
        return path.absolute().is_relative_to(self._folder)

    def _label(self, path: Path) -> str:
        """The place of a file, whatever hidden name it has until it is whole."""
        parts = path.absolute().relative_to(self._folder).parts
        return "/".join(final_name(part) or part for part in parts)
