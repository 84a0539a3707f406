"""The motion of all training sessions in a file, and random windows of it.

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
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.evaluation import LabelledSession
from facedyn_app.recognizer.model import check_head
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.settings import FeatureSettings

ROWS, INDEX = "tracks.f16", "tracks.json"
FORMAT, VERSION = "facedyn-tracks", 1

LEAST_DEVIATION = 0.01
"""A channel that hardly ever moves is not blown up: least scale of a channel or velocity."""

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Motion tracks of labelled sessions on disk, all of one head and in one order of features.

    Attributes:
        folder: Where the file of rows is.
        head_id: The head.
        expression_names: The head's channels, in the order of the features.
        speakers: The speaker of each of the N sessions.
        labels: (N,) number of the speaker of each session.
        first_rows: (N,) row of the file at which each session begins.
        segments: (start, stop) rows within the session of its stretches without gaps.
        scale: (F,) standard deviation of each feature over all sessions.
    """

    folder: Path
    head_id: str
    expression_names: tuple[str, ...]
    speakers: tuple[str, ...]
    labels: IntArray
    first_rows: IntArray
    segments: tuple[Segments, ...]
    scale: Tensor

    @property
    def n_features(self) -> int:
        """F, features of a frame."""
        return int(self.scale.shape[0])

    def cut(self, sessions: IntArray, length: int, rng: np.random.Generator) -> Tensor:
        """One random window of each session, all of the same length.

        A batch is as long as its shortest session allows, and no longer than asked.

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

    def spread_windows(self, session: int, length: int, most: int) -> FloatArray:
        """(W, T, F) windows of one session without overlap, at most `most`, evenly spread."""
        segments = self.segments[session]
        length = min(length, max(stop - start for start, stop in segments))
        starts = window_starts(segments, length, length)
        chosen = np.unique(np.linspace(0, len(starts) - 1, most).round().astype(int))
        return np.stack([self._rows(session, starts[k], length) for k in chosen])

    def _rows(self, session: int, start: int, length: int) -> FloatArray:
        # mapped anew each time: what stays mapped counts as this program's memory
        width = self.n_features
        offset = 2 * width * (int(self.first_rows[session]) + start)
        mapped = np.memmap(self.folder / ROWS, np.float16, "r", offset, (length, width))
        return np.array(mapped, dtype=np.float32)


def collect_tracks(
    sessions: Iterable[LabelledSession],
    settings: FeatureSettings,
    folder: Path,
    report: Report = ignore,
    identity: str = "",
) -> TrackSet:
    """Write the motion of labelled sessions; those without a long stretch are left out.

    Args:
        sessions: Read once, one at a time.
        settings: How motion is sampled.
        folder: Where the files go.
        report: Told of every session; may raise `Cancelled`.
        identity: What says which sessions these are, for `open_tracks`.

    Raises:
        TooLittleError: No session can be used.
        MismatchError: The sessions are of different heads.
        OutputError: The files cannot be written.
    """
    try:
        return _collected(sessions, settings, folder, report, identity)
    except BaseException:  # what is not whole is of no use to anybody
        for clear in ((folder / INDEX).unlink, (folder / ROWS).unlink, folder.rmdir):
            with suppress(OSError):
                clear()
        raise


def _collected(
    sessions: Iterable[LabelledSession],
    settings: FeatureSettings,
    folder: Path,
    report: Report,
    identity: str,
) -> TrackSet:
    writer = _Writer(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)
        with (folder / ROWS).open("wb") as file:
            for number, item in enumerate(sessions):
                report(Progress("reading motion", number))
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
        n_bytes = 2 * tracks.n_features * sum(int(item["rows"]) for item in index["sessions"])
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
        self._head: tuple[str, tuple[str, ...]] | None = None
        self._items: list[dict[str, Any]] = []
        self._power: FloatArray | float = 0.0
        self._n_rows = 0

    def add(self, item: LabelledSession, file: BinaryIO) -> None:
        self._head = self._head or (item.session.head_id, item.session.expression_names)
        check_head(item.session, *self._head)
        track = _track(item, self._settings, self._head[1])
        if track is None:
            return
        file.write(track.values.astype(np.float16).tobytes())
        self._power = self._power + (track.values.astype(np.float64) ** 2).sum(axis=0)
        self._n_rows += len(track.values)
        self._items.append(
            {"speaker": item.speaker, "rows": len(track.values), "segments": track.segments}
        )

    def index(self, identity: str) -> dict[str, Any]:
        if self._head is None or not self._items:
            raise TooLittleError(
                "There is no session long enough to train on.",
                f"Add recordings in which a face is followed for {SHORTEST_WINDOW_S:g} s or more.",
            )
        deviation = np.sqrt(self._power / self._n_rows)
        return {
            "format": FORMAT,
            "version": VERSION,
            "identity": identity,
            "head_id": self._head[0],
            "expression_names": list(self._head[1]),
            "sessions": self._items,
            "scale": np.maximum(deviation, LEAST_DEVIATION).tolist(),
        }


def _track_set(folder: Path, index: dict[str, Any]) -> TrackSet:
    items = index["sessions"]
    speakers = tuple(str(item["speaker"]) for item in items)
    number = {name: k for k, name in enumerate(sorted(set(speakers)))}
    n_rows = np.asarray([int(item["rows"]) for item in items])
    return TrackSet(
        folder=folder,
        head_id=str(index["head_id"]),
        expression_names=tuple(index["expression_names"]),
        speakers=speakers,
        labels=np.asarray([number[name] for name in speakers]),
        first_rows=np.cumsum(n_rows) - n_rows,
        segments=tuple(tuple((int(a), int(b)) for a, b in item["segments"]) for item in items),
        scale=torch.as_tensor(index["scale"], dtype=torch.float32),
    )


def _track(
    item: LabelledSession, settings: FeatureSettings, expression_names: tuple[str, ...]
) -> MotionTrack | None:
    try:
        track = motion_features(item.session, settings)
    except TooLittleError:
        return None
    if max(b - a for a, b in track.segments) < SHORTEST_WINDOW_S * settings.rate_hz:
        return None
    return track.with_columns(feature_names(expression_names, settings))


def _random_start(segments: Segments, length: int, rng: np.random.Generator) -> int:
    """The first row of a window anywhere it fits, all places being equally likely."""
    rooms = np.asarray([max(0, stop - start - length + 1) for start, stop in segments])
    place = int(rng.integers(rooms.sum()))
    segment = int(np.searchsorted(np.cumsum(rooms), place, side="right"))
    return segments[segment][0] + place - int(rooms[:segment].sum())
