"""Motion tracks of all training sessions in a file, and random windows of them.

Sessions need not have the same channels: together they have all that any of them has, and what one
lacks rests at 0 there.

A corpus may be larger than memory, so the rows of all sessions stand one after the other in one
file, 16-bit numbers, of which only the windows asked for are mapped. An index beside it says whose
rows they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from facedyn_app.errors import InputError
from facedyn_app.folder_files import PLAIN, FolderFiles
from facedyn_app.recognizer.motion_windows import evenly_spread, window_starts
from facedyn_app.recognizer.track_files import (
    FORMAT,
    INDEX,
    MOST_INDEX_BYTES,
    NOWHERE,
    ROWS,
    SALT,
    VERSION,
)
from facedyn_app.records import BoolArray, FloatArray, IntArray
from facedyn_app.stream_cipher import StreamCipher

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Motion tracks of labelled sessions on disk, all of one head and in one order of features.

    Attributes:
        folder: Where the file of rows is.
        head_id: The head.
        expression_names: The channels of the sessions that are not left out, in the order of the
            features.
        speakers: The speaker of each of the N sessions.
        labels: (N,) number of the speaker of each session.
        first_bytes: (N,) where in the file each session begins.
        columns: Of each session, which features its columns are; `NOWHERE` for what is left out.
        segments: (start, stop) rows within the session of its stretches without gaps.
        scale: (F,) standard deviation of each feature over the sessions in which it moves; 0 for
            channels that are left out, and their velocities.
        left_out: Channels that are left out, and the share of the sessions in which each is dead.
        cipher: Of the file of rows; None where it is as it is.
    """

    folder: Path
    head_id: str
    expression_names: tuple[str, ...]
    speakers: tuple[str, ...]
    labels: IntArray
    first_bytes: IntArray
    columns: tuple[IntArray, ...]
    segments: tuple[Segments, ...]
    scale: Tensor
    left_out: Mapping[str, float]
    cipher: StreamCipher | None = None

    @property
    def n_features(self) -> int:
        """F, features of a frame."""
        return int(self.scale.shape[0])

    @property
    def present(self) -> BoolArray:
        """(N, C) whether each session has each channel."""
        there = np.zeros((len(self.columns), self.n_features), dtype=bool)
        for row, columns in zip(there, self.columns, strict=True):
            row[columns[columns != NOWHERE]] = True
        return there[:, : self.n_features // 2]

    def long_enough(self, sessions: IntArray, length: int) -> tuple[IntArray, int]:
        """Those of some sessions that are as long as asked, or as half of them are.

        Where recordings are short, one with hardly any stretch must not shorten all windows.

        Returns:
            (B,) numbers of sessions and the length that each of them has, frames.
        """
        longest = np.asarray([max(b - a for a, b in self.segments[i]) for i in sessions])
        length = min(length, int(np.median(longest)))
        return sessions[longest >= length], length

    def cut(self, sessions: IntArray, length: int, rng: np.random.Generator) -> Tensor:
        """One random window of each session, all of the same length.

        The windows are as long as the shortest session allows, and no longer than asked.

        Args:
            sessions: (B,) numbers of sessions.
            length: Frames wanted.
            rng: Source of randomness.

        Returns:
            (B, T, F) float32 windows.
        """
        fitting = [max(stop - start for start, stop in self.segments[i]) for i in sessions]
        length = min(length, *fitting)
        starts = [_random_start(self.segments[i], length, rng) for i in sessions]
        rows = [self._rows(i, at, length) for i, at in zip(sessions, starts, strict=True)]
        return torch.as_tensor(np.stack(rows))

    def spread_windows(self, session: int, length: int, hop: int, most: int) -> FloatArray:
        """(W, T, F) windows of one session, `hop` rows apart; at most `most`, evenly spread."""
        segments = self.segments[session]
        length = min(length, max(stop - start for start, stop in segments))
        starts = window_starts(segments, length, hop)
        chosen = evenly_spread(len(starts), most)
        return np.stack([self._rows(session, starts[k], length) for k in chosen])

    def _rows(self, session: int, start: int, length: int) -> FloatArray:
        # mapped anew each time: what stays mapped counts as this program's memory
        columns = self.columns[session]
        width = len(columns)
        offset = int(self.first_bytes[session]) + 2 * width * start
        path = self.folder / ROWS
        if self.cipher is None:
            mapped: FloatArray = np.memmap(path, np.float16, "r", offset, (length, width))
        else:
            read = np.fromfile(path, np.uint8, 2 * length * width, offset=offset)
            mapped = np.frombuffer(self.cipher(read.data, offset), np.float16)
            mapped = mapped.reshape(length, width)
        rows = np.zeros((length, self.n_features), dtype=np.float32)
        kept = columns != NOWHERE
        rows[:, columns[kept]] = mapped[:, kept]
        return rows


def open_tracks(folder: Path, identity: str, files: FolderFiles = PLAIN) -> TrackSet | None:
    """Tracks that `collect_tracks` has written before; None where they are not of `identity`.

    Args:
        folder: Where they are.
        identity: What says which sessions they are of.
        files: What they are read with.

    Raises:
        InputError: The files are damaged.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        index = json.loads(files.read(path, MOST_INDEX_BYTES))
        if (index["format"], index["version"], index["identity"]) != (FORMAT, VERSION, identity):
            return None
        tracks = read_index(folder, index, files)
        rows = [int(item["rows"]) for item in index["sessions"]]
        n_bytes = 2 * sum(len(c) * n for c, n in zip(tracks.columns, rows, strict=True))
        whole = (folder / ROWS).stat().st_size == n_bytes
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(folder) from error
    if not whole:
        raise _damaged(folder)
    return tracks


def _damaged(folder: Path) -> InputError:
    return InputError(
        f"The prepared motion in '{folder}' is damaged.", "Delete that folder and train again."
    )


def row_cipher(index: dict[str, Any], files: FolderFiles) -> StreamCipher | None:
    """The cipher of the rows that an index belongs to; None where they are as they are."""
    key = files.stream_key(bytes.fromhex(str(index.get(SALT, ""))))
    return None if key is None else StreamCipher(key)


def read_index(folder: Path, index: dict[str, Any], files: FolderFiles = PLAIN) -> TrackSet:
    """The tracks that an index tells of.

    Args:
        folder: Where they are.
        index: What says whose rows they are.
        files: What they are read with.

    Raises:
        KeyError, TypeError, ValueError: It is no such index.
    """
    items = index["sessions"]
    speakers = tuple(str(item["speaker"]) for item in items)
    columns = tuple(np.asarray(item["columns"], dtype=np.int64) for item in items)
    n_bytes = np.asarray(
        [2 * int(item["rows"]) * len(own) for item, own in zip(items, columns, strict=True)]
    )
    return TrackSet(
        folder=folder,
        head_id=str(index["head_id"]),
        expression_names=tuple(index["expression_names"]),
        speakers=speakers,
        labels=speaker_numbers(speakers),
        first_bytes=np.cumsum(n_bytes) - n_bytes,
        columns=columns,
        segments=tuple(tuple((int(a), int(b)) for a, b in item["segments"]) for item in items),
        scale=torch.as_tensor(index["scale"], dtype=torch.float32),
        left_out={str(name): float(share) for name, share in index["left_out"].items()},
        cipher=row_cipher(index, files),
    )


def speaker_numbers(speakers: Sequence[str]) -> IntArray:
    """(N,) the number of each session's speaker, 0..G - 1 in the order of their names."""
    return np.unique(np.asarray(speakers), return_inverse=True)[1]


def _random_start(segments: Segments, length: int, rng: np.random.Generator) -> int:
    """The first row of a window anywhere it fits, all places being equally likely."""
    rooms = np.asarray([max(0, stop - start - length + 1) for start, stop in segments])
    place = int(rng.integers(rooms.sum()))
    segment = int(np.searchsorted(np.cumsum(rooms), place, side="right"))
    return segments[segment][0] + place - int(rooms[:segment].sum())
