"""Folders of recordings as corpora come in: whose recording each file is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path, PurePath

from facedyn_app.errors import ConsentError, InputError
from facedyn_app.files import file_name, read_plain
from facedyn_app.library.folder_scan import Content, ContentOf, FolderScan
from facedyn_app.library.visit_dates import date_in, is_day_alone

VIDEO, SESSION = "video", "session"
"""Kinds of recordings that are no program's measurements."""
MOST_SAID = 2
"""Sentences on what cannot be used that are said where nothing can."""
VIDEO_ENDINGS = frozenset(
    {".3g2", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".gif", ".h264", ".hevc", ".m1v"}
    | {".m2t", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"}
    | {".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""What is taken for a video by its name; any other file is looked into."""
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
        name: What the session is to be called: by the folder of the visit where there is one.
        day: When it was recorded, as its folder's name tells; None where it tells none.
    """

    speaker: str
    path: Path
    name: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """The recordings found in a folder.

    Attributes:
        layout: How they lie; never AUTO.
        recordings: By folder, then by file.
        left_out: What looked like a recording and cannot be one: the path and a sentence.
        passed_over: What is no recording, likewise.
    """

    layout: Layout
    recordings: tuple[Recording, ...]
    left_out: tuple[tuple[Path, str], ...] = ()
    passed_over: tuple[tuple[Path, str], ...] = ()


def find_recordings(folder: Path, layout: Layout, content_of: ContentOf) -> Corpus:
    """Find the recordings of a corpus; name whatever else there is, and why it is none.

    Args:
        folder: The corpus.
        layout: FOLDERS has one folder a speaker, with videos, session files or other programs'
            measurements at any depth; the folders in a speaker's are visits, which name and, by
            `date_in`, date their sessions. Where all folders are called by days alone, they are
            one speaker's visits. Measurements beside no folder are one speaker's, named
            by the corpus' folder. OPENFACE, LIVELINK and FLAME lie likewise, and what is not that
            program's is passed over. CANDOR has one folder a conversation,
            `processed/channel_map.json` naming the two speakers of the videos beside it. AUTO takes
            CANDOR where such a map is found, else FOLDERS.
        content_of: Tells what a file or folder is, by what is in it.

    Raises:
        InputError: The folder cannot be read, or has no recordings in that layout.
    """
    scan = FolderScan(_of_layout(layout, content_of))
    try:
        if not folder.is_dir():
            raise InputError(f"'{folder}' is no folder.", "Name the folder of the corpus.")
        entries = sorted(folder.iterdir())
        above = (folder.resolve(),)
        folders = [path for path in entries if path.is_dir()]
        places = [path for path in folders if scan.may_enter(path, above)]
        if layout is Layout.AUTO:
            candor = any((place / CHANNEL_MAP).is_file() for place in places)
            layout = Layout.CANDOR if candor else Layout.FOLDERS
        loose = [path for path in entries if path not in folders]
        if layout is Layout.CANDOR:
            found = _candor(scan, places, loose)
        else:
            found = _of_speakers(scan, folder, places, loose)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder '{folder}' cannot be read: {reason}.") from error
    if not found:
        raise InputError(
            f"There are no recordings in '{folder}' (layout '{layout}').", _what_to_do(scan)
        )
    return Corpus(layout, tuple(found), tuple(scan.left_out), tuple(scan.passed_over))


def _what_to_do(scan: FolderScan) -> str:
    """How recordings must lie, after why those that are there cannot be used."""
    reasons = [sentence for _, sentence in (*scan.left_out, *scan.passed_over)]
    said = reasons[:MOST_SAID]
    if (n_more := len(reasons) - len(said)) > 0:
        said.append(f"{n_more} more cannot be used.")
    how = "Put each speaker's videos, session files or tables into a folder of the speaker's name."
    return " ".join([*said, how])


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


def _of_layout(layout: Layout, content_of: ContentOf) -> ContentOf:
    """Content that takes one program's measurements alone, where the layout is that program's."""
    if not layout.is_of_program:
        return content_of

    def of_the_layout(path: Path) -> Content:
        found = content_of(path)
        if found.kind == layout.value:
            return found
        if path.is_dir():
            return Content()
        return Content(sentence=f"'{path}' is no measurement of the layout '{layout}'.")

    return of_the_layout


def _of_speakers(
    scan: FolderScan, folder: Path, places: Sequence[Path], loose: Sequence[Path]
) -> list[Recording]:
    """The recordings of a corpus of speakers' folders, or of a single speaker's folder.

    Args:
        scan: Looks into folders.
        folder: The corpus.
        places: The folders in it.
        loose: What else is in it.
    """
    if places and all(is_day_alone(file_name(place)) for place in places):
        return _speakers_folders(scan, [(file_name(folder.absolute()), folder)])
    found = _speakers_folders(scan, [(file_name(place), place) for place in places])
    if not found:
        return _one_speakers(scan, folder, loose)
    _name_loose(scan, loose)
    return found


def _speakers_folders(scan: FolderScan, places: Sequence[tuple[str, Path]]) -> list[Recording]:
    """The recordings of folders that are a speaker's each: name and folder."""
    found: list[Recording] = []
    for speaker, place in places:
        paths = [path for path, _ in scan.recordings(place)]
        visits = [_visit(path, place) for path in paths]
        for path, visit in zip(paths, visits, strict=True):
            several = visit is not None and visits.count(visit) > 1
            found.append(_of_visit(path, speaker, visit, several=several))
        if not paths:
            scan.passed_over.append((place, f"'{place}' holds no recording."))
    return found


def _visit(path: Path, place: Path) -> str | None:
    """The folder of the visit that a speaker's recording is of: the first dated one, or the first.

    Args:
        path: The recording.
        place: The speaker's folder.
    """
    if path == place:
        return None
    inner = path if path.is_dir() else path.parent
    names = [file_name(Path(part)) for part in inner.relative_to(place).parts]
    return next((name for name in names if date_in(name) is not None), names[0] if names else None)


def _of_visit(path: Path, speaker: str, visit: str | None, *, several: bool) -> Recording:
    stem = _stem(path)
    if visit is None:
        return Recording(speaker, path, stem)
    return Recording(speaker, path, f"{visit} {stem}" if several else visit, date_in(visit))


def _one_speakers(scan: FolderScan, folder: Path, loose: Sequence[Path]) -> list[Recording]:
    """Other programs' measurements that lie in no speaker's folder; what else there is is named."""
    speaker = file_name(folder.absolute())
    found: list[Recording] = []
    for path in loose:
        kind = scan.kind_of(path)
        if kind in (VIDEO, SESSION):
            scan.leave_out(path, _nobodys(path))
        elif kind is not None:
            found.append(Recording(speaker, path, _stem(path)))
    return found


def _name_loose(scan: FolderScan, loose: Sequence[Path]) -> None:
    for path in loose:
        if scan.kind_of(path) is not None:
            scan.leave_out(path, _nobodys(path))


def _nobodys(path: Path) -> str:
    return f"'{path}' lies in no speaker's folder: whose it is is not known."


def _candor(scan: FolderScan, places: Sequence[Path], loose: Sequence[Path]) -> list[Recording]:
    found: list[Recording] = []
    for place in places:
        try:
            found.extend(_conversation(place))
        except InputError as error:
            scan.leave_out(place, error.sentence)
    taken = {one.path for one in found}
    files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    for path in (*loose, *files):
        if path not in taken:
            sentence = f"'{path}' is neither of the two speakers' own videos of a conversation."
            scan.passed_over.append((path, sentence))
    return found


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
