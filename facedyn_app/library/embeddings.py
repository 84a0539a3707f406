"""Embeddings of the library's sessions, kept so that a large gallery is compared with at once.

They are templates of persons like the sessions themselves: they lie in the library's folder, one
file a recognizer, and all of them go when a session or a speaker is deleted. What is missing or
damaged is made again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.files import atomic_file
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import Library
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.records import Embedding

log = logging.getLogger(__name__)

AnyArray = np.ndarray[Any, Any]

_ARRAYS = ("files", "counts", "vectors", "spans")


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
        keep: Whether what had to be made is kept for the next time.

    Returns:
        Each speaker's embeddings; a speaker without any is not among them.

    Raises:
        InputError: A session's file is missing or damaged.
        MismatchError: A session is of another head than the recognizer.
    """
    path = library.embeddings_folder / f"{recognizer.fingerprint}.npz"
    kept = _read(path, sum(recognizer.backend.sizes))
    found: dict[str, Embedding] = {}
    gallery: dict[str, list[Embedding]] = {}
    for n_done, (name, entries) in enumerate(enrolled.items()):
        on_progress(Progress("comparing", n_done, len(enrolled)))
        for entry in entries:
            embedding = kept.get(entry.file_name) or _made(entry, library, recognizer)
            if embedding is not None:
                found[entry.file_name] = embedding
                gallery.setdefault(name, []).append(embedding)
    if keep and not found.keys() <= kept.keys():
        _write(path, {**kept, **found})
    return gallery


def _made(entry: SessionEntry, library: Library, recognizer: Recognizer) -> Embedding | None:
    """A session's embedding; None where it is too short, which is no reason to stop."""
    try:
        return recognizer.embed(library.load(entry))
    except TooLittleError as error:
        log.warning(
            "The session '%s' of '%s' is left out: %s", entry.name, entry.speaker, error.sentence
        )
        return None


def _read(path: Path, n_embedding: int) -> dict[str, Embedding]:
    """What is kept; nothing where there is none or it is damaged."""
    if not path.is_file():
        return {}
    try:
        arrays = read_npz(path, required=_ARRAYS, optional=())
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


def _write(path: Path, embeddings: Mapping[str, Embedding]) -> None:
    keep_arrays(
        path,
        files=np.asarray(list(embeddings), dtype=np.str_),
        counts=np.asarray([len(one.vectors) for one in embeddings.values()]),
        vectors=np.concatenate([one.vectors for one in embeddings.values()]).astype(np.float16),
        spans=np.concatenate([one.window_seconds for one in embeddings.values()]),
    )


def keep_arrays(path: Path, **arrays: AnyArray) -> None:
    """Keep what was computed of a library's sessions, readable by its owner alone.

    Where that is impossible the next comparison takes longer, no more.

    Args:
        path: A file in the library's folder of embeddings, which is made where it is not there.
        arrays: What is kept, by name.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with atomic_file(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
    except (OSError, OutputError) as error:
        log.info("'%s' is not kept: %s", path.name, error)
