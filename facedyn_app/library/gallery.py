"""The gallery of a library: enrolled sessions embedded, and made ready to be compared with.

What is computed is kept, so that a large gallery is compared with at once. Embeddings are templates
of persons like the sessions themselves: they lie in the library's folder, one file a recognizer,
and all of them go when a session or a speaker is deleted. What is missing or damaged is made again.
Adapting the space of comparison to 1,429 speakers takes seconds and depends on nothing but their
embeddings: the result is kept beside these, without names, for as long as the same sessions are
enrolled for the same speakers. In a protected library all of this is sealed, and embeddings are
turned by a matrix of its own, those of a recording that is compared with them as well.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.files import atomic_file
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import own_only
from facedyn_app.library.records import SessionEntry
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.backend import ADAPTATION
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Block, Gallery, ScoreSpace
from facedyn_app.records import Embedding, Session

log = logging.getLogger(__name__)

AnyArray = np.ndarray[Any, Any]

_EMBEDDINGS = ("files", "counts", "vectors", "spans")
_GALLERY = ("key", "speakers", "directions", "weights", "centre", "whiten_0", "whiten_1")


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
    key = _gallery_key(enrolled)
    kept = _read_gallery(library, path, key, tuple(enrolled), recognizer.backend.sizes)
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
        _write_gallery(
            library, path, key, [list(enrolled).index(name) for name in gallery.names], gallery
        )
    return gallery


def embedded_gallery(
    library: Library,
    recognizer: Recognizer,
    enrolled: Mapping[str, Sequence[SessionEntry]],
    on_progress: OnProgress = ignore,
    *,
    keep: bool = True,
) -> dict[str, list[Embedding]]:
    """The embeddings of enrolled sessions; those too short are left out, with a warning.

    Args:
        library: Where the sessions are.
        recognizer: What embeds them.
        enrolled: The sessions of each speaker.
        on_progress: Told of every speaker; may raise `Cancelled`.
        keep: Whether what had to be made is kept for the next time, and nothing else.

    Returns:
        Each speaker's embeddings; a speaker without any is not among them.

    Raises:
        InputError: A session's file is missing or damaged.
        MismatchError: A session is of another head than the recognizer.
    """
    path = library.embeddings_folder / f"{recognizer.fingerprint}.npz"
    kept = _read_embeddings(library, path, sum(recognizer.backend.sizes))
    found: dict[str, Embedding] = {}
    gallery: dict[str, list[Embedding]] = {}
    for n_done, (name, entries) in enumerate(enrolled.items()):
        on_progress(Progress("comparing", n_done, len(enrolled)))
        for entry in entries:
            embedding = kept.get(entry.file_name) or _embedded(entry, library, recognizer)
            if embedding is not None:
                found[entry.file_name] = embedding
                gallery.setdefault(name, []).append(embedding)
    if keep and found and found.keys() != kept.keys():
        # of nobody else: whose consent has expired is not enrolled, and their templates go
        _write_embeddings(library, path, found)
    return gallery


def library_embedding(library: Library, recognizer: Recognizer, session: Session) -> Embedding:
    """A session's embedding as those of a library are: turned, where that is protected.

    Raises:
        MismatchError: The session is of another head than the recognizer.
        TooLittleError: The session has no stretch that is long enough.
    """
    return library.turning(recognizer.embed(session), recognizer.backend.sizes)


def _embedded(entry: SessionEntry, library: Library, recognizer: Recognizer) -> Embedding | None:
    """A session's embedding; None where it is too short, which is no reason to stop."""
    try:
        return library_embedding(library, recognizer, library.load(entry))
    except TooLittleError as error:
        log.warning(
            "The session '%s' of '%s' is left out: %s", entry.name, entry.speaker, error.sentence
        )
        return None


def _read_embeddings(library: Library, path: Path, n_embedding: int) -> dict[str, Embedding]:
    """What is kept; nothing where there is none or it is damaged."""
    if not os.path.isfile(path):  # of a folder that may not be entered as well
        return {}
    try:
        arrays = read_npz(path, _EMBEDDINGS, (), library.files.opened)
        files, counts = arrays["files"], arrays["counts"].astype(np.int64)
        vectors, spans = arrays["vectors"].astype(np.float32), arrays["spans"]
        n_windows = int(counts.sum())
        shapes = (files.shape, vectors.shape, spans.shape)
        right = ((len(counts),), (n_windows, n_embedding), (n_windows, 2))
        if shapes != right or (counts < 1).any() or not np.isfinite(vectors).all():
            return {}
    except (InputError, ValueError, TypeError):
        return {}
    ends = np.cumsum(counts)
    return {
        str(name): Embedding(vectors[end - n : end], spans[end - n : end])
        for name, n, end in zip(files, counts, ends, strict=True)
    }


def _write_embeddings(library: Library, path: Path, embeddings: Mapping[str, Embedding]) -> None:
    _keep_arrays(
        library,
        path,
        files=np.asarray(list(embeddings), dtype=np.str_),
        counts=np.asarray([len(one.vectors) for one in embeddings.values()]),
        vectors=np.concatenate([one.vectors for one in embeddings.values()]).astype(np.float16),
        spans=np.concatenate([one.window_seconds for one in embeddings.values()]),
    )


def _gallery_key(enrolled: Mapping[str, Sequence[SessionEntry]]) -> str:
    """What a gallery depends on beside the recognizer: whose sessions, and how it is adapted."""
    sessions = [[name, *(entry.file_name for entry in own)] for name, own in enrolled.items()]
    return hashlib.sha256(json.dumps([ADAPTATION, sessions]).encode()).hexdigest()


def _read_gallery(
    library: Library, path: Path, key: str, enrolled: Sequence[str], sizes: tuple[int, int]
) -> Gallery | None:
    """What is kept; None where there is none, it is of other sessions, or it is damaged."""
    if not os.path.isfile(path):  # of a folder that may not be entered as well
        return None
    try:
        arrays = read_npz(path, _GALLERY, (), library.files.opened)
        if str(arrays["key"]) != key:
            return None
        numbers = {name: arrays[name].astype(np.float32) for name in _GALLERY[2:]}
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


def _write_gallery(
    library: Library, path: Path, key: str, speakers: Sequence[int], gallery: Gallery
) -> None:
    blocks = gallery.space.blocks
    _keep_arrays(
        library,
        path,
        key=np.asarray(key),
        speakers=np.asarray(speakers),
        directions=gallery.directions.astype(np.float32),
        weights=np.asarray([block.weight for block in blocks]),
        centre=np.concatenate([block.centre for block in blocks]),
        whiten_0=blocks[0].whiten,
        whiten_1=blocks[1].whiten,
    )


def _keep_arrays(library: Library, path: Path, **arrays: AnyArray) -> None:
    """Keep what was computed of a library's sessions, readable by its owner alone.

    Where that is impossible the next comparison takes longer, no more.

    Args:
        library: The library.
        path: A file in the library's folder of embeddings, which is made where it is not there.
        arrays: What is kept, by name.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with atomic_file(path) as file, library.files.writing(file, path) as content:
            own_only(file)
            np.savez(content, allow_pickle=False, **arrays)
    except (OSError, OutputError) as error:
        log.info("'%s' is not kept: %s", path.name, error)
