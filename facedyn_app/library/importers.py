"""Folders of recordings as corpora come in: whose recording each file is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from facedyn_app.errors import ConsentError, InputError, unreadable
from facedyn_app.files import file_name, read_plain

SESSION_ENDING = ".npz"
VIDEO_ENDINGS = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".mts", ".3gp"}
)
TABLE_ENDINGS = (".csv", ".tsv", ".jsonl")
"""What is taken for a recording by its name, so that one of no known program is spoken of."""
CHANNEL_MAP = Path("processed") / "channel_map.json"
LARGEST_MAP = 100_000
"""Bytes; a map of two channels is far smaller."""

MeasuredBy = Callable[[Path], str | None]

CANDOR_LICENCE = (
    "CANDOR's present licence (version 2.1) forbids making biometric identifiers from it."
)


class Layout(StrEnum):
    """How a corpus lies on disk."""

    AUTO = "auto"
    FOLDERS = "folders"
    CANDOR = "candor"
    OPENFACE = "openface"
    LIVELINK = "livelink"
    FLAME = "flame"

    @property
    def is_of_program(self) -> bool:
        """Whether only one program's measurements are taken."""
        return self in (Layout.OPENFACE, Layout.LIVELINK, Layout.FLAME)


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


def find_recordings(folder: Path, layout: Layout, measured_by: MeasuredBy) -> Corpus:
    """Find the recordings of a corpus.

    Args:
        folder: The corpus.
        layout: FOLDERS has one folder a speaker, with videos, session files or other programs'
            measurements at any depth; recordings beside no folder are one speaker's, named by the
            corpus' folder. OPENFACE, LIVELINK and FLAME lie likewise, and what is not that
            program's is passed over. CANDOR has one folder a conversation,
            `processed/channel_map.json` naming the two speakers of the videos beside it. AUTO takes
            CANDOR where such a map is found, else FOLDERS.
        measured_by: Tells which program's measurement a file or folder is, by what is in it; None
            for none.

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
        if layout is Layout.CANDOR:
            corpus = _candor(places)
        else:
            corpus = _Folders(layout, measured_by).corpus(folder, places)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder '{folder}' cannot be read: {reason}.") from error
    if not corpus.recordings:
        raise InputError(
            f"There are no recordings in '{folder}' (layout '{layout}').",
            " ".join(corpus.left_out)
            or "Put each speaker's videos, session files or tables into a folder of the speaker's "
            "name.",
        )
    return corpus


def check_permission(layout: Layout, permission: str) -> None:
    """Make sure that the user has stated what a corpus' licence asks for.

    Raises:
        ConsentError: They have not; the sentence says what the licence is about.
    """
    if layout is Layout.CANDOR and not permission.strip():
        raise ConsentError(
            CANDOR_LICENCE,
            "If you have a permission that covers this work, state it: "
            "--permission 'who gave it, when, for what'. It is kept in the audit trail.",
        )


def _stem(path: Path) -> str:
    return PurePath(file_name(path)).stem


def _leads_back(path: Path, place: Path) -> bool:
    """Whether a folder is a link to one that it lies in: what is there would come without end."""
    return path.is_symlink() and place.resolve().is_relative_to(path.resolve())


class _Folders:
    """Looks for the recordings of folders that are a speaker's each."""

    def __init__(self, layout: Layout, measured_by: MeasuredBy) -> None:
        self._layout, self._measured_by = layout, measured_by
        self._left_out: list[str] = []

    def corpus(self, folder: Path, places: Sequence[Path]) -> Corpus:
        """The recordings of the speakers' folders; of the corpus' own folder where they have none.

        Args:
            folder: The corpus.
            places: The folders in it.
        """
        found = [
            Recording(file_name(place), path, _stem(path))
            for place in places
            for path in self._readable(place)
        ]
        if not found:
            speaker = file_name(folder.absolute())
            found = [Recording(speaker, path, _stem(path)) for path in self._measurements(folder)]
        return Corpus(self._layout, tuple(found), tuple(self._left_out))

    def _readable(self, place: Path) -> list[Path]:
        """Recordings of a folder; those before what cannot be read, which is left out."""
        found: list[Path] = []
        try:
            found.extend(self._in(place))
        except OSError as error:
            self._left_out.append(unreadable(Path(error.filename or place), error).sentence)
        return found

    def _in(self, place: Path) -> Iterator[Path]:
        """Recordings of a folder and of the folders in it, by name."""
        if self._is_recording(place):  # a folder of frames is one
            yield place
            return
        for path in sorted(place.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if not _leads_back(path, place):
                    yield from self._in(path)
            elif path.is_file() and self._is_recording(path):
                yield path

    def _measurements(self, folder: Path) -> list[Path]:
        """Other programs' measurements that lie in no speaker's folder."""
        files = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
        return [path for path in files if self._program(path) is not None]

    def _is_recording(self, path: Path) -> bool:
        ending = path.suffix.lower()
        if self._layout.is_of_program:
            return self._program(path) == self._layout.value
        is_kept = ending in (SESSION_ENDING, *TABLE_ENDINGS) or ending in VIDEO_ENDINGS
        return (is_kept and not path.is_dir()) or self._program(path) is not None

    def _program(self, path: Path) -> str | None:
        try:
            return self._measured_by(path)
        except InputError as error:
            self._left_out.append(error.sentence)
            return None


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
        yield Recording(speaker, path, file_name(place))


def _speakers(path: Path) -> list[str]:
    try:
        channels = json.loads(read_plain(path, LARGEST_MAP))
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
