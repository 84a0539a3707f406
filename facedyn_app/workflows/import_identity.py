"""Identity of what is imported: names that are nearly known, recordings that are known already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from facedyn_app.dynamics.same_take import (
    TakeTracks,
    nearest_takes,
    take_match,
    take_signature,
    take_tracks,
)
from facedyn_app.library.library import Library
from facedyn_app.library.names import NearNameError, near_key
from facedyn_app.library.operations import checked_name
from facedyn_app.library.takes import check_new, find_copies, known_error
from facedyn_app.library.work_rows import WorkItem
from facedyn_app.records import FloatArray, KnownRecording, Session
from facedyn_app.workflows.options import ImportStatement
from facedyn_app.workflows.recordings import is_video


@dataclass(frozen=True, eq=False)  # no slots: they would leave no room for the tracks
class Waiting:
    """A session that has been read and is enrolled with the next ones.

    Attributes:
        speaker: Whose it is.
        session: The session.
        item: The queue's item that it was read from.
        last: Whether it is the last session of that item.
    """

    speaker: str
    session: Session
    item: WorkItem
    last: bool = True

    @property
    def path(self) -> Path:
        """What it was read from."""
        return self.item.what.path

    @cached_property
    def tracks(self) -> TakeTracks:
        """Its channels as takes are compared by."""
        return take_tracks(self.session)

    @cached_property
    def signature(self) -> FloatArray:
        """What finds its take quickly."""
        return take_signature(self.tracks)


class KnownOnes:
    """The names and recordings that a library has, with those that an import has added.

    Args:
        library: The library, open.
        statement: Whether near names and known recordings are meant.
    """

    def __init__(self, library: Library, statement: ImportStatement) -> None:
        self._library, self._statement = library, statement
        self._owners: dict[str, set[str]] = {}
        self._measured: set[tuple[str, str, str]] = set()
        for entry in library.sessions():
            if entry.speaker and entry.source_sha256:
                self._own(entry.speaker, entry.source_sha256, entry.head_id)
        self._names = {speaker.name for speaker in library.speakers()}
        self._near = {near_key(name): name for name in self._names}

    def check_name(self, name: str) -> None:
        """Make sure that a new name is unlike all others, those of the corpus too.

        Raises:
            NearNameError: It is nearly one of them, and nobody has said that this is meant.
            InputError: It cannot be a name.
        """
        speaker = checked_name(name)
        known = self._near.setdefault(near_key(speaker), speaker)
        if known != speaker and speaker not in self._names and not self._statement.near:
            raise NearNameError(speaker, known)

    def has(self, speaker: str, session: Session) -> bool:
        """Whether a session's recording, measured with its head, is among a speaker's sessions."""
        sha256 = str(session.info.source_sha256)
        return (checked_name(speaker), sha256, session.head_id) in self._measured

    def add(self, new: Waiting) -> None:
        """Remember what is enrolled next."""
        sha256 = new.session.info.source_sha256
        if sha256 is not None:
            self._own(checked_name(new.speaker), sha256, new.session.head_id)

    def _own(self, speaker: str, sha256: str, head_id: str) -> None:
        self._owners.setdefault(sha256, set()).add(speaker)
        self._measured.add((speaker, sha256, head_id))

    def enrolled(self, sessions: Sequence[Waiting]) -> None:
        """Remember who is in the library now."""
        self._names |= {checked_name(one.speaker) for one in sessions}

    def check_recording(
        self, new: Waiting, waiting: Sequence[Waiting], keep: Callable[[], None]
    ) -> None:
        """Make sure that neither the speaker has the recording already, nor another one.

        Copies under other people's names are looked for among videos alone, of which the fit takes
        longer than the search: thousands of measurements would take twice as long.

        Args:
            new: The session, and whose it is.
            waiting: Those that are not in the library yet.
            keep: Brings these into the library.

        Raises:
            KnownRecordingError: Somebody has it, and nobody has said that it is meant again.
        """
        if self._statement.again:
            return
        speaker, sha256 = checked_name(new.speaker), new.session.info.source_sha256
        if self._owners.get(str(sha256), set()) - {speaker} or is_video(new.path):
            keep()
            check_new(self._library, speaker, new.session)
            return
        known = []
        own = [one for one in waiting if one.speaker == new.speaker]
        for k in nearest_takes(new.signature, [one.signature for one in own], len(own)):
            one = own[k]
            match = take_match(one.tracks, new.tracks)
            if match.same:
                known.append(KnownRecording(0, one.path.stem, speaker, match.correlation))
        if speaker in self._names:
            copies = find_copies(self._library, new.session, self._library.sessions(speaker))
            known += [KnownRecording(one.id, one.name, speaker, r) for one, r in copies]
        if known:
            raise known_error(speaker, known)
