"""Folders of recordings as corpora come in: whose recording each file is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facedyn_app.errors import ConsentError, InputError

SESSION_ENDING = ".npz"
VIDEO_ENDINGS = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".mts", ".3gp"}
)
CHANNEL_MAP = Path("processed") / "channel_map.json"
LARGEST_MAP = 100_000
"""Bytes; a map of two channels is far smaller."""

CANDOR_LICENCE = (
    "CANDOR's present licence (version 2.1) forbids making biometric identifiers from it."
)


class Layout(StrEnum):
    """How a corpus lies on disk."""

    AUTO = "auto"
    FOLDERS = "folders"
    CANDOR = "candor"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of a corpus.

    Attributes:
        speaker: Whose recording it is.
        path: The file.
        name: What the session is to be called.
    """

    speaker: str
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The recordings found in a folder.

    Attributes:
        layout: How they lie; never AUTO.
        recordings: By folder, then by file.
        left_out: Sentences on what looked like a recording and cannot be one.
    """

    layout: Layout
    recordings: tuple[Recording, ...]
    left_out: tuple[str, ...] = ()


def find_recordings(folder: Path, layout: Layout) -> Corpus:
    """Find the recordings of a corpus.

    Args:
        folder: The corpus.
        layout: FOLDERS has one folder a speaker, with videos or session files at any depth.
            CANDOR has one folder a conversation, `processed/channel_map.json` naming the two
            speakers of the videos beside it. AUTO takes CANDOR where such a map is found.

    Raises:
        InputError: The folder cannot be read, or has no recordings in that layout.
    """
    try:
        if not folder.is_dir():
            raise InputError(f"'{folder}' is no folder.", "Name the folder of the corpus.")
        places = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
        if layout is Layout.AUTO:
            candor = any((place / CHANNEL_MAP).is_file() for place in places)
            layout = Layout.CANDOR if candor else Layout.FOLDERS
        corpus = _candor(places) if layout is Layout.CANDOR else _folders(places)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder '{folder}' cannot be read: {reason}.") from error
    if not corpus.recordings:
        raise InputError(
            f"There are no recordings in '{folder}' (layout '{layout}').",
            " ".join(corpus.left_out)
            or "Put each speaker's videos or session files into a folder of the speaker's name.",
        )
    return corpus


def check_permission(layout: Layout, permission: str) -> None:
    """Make sure that the user has stated what a corpus' licence asks for.

    Raises:
        ConsentError: He has not; the sentence says what the licence is about.
    """
    if layout is Layout.CANDOR and not permission.strip():
        raise ConsentError(
            CANDOR_LICENCE,
            "If you have a permission that covers this work, state it: "
            "--permission 'who gave it, when, for what'. It is kept in the audit trail.",
        )


def _folders(places: list[Path]) -> Corpus:
    endings = VIDEO_ENDINGS | {SESSION_ENDING}
    found = [
        Recording(place.name, path, path.stem)
        for place in places
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() in endings and not path.name.startswith(".") and path.is_file()
    ]
    return Corpus(Layout.FOLDERS, tuple(found))


def _candor(places: list[Path]) -> Corpus:
    found: list[Recording] = []
    left_out: list[str] = []
    for place in places:
        try:
            found.extend(_conversation(place))
        except InputError as error:
            left_out.append(error.sentence)
    return Corpus(Layout.CANDOR, tuple(found), tuple(left_out))


def _conversation(place: Path) -> Iterator[Recording]:
    """The two speakers' own videos; the one that shows both side by side is not among them."""
    for speaker in _speakers(place / CHANNEL_MAP):
        path = place / CHANNEL_MAP.parent / f"{speaker}.mp4"
        if not path.is_file():
            raise InputError(f"The video '{path}' is missing, which the channel map names.")
        yield Recording(speaker, path, place.name)


def _speakers(path: Path) -> list[str]:
    try:
        if path.stat().st_size > LARGEST_MAP:
            raise InputError(f"'{path}' is too large to be a channel map.")
        channels = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"There is no channel map that can be read in '{path}'.") from error
    named = [channels.get(side) for side in ("L", "R")] if isinstance(channels, dict) else []
    speakers = [name for name in named if isinstance(name, str) and _is_plain(name)]
    if len(speakers) != 2:
        raise InputError(f"'{path}' does not name the speakers of channels L and R.")
    return speakers


def _is_plain(name: str) -> bool:
    """Whether a user id is no way out of its folder."""
    return bool(name) and Path(name).name == name and not name.startswith(".")
