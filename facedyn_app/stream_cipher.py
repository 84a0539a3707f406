"""Stream cipher for files that are read and written in places (AES-256 in counter mode).

Byte n of a file is combined with byte n of the key's stream, so that each part of it is read by
itself. Whoever reads the file learns nothing; who changes it is not found out, so that it is for
files which the program makes again. No place may be written twice under one key.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

KEY_BYTES: Final = 32
_BLOCK: Final = 16


class StreamCipher:
    """Encrypts and decrypts, which is the same, parts of one file.

    Args:
        key: 32 bytes, of this file alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, content: bytes | memoryview, first: int) -> bytes:
        """The bytes of a part that begins at byte `first` of the file."""
        block, skipped = divmod(first, _BLOCK)
        stream = Cipher(AES(self._key), CTR(block.to_bytes(_BLOCK, "big"))).encryptor()
        stream.update(bytes(skipped))
        return stream.update(content)
