"""Keys of a protected library, all derived from one random data key (HKDF, RFC 5869)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class LibraryKeys:
    """The keys of a library, 32 bytes each.

    Attributes:
        data: The data key, of which the others are derived.
        database: Of the database.
        files: Of the files, each of which has a key of its own from it.
        turning: Of the matrix that embeddings are turned by.
        kind: How the database is kept, one of `key_file.DATABASES`.
    """

    data: bytes
    database: bytes
    files: bytes
    turning: bytes
    kind: str

    @classmethod
    def of(cls, data: bytes, kind: str) -> LibraryKeys:
        """The keys that a data key gives."""
        database, files, turning = (
            derived(data, b"", f"facedyn {use}".encode())
            for use in ("database", "files", "turning")
        )
        return cls(data, database, files, turning, kind)


def derived(key: bytes, salt: bytes, use: bytes) -> bytes:
    """A key for one use, from another one."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=use).derive(key)
