"""Items of a corpus: which face of which recording is whose, and its session file's name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from facedyn_app.library.visit_dates import date_in

SESSIONS: Final = "sessions"
"""The folder of a corpus' session files; one folder a speaker in it, as `facedyn import` reads."""
_RESERVED: Final = frozenset('%/\\:*?"<>|')
_LONGEST_NAME: Final = 120
"""Bytes of a name; longer ones are cut and told apart by their hash."""


@dataclass(frozen=True, slots=True)
class CorpusItem:
    """A face of a recording that is to become a session.

    Attributes:
        path: The recording, as every machine that works on the corpus sees it.
        speaker: Whose face it is.
        session: What the session is called.
        face: Which face of the recording, from 1; 0 the one seen longest.
        day: When it was recorded; None where nobody says.
        consent: What the consent is kept under, elsewhere; may be empty.
        n_bytes: Size of the recording, by which the time left is told; 0 where it is a folder.
    """

    path: Path
    speaker: str
    session: str
    face: int = 0
    day: date | None = None
    consent: str = ""
    n_bytes: int = 0

    @property
    def name(self) -> str:
        """Its session file in the corpus' folder, with forward slashes.

        A day stands in the name of a folder of its own, from which `facedyn import` reads it.
        """
        session = file_part(self.session)
        file = f"{session}-face{self.face}.npz" if self.face else f"{session}.npz"
        parts = [SESSIONS, file_part(self.speaker)]
        if self.day is not None:
            dated = date_in(self.session) == self.day
            parts.append(session if dated else f"{self.day} {session}")
        return "/".join([*parts, file])

    def facts(self) -> dict[str, object]:
        """What is known of it, as JSON values."""
        return {
            "path": str(self.path),
            "speaker": self.speaker,
            "session": self.session,
            "face": self.face,
            "date": None if self.day is None else self.day.isoformat(),
            "consent_id": self.consent or None,
            "n_bytes": self.n_bytes,
        }


def item_of(facts: Mapping[str, Any]) -> CorpusItem:
    """The item whose facts were kept.

    Raises:
        KeyError: Something is missing.
        TypeError, ValueError: Something is none of what it should be.
    """
    day = facts["date"]
    return CorpusItem(
        path=Path(facts["path"]),
        speaker=str(facts["speaker"]),
        session=str(facts["session"]),
        face=int(facts["face"]),
        day=None if day is None else date.fromisoformat(day),
        consent=str(facts["consent_id"] or ""),
        n_bytes=int(facts["n_bytes"]),
    )


def file_part(name: str) -> str:
    """A name as part of a path on any system: what cannot stand there as `%2F`, as in addresses."""
    kept = "".join(
        letter if letter.isprintable() and letter not in _RESERVED else _quoted(letter)
        for letter in name
    )
    if kept.startswith("."):
        kept = "%2E" + kept[1:]
    if len(kept.encode()) > _LONGEST_NAME:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        kept = f"{kept.encode()[: _LONGEST_NAME - 13].decode(errors='ignore')}-{digest}"
    return kept


def _quoted(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))


def shard_of(items: Iterable[CorpusItem], number: int, n_shards: int) -> list[CorpusItem]:
    """Every so-manieth item in the order of their names, which does not depend on the manifest's.

    Args:
        items: All items.
        number: Which shard, from 1.
        n_shards: How many there are.
    """
    return sorted(items, key=lambda item: item.name)[number - 1 :: n_shards]


def items_digest(items: Sequence[CorpusItem]) -> str:
    """A sha256 by which two manifests of the same items are known, in whatever order they stand."""
    lines = sorted(f"{item.name}\0{item.path}" for item in items)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
