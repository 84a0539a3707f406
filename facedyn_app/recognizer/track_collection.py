"""Collection of training motion: sessions written one by one, and the usual scale of features."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from facedyn_app.dynamics.features import (
    MotionTrack,
    feature_names,
    motion_features,
)
from facedyn_app.errors import OutputError, TooLittleError
from facedyn_app.folder_files import PLAIN, FolderFiles, write_file
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.motion_windows import (
    DEAD_SHARE,
    SHORTEST_WINDOW_S,
    check_head,
    often_dead,
)
from facedyn_app.recognizer.track_files import FORMAT, INDEX, NOWHERE, ROWS, SALT, VERSION
from facedyn_app.recognizer.track_set import TrackSet, read_index, row_cipher, speaker_numbers
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.records import FloatArray, IntArray
from facedyn_app.settings import FeatureSettings
from facedyn_app.stream_cipher import StreamCipher

LEAST_SCALE = 1e-6
"""Of a feature that moves at all."""


def collect_tracks(
    sessions: Iterable[LabelledSession],
    settings: FeatureSettings,
    folder: Path,
    on_progress: OnProgress = ignore,
    identity: str = "",
    files: FolderFiles = PLAIN,
) -> TrackSet:
    """Write the motion of labelled sessions; those without a long stretch are left out.

    Args:
        sessions: Read once, one at a time.
        settings: How motion is sampled.
        folder: Where the files go.
        on_progress: Told of every session; may raise `Cancelled`.
        identity: What says which sessions these are, for `open_tracks`.
        files: What they are written with.

    Raises:
        TooLittleError: No session can be used.
        MismatchError: The sessions are of different heads.
        OutputError: The files cannot be written.
    """
    try:
        return _collected(sessions, settings, folder, on_progress, identity, files)
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
    files: FolderFiles,
) -> TrackSet:
    salt = secrets.token_hex(16)
    writer = _Writer(settings, row_cipher({SALT: salt}, files))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).unlink(missing_ok=True)
        with (folder / ROWS).open("wb") as file:
            for number, item in enumerate(sessions):
                on_progress(Progress("reading motion", number))
                writer.add(item, file)
        index = {**writer.index(identity), SALT: salt}
        write_file(files, folder / INDEX, json.dumps(index).encode())
    except OSError as error:
        raise OutputError(
            f"The motion cannot be written to '{folder}': {error.strerror or error}.",
            "Choose a place with more room.",
        ) from error
    return read_index(folder, index, files)


class _Writer:
    """Takes sessions one by one; keeps what the index needs."""

    def __init__(self, settings: FeatureSettings, cipher: StreamCipher | None) -> None:
        self._settings, self._cipher = settings, cipher
        self._head_id: str | None = None
        self._names: dict[str, None] = {}  # a set that keeps its order
        self._items: list[dict[str, Any]] = []
        self._deviations: list[dict[str, float]] = []

    def add(self, item: LabelledSession, file: BinaryIO) -> None:
        self._head_id = self._head_id or item.session.head_id
        check_head(item.session, self._head_id, item.session.motion.names)
        track = _track(item, self._settings)
        if track is None:
            return
        content = track.values.astype(np.float16).tobytes()
        file.write(content if self._cipher is None else self._cipher(content, file.tell()))
        power = (track.values.astype(np.float64) ** 2).mean(axis=0)
        self._names |= dict.fromkeys(item.session.motion.names)
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
        names = tuple(self._names)
        features = feature_names(names, self._settings)
        deviations = np.asarray(
            [[own.get(name, 0.0) for name in features] for own in self._deviations]
        )
        labels = speaker_numbers([item["speaker"] for item in self._items])
        scale, dead = usual_scale(deviations, labels)
        channels = zip(features, dead.tolist(), scale[: len(dead)], strict=False)
        left_out = {name: round(share, 3) for name, share, own in channels if own == 0.0}
        kept = tuple(name for name in names if name not in left_out) or names
        where = {name: k for k, name in enumerate(feature_names(kept, self._settings))}
        for item in self._items:
            item["columns"] = [where.get(name, NOWHERE) for name in item.pop("names")]
        usual = dict(zip(features, scale.tolist(), strict=True))
        return {
            "format": FORMAT,
            "version": VERSION,
            "identity": identity,
            "head_id": self._head_id,
            "expression_names": kept,
            "sessions": self._items,
            "scale": [usual[name] for name in where],
            "left_out": left_out,
        }


def usual_scale(deviations: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """The usual deviation of the features, and where channels are dead.

    A channel that moves less than `DEAD_SHARE` of what channels usually do is dead; a session in
    which a channel moves less than this share of what it does in others says nothing of its scale.

    Args:
        deviations: (N, 2 C) of each session: of the channels, then of their velocities; 0 where a
            session lacks a channel.
        labels: (N,) the sessions' speakers 0..G - 1.

    Returns:
        (2 C,) usual standard deviation of each feature, 0 for channels that are left out
        (`often_dead`) and their velocities; (C,) share of sessions in which each channel is dead.
    """
    n_channels = deviations.shape[1] // 2
    over_all = np.sqrt((deviations**2).mean(axis=0))
    moving = deviations > DEAD_SHARE * over_all
    power = np.where(moving, deviations**2, 0.0).sum(axis=0)
    scale = np.sqrt(power / np.maximum(moving.sum(axis=0), 1))
    channels, moving = scale[:n_channels], moving[:, :n_channels]
    if (channels > 0.0).any():
        moving &= channels > DEAD_SHARE * np.median(channels[channels > 0.0])
    out = np.tile(often_dead(moving, labels), 2)
    usual = np.where(out, 0.0, np.maximum(scale, LEAST_SCALE))
    return np.asarray(usual), np.asarray(1.0 - moving.mean(axis=0))


def _track(item: LabelledSession, settings: FeatureSettings) -> MotionTrack | None:
    try:
        track = motion_features(item.session, settings)
    except TooLittleError:
        return None
    if max(b - a for a, b in track.segments) < SHORTEST_WINDOW_S * settings.rate_hz:
        return None
    return track
