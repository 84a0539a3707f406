"""The gallery of a library: enrolled sessions embedded, and made ready to be compared with.

What is computed is kept, so that a large gallery is compared with at once: the embeddings of the
sessions, the space of comparison that is adapted to their speakers, and the direction of each
speaker in it (`library.embeddings`). One session more is appended. The space stays as it is for as
long as the same sessions are enrolled for the speakers who adapt it; when it changes, as it does
with every session of a small gallery, all directions are made again from the embeddings. What is
missing or damaged is made again. In a protected library embeddings are
turned by a matrix of its own, those of a recording that is compared with them as well.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import islice

from facedyn_app.errors import TooLittleError
from facedyn_app.library.directions import AT_ONCE, Directions
from facedyn_app.library.embeddings import embedding_file, from_bytes, keep_safely, to_bytes
from facedyn_app.library.library import Library
from facedyn_app.library.open_library import GoneError
from facedyn_app.library.protection.turning import turned
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.backend import MOST_ADAPTING_SPEAKERS
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Gallery
from facedyn_app.records import Embedding, Session

log = logging.getLogger(__name__)

Enrolled = Mapping[str, Sequence[SessionEntry]]


def enrolled_gallery(
    library: Library,
    recognizer: Recognizer,
    enrolled: Enrolled,
    on_progress: OnProgress = ignore,
    *,
    keep: bool = True,
) -> Gallery:
    """The enrolled speakers as recordings are compared with them.

    Args:
        library: Where the sessions are.
        recognizer: What embeds and compares them.
        enrolled: The sessions of each speaker; those too short are left out, with a warning, and
            those that another program deletes meanwhile.
        on_progress: Told of every speaker that has to be embedded; may raise `Cancelled`.
        keep: Whether what had to be made is kept for the next time, and nothing else.

    Raises:
        InputError: A session's file is missing or damaged.
        MismatchError: A session is of another head than the recognizer.
        TooLittleError: Every session is too short.
    """
    sessions = SessionEmbeddings(library, recognizer, keep=keep)
    speakers = Directions(library, recognizer, enrolled, keep=keep)
    if keep:
        sessions.keep_only(enrolled)
        speakers.keep_only()
    if speakers.space is None:
        first = dict(islice(enrolled.items(), MOST_ADAPTING_SPEAKERS))
        speakers.use(recognizer.space(sessions.of(first, on_progress)))
    missing = speakers.missing
    for n_done, name in enumerate(missing):
        on_progress(Progress("comparing", n_done, len(missing)))
        speakers.add(name, [e for entry in enrolled[name] if (e := sessions.get(entry))])
    sessions.flush()
    gallery = speakers.gallery()
    if not gallery.names:
        raise TooLittleError(
            f"Every recording enrolled in '{library.folder}' is too short to compare with.",
            "Enrol longer recordings.",
        )
    return gallery


def library_embedding(library: Library, recognizer: Recognizer, session: Session) -> Embedding:
    """A session's embedding as those of a library are: turned, where that is protected.

    Raises:
        MismatchError: The session is of another head than the recognizer.
        TooLittleError: The session has no stretch that is long enough.
    """
    embedding, keys = recognizer.embed(session), library.keys
    return embedding if keys is None else turned(embedding, recognizer.backend.sizes, keys.turning)


class SessionEmbeddings:
    """Embeddings of a library's sessions, read where they are kept and made where they are not.

    Args:
        library: Where the sessions are.
        recognizer: What embeds them.
        keep: Whether what had to be made is kept for the next time, by `flush`.
    """

    def __init__(self, library: Library, recognizer: Recognizer, *, keep: bool) -> None:
        self._library, self._recognizer, self._keep = library, recognizer, keep
        self._file = embedding_file(library, recognizer.fingerprint)
        self._new: dict[str, Embedding] = {}
        self._short: set[str] = set()

    def get(self, entry: SessionEntry) -> Embedding | None:
        """A session's embedding; None where it is too short or gone, which is no reason to stop."""
        found = self._new.get(entry.file_name) or self._kept(entry)
        if found is not None or entry.file_name in self._short:
            return found
        try:
            found = library_embedding(self._library, self._recognizer, self._library.load(entry))
        except TooLittleError as error:
            log.warning(
                "The session '%s' of '%s' is left out: %s",
                entry.name,
                entry.speaker,
                error.sentence,
            )
            self._short.add(entry.file_name)
            return None
        except GoneError as error:
            log.warning("Left out: %s", error.sentence)
            return None
        self._new[entry.file_name] = found
        if len(self._new) >= AT_ONCE:
            self.flush()
        return found

    def _kept(self, entry: SessionEntry) -> Embedding | None:
        kept = self._file.read(entry.file_name)
        return None if kept is None else from_bytes(kept, sum(self._recognizer.backend.sizes))

    def of(self, enrolled: Enrolled, on_progress: OnProgress) -> dict[str, list[Embedding]]:
        """Those of speakers; who has none is not among them."""
        found: dict[str, list[Embedding]] = {}
        for n_done, (name, own) in enumerate(enrolled.items()):
            on_progress(Progress("comparing", n_done, len(enrolled)))
            embeddings = [one for entry in own if (one := self.get(entry)) is not None]
            if embeddings:
                found[name] = embeddings
        return found

    def flush(self) -> None:
        """Keep what was made since."""
        new, self._new = self._new, {}
        if self._keep and new:
            content = {name: to_bytes(one) for name, one in new.items()}
            keep_safely(self._library, lambda: self._file.append(content), content)

    def keep_only(self, enrolled: Enrolled) -> None:
        """Erase those of sessions that are not enrolled.

        Whose consent has expired is not enrolled, and their templates go.
        """
        names = {entry.file_name for own in enrolled.values() for entry in own}
        others = self._file.places.keys() - names
        if others:
            keep_safely(self._library, lambda: self._file.erase(others))
