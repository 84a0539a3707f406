"""Speakers enrolled in a library, ready to be compared with.

Adapting the space of comparison to 1,429 speakers takes seconds and depends on nothing but their
embeddings: the result is kept beside these (embeddings.py), without names, for as long as the same
sessions are enrolled for the same speakers, and goes with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.library.embeddings import embedded_gallery, keep_arrays
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import Library
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.recognizer.backend import ADAPTATION
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Block, Gallery, ScoreSpace

_ARRAYS = ("key", "speakers", "directions", "weights", "centre", "whiten_0", "whiten_1")


def enrolled_gallery(
    library: Library,
    recognizer: Recognizer,
    enrolled: Mapping[str, Sequence[SessionEntry]],
    on_progress: OnProgress = ignore,
    *,
    keep: bool = True,
) -> Gallery:
    """The enrolled speakers as recordings are compared with them.

    Args:
        library: Where the sessions are.
        recognizer: What embeds and compares them.
        enrolled: The sessions of each speaker; those too short are left out, with a warning.
        on_progress: Told of every speaker that has to be embedded; may raise `Cancelled`.
        keep: Whether what had to be made is kept for the next time.

    Raises:
        InputError: A session's file is missing or damaged.
        MismatchError: A session is of another head than the recognizer.
        TooLittleError: Every session is too short.
    """
    path = library.embeddings_folder / f"{recognizer.fingerprint}.gallery.npz"
    key = _key(enrolled)
    kept = _read(path, key, tuple(enrolled), recognizer.backend.sizes)
    if kept is not None:
        return kept
    embeddings = embedded_gallery(library, recognizer, enrolled, on_progress, keep=keep)
    if not embeddings:
        raise TooLittleError(
            f"Every recording enrolled in '{library.folder}' is too short to compare with.",
            "Enrol longer recordings.",
        )
    gallery = recognizer.gallery(embeddings)
    if keep:
        _write(path, key, [list(enrolled).index(name) for name in gallery.names], gallery)
    return gallery


def _key(enrolled: Mapping[str, Sequence[SessionEntry]]) -> str:
    """What a gallery depends on beside the recognizer: whose sessions, and how it is adapted."""
    sessions = [[name, *(entry.file_name for entry in own)] for name, own in enrolled.items()]
    return hashlib.sha256(json.dumps([ADAPTATION, sessions]).encode()).hexdigest()


def _read(path: Path, key: str, enrolled: Sequence[str], sizes: tuple[int, int]) -> Gallery | None:
    """What is kept; None where there is none, it is of other sessions, or it is damaged."""
    if not path.is_file():
        return None
    try:
        arrays = read_npz(path, required=_ARRAYS, optional=())
        if str(arrays["key"]) != key:
            return None
        numbers = {name: arrays[name].astype(np.float32) for name in _ARRAYS[2:]}
        names = tuple(enrolled[k] for k in arrays["speakers"])
        shapes = {
            "directions": (len(names), sum(sizes)),
            "weights": (2,),
            "centre": (sum(sizes),),
            "whiten_0": (sizes[0], sizes[0]),
            "whiten_1": (sizes[1], sizes[1]),
        }
        if any(numbers[name].shape != shape for name, shape in shapes.items()):
            return None
        if not all(np.isfinite(array).all() for array in numbers.values()):
            return None
        centres = np.split(numbers["centre"], [sizes[0]])
        blocks = tuple(
            Block(centres[k], numbers[f"whiten_{k}"], float(arrays["weights"][k])) for k in (0, 1)
        )
        return Gallery(names, numbers["directions"], ScoreSpace(blocks))
    except (InputError, ValueError, TypeError, IndexError):
        return None


def _write(path: Path, key: str, speakers: Sequence[int], gallery: Gallery) -> None:
    blocks = gallery.space.blocks
    keep_arrays(
        path,
        key=np.asarray(key),
        speakers=np.asarray(speakers),
        directions=gallery.directions.astype(np.float32),
        weights=np.asarray([block.weight for block in blocks]),
        centre=np.concatenate([block.centre for block in blocks]),
        whiten_0=blocks[0].whiten,
        whiten_1=blocks[1].whiten,
    )
