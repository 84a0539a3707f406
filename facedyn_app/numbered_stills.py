"""Numbered stills in a folder: which pictures are a series, and which frame each of them is."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Final

from facedyn_app.files import sha256_of
from facedyn_app.progress import OnProgress, ignore

STILL_ENDINGS: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
MOST_SERIES: Final = 16
"""Series of one kind of name in a folder; where there were more, the numbers mean another thing."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Stills that follow each other.

    Attributes:
        name: What their names have in common, `#` in place of the frame's number.
        files: The picture of each frame; None where its number is missing.
        first: Number of the first one; None where the names do not count.
        step: By which the numbers go on.
        gappy: Whether so many numbers are missing that they count no frames.
    """

    name: str
    files: tuple[Path | None, ...]
    first: int | None = None
    step: int = 1
    gappy: bool = False

    @property
    def n_missing(self) -> int:
        """Frames without a picture."""
        return self.files.count(None)


def series_in(folder: Path) -> list[Series]:
    """The series of numbered stills in a folder, by name; files alone of their kind are none.

    The frame's number is the one in a name that no two pictures share; numbers are compared as
    numbers, so that 2 comes before 10. Where no number tells all pictures apart, the others tell
    series apart, such as cameras. Numbers may go on in steps, as where every fifth picture was
    kept. A missing one is a frame without a picture, unless more are missing than there are.

    Raises:
        OSError: The folder cannot be read.
    """
    alike: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in folder.iterdir():
        ending = path.suffix.lower()
        hidden = path.name.startswith(".")
        if ending in STILL_ENDINGS and not hidden and _NUMBER.search(path.stem) and path.is_file():
            alike[_NUMBER.sub("#", path.stem), ending].append(path)
    series = [one for files in alike.values() if len(files) > 1 for one in _told_apart(files)]
    return sorted(series, key=lambda one: one.name)


def stills_of(folder: Path) -> list[Path]:
    """The files of a folder's series of stills, in order; none where it has none."""
    try:
        series = series_in(folder) if folder.is_dir() else []
    except OSError:
        return []
    return [path for one in series for path in one.files if path is not None]


def sha256_of_video(path: Path, on_progress: OnProgress = ignore) -> str:
    """The sha256 of a video file, or of a folder of stills.

    Args:
        path: The video; of one that is large it takes long, so look first whether it is one.
        on_progress: As `files.sha256_of`.

    Raises:
        InputError: It is no ordinary file.
        OSError: It cannot be read.
    """
    return sha256_of_files(stills_of(path) or [path], on_progress)


def sha256_of_files(files: Sequence[Path], on_progress: OnProgress = ignore) -> str:
    """The sha256 of a file; of several, that of their sha256 in order.

    Args:
        files: The files.
        on_progress: As `files.sha256_of`.

    Raises:
        InputError: One is no ordinary file.
        OSError: One cannot be read.
    """
    if len(files) == 1:
        return sha256_of(files[0], on_progress)
    sums = "".join(sha256_of(file, on_progress) for file in files)
    return hashlib.sha256(sums.encode("ascii")).hexdigest()


def _numbers(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(path.stem))


def _told_apart(files: list[Path]) -> list[Series]:
    """The series of files whose names differ in numbers alone."""
    files = sorted(files, key=lambda path: (_numbers(path), path.name))
    rows = [_numbers(path) for path in files]
    counts = [len(set(column)) for column in zip(*rows, strict=True)]
    telling = [k for k, count in enumerate(counts) if count == len(files)]
    if telling:
        return [_series(files, telling[0])]
    varying = [k for k, count in enumerate(counts) if count > 1]
    groups: dict[tuple[int, ...], list[Path]] = defaultdict(list)
    for path, row in zip(files, rows, strict=True):
        groups[tuple(row[k] for k in varying[:-1])].append(path)
    several = [group for group in groups.values() if len(group) > 1]
    if not 1 < len(several) <= MOST_SERIES:
        return [Series(_name(files[0], len(rows[0]) - 1), tuple(files))]
    return [_series(group, varying[-1]) for group in several]


def _name(path: Path, place: int) -> str:
    """A file's name with `#` for the number at a place."""
    match = list(_NUMBER.finditer(path.stem))[place]
    return f"{path.stem[: match.start()]}#{path.stem[match.end() :]}{path.suffix}"


def _series(files: list[Path], place: int) -> Series:
    """The series of files that are counted by the number at a place of their names."""
    files = sorted(files, key=lambda path: (_numbers(path)[place], path.name))
    numbers = [_numbers(path)[place] for path in files]
    name, first = _name(files[0], place), numbers[0]
    step = gcd(*(number - first for number in numbers))
    if not step or len(set(numbers)) < len(numbers):  # 1 and 01 beside each other
        return Series(name, tuple(files))
    n_frames = (numbers[-1] - first) // step + 1
    if n_frames > 2 * len(files):
        return Series(name, tuple(files), first, gappy=True)
    by_frame = {(number - first) // step: path for number, path in zip(numbers, files, strict=True)}
    return Series(name, tuple(by_frame.get(k) for k in range(n_frames)), first, step)
