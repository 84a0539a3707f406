"""Embeddings of a library's sessions on disk: read and appended here, erased with their person.

They are templates of persons like the sessions themselves. They lie in a folder of the library, of
each recognizer in a record file under its fingerprint: the embedding of every session under the
name of its file; and what is derived of them to compare with at once (`library.gallery`), a row for
every speaker. What is of a version of the program that kept them otherwise goes.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.library.consent import consents_of
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.record_file import BYTES, ROWS, RecordFile
from facedyn_app.library.schema import MOST_NAMED, EnrolmentRow, SessionRow, SpeakerRow
from facedyn_app.npz import read_npz
from facedyn_app.records import ConsentState, Embedding, Purpose
from facedyn_app.unfinished import delete

if TYPE_CHECKING:
    from facedyn_app.library.library import Library

log = logging.getLogger(__name__)

EMBEDDED, DIRECTED, SPACE = ".embeddings", ".directions", ".space.npz"
"""What stands after the fingerprint in the names of the files."""


def embedding_file(library: Library, fingerprint: str) -> RecordFile:
    """The embeddings of sessions by a recognizer."""
    return RecordFile(library.embeddings_folder / (fingerprint + EMBEDDED), library.files)


def direction_file(library: Library, fingerprint: str, width: int) -> RecordFile:
    """The directions of speakers, `width` numbers each, in the space adapted to a gallery."""
    path = library.embeddings_folder / (fingerprint + DIRECTED)
    return RecordFile(path, library.files, 4 * width)


def speaker_row(file_names: Iterable[str]) -> str:
    """Under what the direction of a speaker with these sessions is kept; says nothing of them."""
    return hashlib.sha256("\n".join(file_names).encode()).hexdigest()[:40]


def to_bytes(embedding: Embedding) -> bytes:
    """An embedding as it is kept: coordinates of half precision, then the windows' times."""
    vectors = embedding.vectors.astype("<f2")
    return vectors.tobytes() + embedding.window_seconds.astype("<f8").tobytes()


def from_bytes(content: bytes, width: int) -> Embedding | None:
    """An embedding that was kept, of `width` coordinates; None where it is none."""
    n_windows, rest = divmod(len(content), 2 * width + 16)
    if rest or not n_windows:
        return None
    at = 2 * width * n_windows
    vectors = np.frombuffer(content[:at], "<f2").reshape(n_windows, width).astype(np.float32)
    spans = np.frombuffer(content[at:], "<f8").reshape(n_windows, 2)
    return Embedding(vectors, spans) if np.isfinite(vectors).all() else None


def keep_safely(library: Library, write: Callable[[], None], of: Collection[str] = ()) -> bool:
    """Write what was computed of a library's sessions, alone; whether it was written.

    Where that is impossible the next comparison takes longer, no more.

    Args:
        library: The library.
        write: Writes it.
        of: The files of the sessions that it is of. Where another program has meanwhile forgotten
            one of them, or noted that its person does not consent any more, nothing is written.
    """
    try:
        with library.transaction() as orm:
            if not _may_be_compared(orm, of):
                return False
            write()
    except (OSError, FacedynError) as error:
        log.info("What was computed to compare with is not kept: %s", error)
        return False
    return True


def _may_be_compared(orm: OrmSession, file_names: Collection[str]) -> bool:
    """Whether sessions are all enrolled, and of people who consent to recognition."""
    names, speaker_ids = sorted(set(file_names)), set[int]()
    for first in range(0, len(names), MOST_NAMED):
        part = names[first : first + MOST_NAMED]
        query = select(EnrolmentRow.speaker_id).join(SessionRow)
        found = orm.scalars(query.where(SessionRow.file_name.in_(part))).all()
        if len(found) < len(part):
            return False
        speaker_ids.update(found)
    speakers = [row for number in speaker_ids if (row := orm.get(SpeakerRow, number)) is not None]
    agreed = consents_of(orm, speakers)
    return all(agreed[row.id].state(Purpose.RECOGNITION) is ConsentState.GIVEN for row in speakers)


def kept_of(library: Library, file_names: Collection[str]) -> list[bytes]:
    """The bytes of the embeddings of sessions, of all recognizers."""
    found = []
    for path in sorted(library.embeddings_folder.glob(f"*{EMBEDDED}{ROWS}")):
        kept = RecordFile(path.with_suffix(""), library.files)
        found += [content for name in file_names if (content := kept.read(name))]
    return found


def erase_embeddings(
    files: LibraryFiles, folder: Path, file_names: Collection[str], staying: Collection[str]
) -> None:
    """Overwrite what is kept of sessions, and delete what was derived of them with others.

    Args:
        files: How the library's files are read.
        folder: The library's folder of embeddings; none is no error.
        file_names: The files of these sessions.
        staying: Under what the directions of all others are kept (`speaker_row`).

    Raises:
        OutputError: It cannot be written.
    """
    try:
        _erase(files, folder, frozenset(file_names), frozenset(staying))
    except OSError as error:
        raise OutputError(
            f"The embeddings in '{folder}' cannot be deleted: {error.strerror or error}.",
            "Make the folder writable and try again.",
        ) from error


def _erase(
    files: LibraryFiles, folder: Path, gone: frozenset[str], staying: frozenset[str]
) -> None:
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():  # something else in its place
        delete(folder)
        return
    for path in sorted(folder.iterdir()):
        _erase_from(files, path, gone, staying)
    if not any(folder.iterdir()):
        folder.rmdir()


def _erase_from(
    files: LibraryFiles, path: Path, gone: frozenset[str], staying: frozenset[str]
) -> None:
    """Erase from one of the files; what earlier versions have kept goes as a whole."""
    if path.name.endswith(EMBEDDED + ROWS):
        RecordFile(path.with_suffix(""), files).erase(gone)
    elif path.name.endswith(DIRECTED + ROWS):
        kept = RecordFile(path.with_suffix(""), files)
        kept.erase(kept.places.keys() - staying)
    elif path.name.endswith(SPACE):
        if not _stays(files, path, gone):
            path.unlink(missing_ok=True)
            RecordFile(path.with_name(path.name.removesuffix(SPACE) + DIRECTED), files).delete()
    elif not path.name.endswith((EMBEDDED + BYTES, DIRECTED + BYTES)):
        delete(path)


def _stays(files: LibraryFiles, path: Path, gone: frozenset[str]) -> bool:
    """Whether a space of comparison was adapted to other sessions alone."""
    try:
        adapting = read_npz(path, ("files",), (), files.opened)["files"]
    except (InputError, ValueError):
        return False
    return not gone & {str(name) for name in adapting}
