"""The motion of all training sessions in a file, and random windows of it.

Sessions need not have the same channels: together they have all that any of them has, and what one
lacks rests at 0 there.

A corpus may be larger than memory, so the rows of all sessions stand one after the other in one
file, 16-bit numbers, of which only the windows asked for are mapped. An index beside it says whose
rows they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from facedyn_app.dynamics.features import (
    MotionTrack,
    feature_names,
    motion_features,
)
from facedyn_app.dynamics.windows import SHORTEST_WINDOW_S, window_starts
from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.evaluation import LabelledSession
from facedyn_app.recognizer.model import check_head
from facedyn_app.recognizer.resting import DEAD_SHARE
from facedyn_app.records import BoolArray, FloatArray, IntArray
from facedyn_app.settings import FeatureSettings

ROWS, INDEX = "tracks.f16", "tracks.json"
FORMAT, VERSION = "facedyn-tracks", 2

LEAST_SCALE = 1e-6
"""Of a feature that moves at all."""

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Motion tracks of labelled sessions on disk, all of one head and in one order of features.

    Attributes:
        folder: Where the file of rows is.
        head_id: The head.
        expression_names: All channels of the sessions, in the order of the features.
        speakers: The speaker of each of the N sessions.
        labels: (N,) number of the speaker of each session.
        first_bytes: (N,) where in the file each session begins.
        columns: Of each session, which features its columns are.
        segments: (start, stop) rows within the session of its stretches without gaps.
        scale: (F,) standard deviation of each feature over the sessions in which it moves; 0 for
            channels that hardly move in any, and their velocities.
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

    @property
    def n_features(self) -> int:
        """F, features of a frame."""
        return int(self.scale.shape[0])

    @property
    def present(self) -> BoolArray:
        """(N, C) whether each session has each channel."""
        there = np.zeros((len(self.columns), self.n_features), dtype=bool)
        for row, columns in zip(there, self.columns, strict=True):
            row[columns] = True
        return there[:, : self.n_features // 2]

    def fitting(self, sessions: IntArray, length: int) -> tuple[IntArray, int]:
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
        chosen = np.unique(np.linspace(0, len(starts) - 1, most).round().astype(int))
        return np.stack([self._rows(session, starts[k], length) for k in chosen])

    def _rows(self, session: int, start: int, length: int) -> FloatArray:
        # mapped anew each time: what stays mapped counts as this program's memory
        columns = self.columns[session]
        width = len(columns)
        offset = int(self.first_bytes[session]) + 2 * width * start
        mapped = np.memmap(self.folder / ROWS, np.float16, "r", offset, (length, width))
        rows = np.zeros((length, self.n_features), dtype=np.float32)
        rows[:, columns] = mapped
        return rows


def collect_tracks(
    sessions: Iterable[LabelledSession],
    settings: FeatureSettings,
    folder: Path,
    on_progress: OnProgress = ignore,
    identity: str = "",
) -> TrackSet:
    """Write the motion of labelled sessions; those without a long stretch are left out.

    Args:
        sessions: Read once, one at a time.
        settings: How motion is sampled.
        folder: Where the files go.
        on_progress: Told of every session; may raise `Cancelled`.
        identity: What says which sessions these are, for `open_tracks`.

    Raises:
        TooLittleError: No session can be used.
        MismatchError: The sessions are of different heads.
        OutputError: The files cannot be written.
    """
    try:
        return _collected(sessions, settings, folder, on_progress, identity)
    except BaseException:  # what is not whole is of no use to anybody
        for clear in ((folder / INDEX).unlink, (folder / ROWS).unlink, folder.rmdir):
            with suppress(OSError):
                clear()
        raise


def _collected(
    sessions: Iterable[LabelledSession],
    settings: FeatureSettings,
    folder: Path,
    on_progress: OnProgress,
    identity: str,
) -> TrackSet:
    writer = _Writer(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)
        with (folder / ROWS).open("wb") as file:
            for number, item in enumerate(sessions):
                on_progress(Progress("reading motion", number))
                writer.add(item, file)
        index = writer.index(identity)
        (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The motion cannot be written to '{folder}': {error.strerror or error}.",
            "Choose a place with more room.",
        ) from error
    return _track_set(folder, index)


def open_tracks(folder: Path, identity: str) -> TrackSet | None:
    """Tracks that `collect_tracks` has written before; None where they are not of `identity`.

    Raises:
        InputError: The files are damaged.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if (index["format"], index["version"], index["identity"]) != (FORMAT, VERSION, identity):
            return None
        tracks = _track_set(folder, index)
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


