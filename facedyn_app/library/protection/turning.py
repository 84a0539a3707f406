"""Turning of embeddings by an orthogonal matrix that a key gives: cosines stay, libraries differ.

Each block of an embedding, descriptors and the network's, is multiplied by an orthogonal matrix Q,
distributed evenly over all of them: of a square matrix of Gaussians with the decomposition Q R, the
sign of each column that of R's diagonal (Stewart 1980). Products and lengths within a block stay as
they are, so that who is most like whom does not change, and neither does a space adapted to turned
embeddings; without the key, embeddings of one person in two libraries cannot be told to be theirs,
and new keys make what was copied earlier useless (renewability and unlinkability, ISO/IEC 24745).

The Gaussians come from AES-256 in counter mode, by Box and Muller: the same under every version of
numpy, whose own streams of Gaussians may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from facedyn_app.library.protection.keys import derived
from facedyn_app.records import Embedding, FloatArray


def turned(embedding: Embedding, sizes: Sequence[int], key: bytes) -> Embedding:
    """An embedding turned, in the half precision in which embeddings are kept.

    Args:
        embedding: (W, D) vectors.
        sizes: Coordinates of each block, D together.
        key: Of the matrix, the library's own.
    """
    blocks = np.split(embedding.vectors, np.cumsum(sizes)[:-1], axis=1)
    parts = [
        block @ orthogonal_matrix(derived(key, b"", f"block {k}".encode()), size)
        for k, (block, size) in enumerate(zip(blocks, sizes, strict=True))
    ]
    near = np.concatenate(parts, axis=1).astype(np.float16)
    return Embedding(near.astype(np.float32), embedding.window_seconds)


@lru_cache(maxsize=8)
def orthogonal_matrix(key: bytes, size: int) -> FloatArray:
    """(size, size) float32 orthogonal matrix of a key, 32 bytes."""
    q, r = np.linalg.qr(_gaussians(key, size * size).reshape(size, size))
    return np.asarray(q * np.sign(np.diag(r)), dtype=np.float32)


def _gaussians(key: bytes, n: int) -> FloatArray:
    """(n,) float64 standard Gaussians."""
    half = -(-n // 2)
    stream = Cipher(AES(key), CTR(bytes(16))).encryptor().update(bytes(16 * half))
    uniform = ((np.frombuffer(stream, "<u8") >> np.uint64(11)) + 0.5) * 2.0**-53
    length, angle = np.sqrt(-2.0 * np.log(uniform[:half])), 2.0 * np.pi * uniform[half:]
    return np.concatenate([length * np.cos(angle), length * np.sin(angle)])[:n]
