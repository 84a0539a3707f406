"""Preparation of a head for fitting: landmarks placed on first use, and kept in a cache."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import atomic_file
from facedyn_app.headmodel.files.head_arrays import (
    LANDMARK_SHAPES,
    landmarks_from_arrays,
    landmarks_to_arrays,
)
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, ignore

if TYPE_CHECKING:
    from facedyn_app.headmodel.landmark_embedding.embedding import Detect

# Of the method in `embedding`, `synthetic_views` and `paint`: another, another table.
EMBEDDING_VERSION = 1

log = logging.getLogger(__name__)


def prepare_head(
    head: HeadModel, detect: Detect, cache: Path, on_progress: OnProgress = ignore
) -> HeadModel:
    """The head with its landmarks: its own, those placed before, or placed now and kept.

    A cache that cannot be written costs the next start the time again, nothing else.

    Args:
        head: The head.
        detect: Landmarks (478, 2), px, of an (H, W, 3) uint8 RGB image, or None without face.
        cache: The folder of tables, made when it is needed.
        on_progress: Told of every picture; a cancel leaves nothing behind.

    Raises:
        TooLittleError: The landmarker hardly ever finds this head.
    """
    if head.landmarks is not None:
        return head
    kept = read_table(head, cache)
    if kept is not None:
        return replace(head, landmarks=kept)
    # it draws, and what draws takes half a second to import, which most starts do without
    from facedyn_app.headmodel.landmark_embedding.embedding import place_landmarks

    table = place_landmarks(head, detect, on_progress)
    _keep_table(head, table, cache)
    return replace(head, landmarks=table)


def table_file(head: HeadModel, cache: Path) -> Path | None:
    """Where a head's table is kept; None for a head that was read from no file."""
    if head.sha256 is None:
        return None
    return _table_of(head.sha256, cache)


def has_table(sha256: str, cache: Path) -> bool:
    """Whether the landmarks of a head file were placed before, by its sha256."""
    return _table_of(sha256, cache).exists()


def _table_of(sha256: str, cache: Path) -> Path:
    return cache / f"landmarks-{EMBEDDING_VERSION}-{sha256}.npz"


def read_table(head: HeadModel, cache: Path) -> LandmarkEmbedding | None:
    """The table placed before, or None where there is none that can be used."""
    path = table_file(head, cache)
    if path is None or not path.exists():
        return None
    try:
        arrays = read_npz(path, LANDMARK_SHAPES, ())
        return landmarks_from_arrays(arrays, len(head.faces))
    except (InputError, ValueError) as error:
        log.warning("The landmarks kept in '%s' are placed again: %s", path, error)
        return None


def _keep_table(head: HeadModel, table: LandmarkEmbedding, cache: Path) -> None:
    path = table_file(head, cache)
    if path is None:
        return
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            np.savez(file, **landmarks_to_arrays(table))  # type: ignore[arg-type]
    except (OSError, OutputError) as error:
        log.warning("The landmarks of '%s' are not kept: %s", head.head_id, error)