class _Writer:
    """Takes sessions one by one; keeps what the index needs."""

    def __init__(self, settings: FeatureSettings) -> None:
        self._settings = settings
        self._head_id: str | None = None
        self._names: dict[str, None] = {}  # a set that keeps its order
        self._items: list[dict[str, Any]] = []
        self._deviations: list[dict[str, float]] = []

    def add(self, item: LabelledSession, file: BinaryIO) -> None:
        self._head_id = self._head_id or item.session.head_id
        check_head(item.session, self._head_id, item.session.expression_names)
        track = _track(item, self._settings)
        if track is None:
            return
        file.write(track.values.astype(np.float16).tobytes())
        power = (track.values.astype(np.float64) ** 2).mean(axis=0)
        self._names |= dict.fromkeys(item.session.expression_names)
        self._deviations.append(dict(zip(track.names, np.sqrt(power).tolist(), strict=True)))
        self._items.append(
            {
                "speaker": item.speaker,
                "rows": len(track.values),
                "segments": track.segments,
                "names": track.names,
            }
        )

    def index(self, identity: str) -> dict[str, Any]:
        if self._head_id is None or not self._items:
            raise TooLittleError(
                "There is no session long enough to train on.",
                f"Add recordings in which a face is followed for {SHORTEST_WINDOW_S:g} s or more.",
            )
        features = feature_names(tuple(self._names), self._settings)
        deviations = np.asarray(
            [[own.get(name, 0.0) for name in features] for own in self._deviations]
        )
        column = {name: k for k, name in enumerate(features)}
        for item in self._items:
            item["columns"] = [column[name] for name in item.pop("names")]
        return {
            "format": FORMAT,
            "version": VERSION,
            "identity": identity,
            "head_id": self._head_id,
            "expression_names": list(self._names),
            "sessions": self._items,
            "scale": usual_scale(deviations).tolist(),
        }


def _track_set(folder: Path, index: dict[str, Any]) -> TrackSet:
    items = index["sessions"]
    speakers = tuple(str(item["speaker"]) for item in items)
    number = {name: k for k, name in enumerate(sorted(set(speakers)))}
    columns = tuple(np.asarray(item["columns"], dtype=np.int64) for item in items)
    n_bytes = np.asarray(
        [2 * int(item["rows"]) * len(own) for item, own in zip(items, columns, strict=True)]
    )
    return TrackSet(
        folder=folder,
        head_id=str(index["head_id"]),
        expression_names=tuple(index["expression_names"]),
        speakers=speakers,
        labels=np.asarray([number[name] for name in speakers]),
        first_bytes=np.cumsum(n_bytes) - n_bytes,
        columns=columns,
        segments=tuple(tuple((int(a), int(b)) for a, b in item["segments"]) for item in items),
        scale=torch.as_tensor(index["scale"], dtype=torch.float32),
    )


def usual_scale(deviations: FloatArray) -> FloatArray:
    """(F,) usual standard deviation of each feature; 0 for dead channels and their velocities.

    A channel that moves less than `DEAD_SHARE` of what channels usually do is dead; a session in
    which a channel moves less than this share of what it does in others says nothing of its scale.

    Args:
        deviations: (N, F) of each session: of the channels, then of their velocities; 0 where a
            session lacks a channel.
    """
    over_all = np.sqrt((deviations**2).mean(axis=0))
    moving = deviations > DEAD_SHARE * over_all
    power = np.where(moving, deviations**2, 0.0).sum(axis=0)
    scale = np.sqrt(power / np.maximum(moving.sum(axis=0), 1))
    channels = scale[: len(scale) // 2]
    if not (channels > 0.0).any():
        return np.zeros_like(scale)
    dead = channels <= DEAD_SHARE * np.median(channels[channels > 0.0])
    return np.asarray(np.where(np.tile(dead, 2), 0.0, np.maximum(scale, LEAST_SCALE)))


def _track(item: LabelledSession, settings: FeatureSettings) -> MotionTrack | None:
    try:
        track = motion_features(item.session, settings)
    except TooLittleError:
        return None
    if max(b - a for a, b in track.segments) < SHORTEST_WINDOW_S * settings.rate_hz:
        return None
    return track


def _random_start(segments: Segments, length: int, rng: np.random.Generator) -> int:
    """The first row of a window anywhere it fits, all places being equally likely."""
    rooms = np.asarray([max(0, stop - start - length + 1) for start, stop in segments])
    place = int(rng.integers(rooms.sum()))
    segment = int(np.searchsorted(np.cumsum(rooms), place, side="right"))
    return segments[segment][0] + place - int(rooms[:segment].sum())
