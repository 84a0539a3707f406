"""The motion of all training sessions in memory, and random windows of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facedyn_app.dynamics.features import (
    MotionTrack,
    columns_by_name,
    feature_names,
    motion_features,
)
from facedyn_app.dynamics.windows import SHORTEST_WINDOW_S, windows
from facedyn_app.errors import TooLittleError
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.evaluation import LabelledSession
from facedyn_app.recognizer.model import check_head
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.settings import FeatureSettings

LEAST_DEVIATION = 0.01
"""A channel that hardly ever moves is not blown up: least scale of a channel or velocity."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Motion tracks of labelled sessions, all of one head and in one order of features.

    Attributes:
        head_id: The head.
        expression_names: The head's channels, in the order of the features.
        tracks: One track a session.
        speakers: The speaker of each session.
        labels: (N,) number of the speaker of each session.
        scale: (F,) standard deviation of each feature over all sessions.
    """

    head_id: str
    expression_names: tuple[str, ...]
    tracks: tuple[MotionTrack, ...]
    speakers: tuple[str, ...]
    labels: IntArray
    scale: Tensor

    @property
    def n_features(self) -> int:
        """F, features of a frame."""
        return int(self.scale.shape[0])

    def cut(
        self, sessions: IntArray, length: int, rng: np.random.Generator
    ) -> tuple[Tensor, IntArray]:
        """One random window of each session, all of the same length.

        A batch is as long as its shortest session allows, and no longer than asked.

        Args:
            sessions: (B,) numbers of sessions.
            length: Frames wanted.
            rng: Source of randomness.

        Returns:
            (B, T, F) float32 windows and the (B,) sessions they are of.
        """
        fitting = [max(stop - start for start, stop in self.tracks[i].segments) for i in sessions]
        length = min(length, *fitting)
        cuts = [_random_cut(self.tracks[i], length, rng) for i in sessions]
        return torch.as_tensor(np.stack(cuts), dtype=torch.float32), np.asarray(sessions)

    def all_windows(self, session: int, settings: FeatureSettings) -> FloatArray:
        """(W, T, F) windows of one session, without overlap."""
        return windows(self.tracks[session], settings.window_s, settings.window_s)[0]


def collect_tracks(
    sessions: Iterable[LabelledSession], settings: FeatureSettings, report: Report = ignore
) -> TrackSet:
    """Turn labelled sessions into motion tracks; those without a long stretch are left out.

    Raises:
        TooLittleError: No session can be used.
        MismatchError: The sessions are of different heads.
    """
    tracks: list[MotionTrack] = []
    speakers: list[str] = []
    head: tuple[str, tuple[str, ...]] | None = None
    for number, item in enumerate(sessions):
        report(Progress("reading motion", number))
        head = head or (item.session.head_id, item.session.expression_names)
        check_head(item.session, *head)
        track = _track(item, settings, head[1])
        if track is not None:
            tracks.append(track)
            speakers.append(item.speaker)
    if head is None or not tracks:
        raise TooLittleError("There is no session long enough to train on.", "Add more recordings.")
    names = sorted(set(speakers))
    return TrackSet(
        head_id=head[0],
        expression_names=head[1],
        tracks=tuple(tracks),
        speakers=tuple(speakers),
        labels=np.asarray([names.index(name) for name in speakers]),
        scale=_scale(tracks),
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
    names = feature_names(expression_names)
    columns = columns_by_name(track.names, names)
    return MotionTrack(track.values[:, columns], track.seconds, track.segments, names)


def _scale(tracks: list[MotionTrack]) -> Tensor:
    power = sum((track.values.astype(np.float64) ** 2).sum(axis=0) for track in tracks)
    deviation = np.sqrt(power / sum(len(track.seconds) for track in tracks))
    return torch.as_tensor(np.maximum(deviation, LEAST_DEVIATION), dtype=torch.float32)


def _random_cut(track: MotionTrack, length: int, rng: np.random.Generator) -> FloatArray:
    """A window that starts anywhere it fits, all places being equally likely."""
    rooms = np.asarray([max(0, stop - start - length + 1) for start, stop in track.segments])
    place = int(rng.integers(rooms.sum()))
    segment = int(np.searchsorted(np.cumsum(rooms), place, side="right"))
    at = track.segments[segment][0] + place - int(rooms[:segment].sum())
    return track.values[at : at + length]
