"""Split of a library's sessions into training, validation and test; each is read when needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, overload

import numpy as np

from facedyn_app.errors import ConsentError, MismatchError, TooLittleError
from facedyn_app.library.forgetting import TOKEN
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.recognizer.split import TestSessions, held_out_speakers, split_sessions
from facedyn_app.recognizer.trials import LabelledSession, Trials
from facedyn_app.records import ConsentState, LeftOut, Purpose, Session
from facedyn_app.settings import TrainSettings

log = logging.getLogger(__name__)


class Corpus(Protocol):
    """Where sessions come from: a library, or a store that was made of one."""

    @property
    def folder(self) -> Path:
        """Its folder."""

    @property
    def files(self) -> LibraryFiles:
        """What files of it, and such that are made of it, are read and written with."""

    def sessions(self) -> list[SessionEntry]:
        """Its sessions, in the order of adding."""

    def without_consent(self, purpose: Purpose) -> dict[str, ConsentState]:
        """Speakers whose consent to a purpose does not hold, each with why."""

    def load(self, entry: SessionEntry) -> Session:
        """The numbers of a session."""


class LibrarySessions(Sequence[LabelledSession]):
    """Sessions of a corpus that are read from disk each time they are asked for."""

    def __init__(self, library: Corpus, entries: Sequence[SessionEntry]) -> None:
        self._library, self.entries = library, tuple(entries)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> LabelledSession: ...
    @overload
    def __getitem__(self, index: slice) -> LibrarySessions: ...
    def __getitem__(self, index: int | slice) -> LabelledSession | LibrarySessions:
        """One session with its speaker, or some of them, still unread."""
        if isinstance(index, slice):
            return LibrarySessions(self._library, self.entries[index])
        entry = self.entries[index]
        return LabelledSession(str(entry.speaker), self._library.load(entry))


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A library divided for training and testing.

    Attributes:
        head_id: The head of all its sessions.
        train: Sessions that train.
        validation: Sessions of held-out speakers, which choose the weights.
        test: Sessions for testing, of both kinds of speakers.
    """

    head_id: str
    train: tuple[SessionEntry, ...]
    validation: tuple[SessionEntry, ...]
    test: tuple[SessionEntry, ...]

    @property
    def enrolled(self) -> tuple[SessionEntry, ...]:
        """The sessions that a tested speaker is known by."""
        return (*self.train, *self.validation)

    @property
    def simulated(self) -> bool:
        """Whether all sessions that are learnt from are simulated."""
        return all(entry.simulated for entry in self.enrolled)

    @property
    def data(self) -> str:
        """Whose sessions are learnt from, in words."""
        if self.simulated:
            return "simulated speakers"
        n_simulated = sum(entry.simulated for entry in self.enrolled)
        mixed = f", {n_simulated} of {len(self.enrolled)} sessions simulated" if n_simulated else ""
        return f"recordings of people{mixed}"


def trainable(library: Corpus) -> tuple[list[SessionEntry], LeftOut]:
    """The sessions of those who have consented to training, and how many speakers have not."""
    barred = library.without_consent(Purpose.TRAINING)
    entries = [entry for entry in library.sessions() if entry.speaker is not None]
    speakers = {entry.speaker for entry in entries}
    left_out = LeftOut.of(Purpose.TRAINING, (why for who, why in barred.items() if who in speakers))
    return [entry for entry in entries if entry.speaker not in barred], left_out


def consenting_sessions(library: Corpus) -> list[SessionEntry]:
    """The sessions that may be trained and tested on; whose are not is warned of.

    Raises:
        ConsentError: There are sessions, and nobody has consented.
    """
    entries, left_out = trainable(library)
    if left_out.n and not entries:
        raise ConsentError(
            f"Nothing in '{library.folder}' may be trained or tested on. {left_out.words}",
            "'facedyn speakers list' shows what each of them has consented to.",
        )
    if left_out.n:
        log.warning("%s", left_out.words)
    return entries


def split_library(
    library: Corpus, test_sessions: TestSessions, head_id: str | None, settings: TrainSettings
) -> Split:
    """Divide the sessions that may be used; raises what they and `split_entries` do."""
    entries = consenting_sessions(library)
    return split_entries(entries, library.folder, test_sessions, head_id, settings)


def split_entries(
    sessions: Sequence[SessionEntry],
    folder: Path,
    test_sessions: TestSessions,
    head_id: str | None,
    settings: TrainSettings,
) -> Split:
    """Divide sessions of a library; the same sessions and settings are always divided alike.

    Args:
        sessions: All of the library's or some; those without a speaker are left out.
        folder: The library, for the words of an error.
        test_sessions: Which of a speaker's sessions are kept for testing.
        head_id: The head of those to take; None where there is only one.
        settings: The share held out, and the seed.

    Raises:
        TooLittleError: There is no session of a speaker.
        MismatchError: The sessions are of several heads and none is chosen.
    """
    entries = _labelled_entries(sessions, folder, head_id)
    train_part, test_part = split_sessions([str(e.speaker) for e in entries], test_sessions)
    speakers = [str(entries[k].speaker) for k in train_part]
    rng = np.random.default_rng([settings.seed, 1])
    aside = held_out_speakers(speakers, settings.held_out_share, rng)
    kept = [entries[k] for k in train_part]
    return Split(
        head_id=entries[0].head_id,
        train=tuple(entry for entry in kept if entry.speaker not in aside),
        validation=tuple(entry for entry in kept if entry.speaker in aside),
        test=tuple(entries[k] for k in test_part),
    )


def validation_trials(library: Corpus, entries: Sequence[SessionEntry]) -> Trials | None:
    """Each speaker's last session is asked about, the others are enrolled; None without any."""
    if not entries:
        return None
    names = [str(entry.speaker) for entry in entries]
    enrolled, probes = split_sessions(names, TestSessions(last=True))
    return Trials(
        LibrarySessions(library, [entries[k] for k in enrolled]),
        LibrarySessions(library, [entries[k] for k in probes]),
    )


def session_token(entry: SessionEntry) -> str:
    """What tells a session without saying anything of it: the beginning of its file's name."""
    return entry.file_name[:TOKEN]


def _labelled_entries(
    sessions: Sequence[SessionEntry], folder: Path, head_id: str | None
) -> list[SessionEntry]:
    """Sessions with a speaker, of one head, each speaker's in the order of recording."""
    entries = [entry for entry in sessions if entry.speaker is not None]
    heads = sorted({entry.head_id for entry in entries})
    if head_id is None and len(heads) > 1:
        raise MismatchError(
            f"The library '{folder}' has sessions of the heads "
            + " and ".join(f"'{head}'" for head in heads)
            + "; a recognizer reads one.",
            "Choose one with '--head ID'.",
        )
    chosen = [entry for entry in entries if head_id is None or entry.head_id == head_id]
    if not chosen and entries:
        raise MismatchError(
            f"The library '{folder}' has no session of head '{head_id}', only of '{heads[0]}'.",
            "Fit the videos with that head, or take another recognizer.",
        )
    if not chosen:
        raise TooLittleError(
            f"There is no session of a speaker in the library '{folder}'.",
            "Import or enrol recordings first.",
        )
    return in_order(chosen)
