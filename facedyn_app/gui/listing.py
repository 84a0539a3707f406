"""What the window knows of a library without holding it open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session of a library, as the list shows it.

    Attributes:
        key: Tells it from the library's other sessions.
        name: Its name.
        simulated: Whether it is made.
        seconds: Its duration, s.
        day: When it was recorded; None where that is not known.
        date_words: The same for people; in brackets when it was added where only that is known.
    """

    key: int
    name: str
    simulated: bool
    seconds: float
    day: date | None
    date_words: str


@dataclass(frozen=True, slots=True)
class ListedSpeaker:
    """An enrolled speaker, as the list shows him.

    Attributes:
        name: His name.
        consent: The consent that is recorded; may be empty.
        sessions: His sessions by their dates.
    """

    name: str
    consent: str
    sessions: tuple[ListedSession, ...]

    @property
    def simulated(self) -> bool:
        """Whether all that is known of the speaker is made."""
        return bool(self.sessions) and all(session.simulated for session in self.sessions)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a library holds.

    Attributes:
        folder: The library.
        speakers: The enrolled speakers.
    """

    folder: Path
    speakers: tuple[ListedSpeaker, ...]

    @property
    def simulated_speakers(self) -> frozenset[str]:
        """Names of the speakers who are made."""
        return frozenset(speaker.name for speaker in self.speakers if speaker.simulated)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the user has filled in.

    Attributes:
        name: The speaker.
        consent: Who gave it, when, for what; None where it is recorded already.
    """

    name: str
    consent: str | None
