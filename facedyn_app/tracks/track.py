"""The track: one face's motion as another program measured it, and the session of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedyn_app.errors import TooLittleError
from facedyn_app.events import Events
from facedyn_app.records import (
    INVALID_REASONS,
    LARGEST,
    BoolArray,
    ByteArray,
    FloatArray,
    IntArray,
    Motion,
    Session,
    SessionInfo,
    SourceFile,
)

FAILED = INVALID_REASONS.index("tracking failed")
UNSURE = INVALID_REASONS.index("low confidence")
NO_VALUE = INVALID_REASONS.index("missing value")
NO_FRAME = INVALID_REASONS.index("missing frame")
REPEATED = INVALID_REASONS.index("repeated time")
NO_FACE = INVALID_REASONS.index("no face")

GAP_STEPS = 2.5
"""A step of more than so many usual ones is a gap: frames are missing from the file."""

MOST_ADDED = 4
"""Frames that are added for gaps, at most, over those that are there."""

CHUNK_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The motion of one face over the T rows of a file; NaN where a row does not say.

    Attributes:
        program: Which program's, such as "OpenFace 2".
        channel_set: What its channels are called together, such as "openface-2".
        seconds: (T,) times, s, not descending.
        names: The E names of the channels.
        values: (T, E) channels; activations are 0..1.
        reason: (T,) uint8 number in INVALID_REASONS of what the file itself says against a row.
        fps_assumed: Whether the times were made from a frame rate that nobody has stated.
        confidence: (T,) the program's certainty that there is a face, 0..1; None if it says none.
        jaw: (T, 3) rotation vectors, rad; None without a jaw joint.
        rotation: (T, 3) rotation vectors of the head against the facing pose, rad; or None.
        translation: (T, 3) head origin in the camera frame, m; or None.
        gaze: (T, 2, 2) turns of the left and the right eye, as in `Session`; or None.
        shapes: (T, S) shape of every row, or (1, S) of the whole; or None.
        error_px: (T,) mean landmark distance, px; or None.
        face_px: (T,) height of the face in the picture, px; or None.
        head_sha256: Of the head file that the channels belong to; or None.
        face: Which face of a file with several, as the file names it; or None.
        simulated: Whether the file says that it is simulated, not measured on a person.
        mirrored: Whether the pictures measured are mirror images of those that a player shows.
        events: What the file says was marked in the recording.
        notes: Sentences on what was assumed or left out.
    """

    program: str
    channel_set: str
    seconds: FloatArray
    names: tuple[str, ...]
    values: FloatArray
    reason: ByteArray
    fps_assumed: bool = False
    confidence: FloatArray | None = None
    jaw: FloatArray | None = None
    rotation: FloatArray | None = None
    translation: FloatArray | None = None
    gaze: FloatArray | None = None
    shapes: FloatArray | None = None
    error_px: FloatArray | None = None
    face_px: FloatArray | None = None
    head_sha256: str | None = None
    face: int | None = None
    simulated: bool = False
    mirrored: bool = False
    events: Events = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that all arrays have a row for every time."""
        n = len(self.seconds)
        if self.values.shape != (n, len(self.names)):
            raise ValueError("Track.values needs a row per time and a column per name")
        for given in (self.reason, self.confidence, self.jaw, self.rotation, self.gaze):
            if given is not None and len(given) != n:
                raise ValueError("Track needs a row per time in every array")
        if self.shapes is not None and len(self.shapes) not in (1, n):
            raise ValueError("Track.shapes needs a row per time or one")


def session_of(track: Track, source: SourceFile) -> Session:
    """The session of a track.

    Rows in which a channel is missing are not valid; where times leap, rows that are not valid
    stand for the missing ones; all with their reason. What the program does not measure is NaN.

    Args:
        track: The track.
        source: The file.

    Raises:
        TooLittleError: No row can be used.
    """
    reason = _reasons(track)
    if not (reason == 0).any():
        raise TooLittleError(
            f"None of the {len(reason)} rows holds a measurement that can be used.",
            "Look at the columns for success and confidence.",
        )
    place, seconds = _with_missing_frames(track.seconds)
    n_all = len(seconds)
    all_reasons = np.full(n_all, NO_FRAME, dtype=np.uint8)
    all_reasons[place] = reason
    valid = all_reasons == 0

    def in_all_frames(values: FloatArray | None, *width: int, other: float = np.nan) -> FloatArray:
        whole = np.full((n_all, *width), np.nan, dtype=np.float32)
        whole[place] = other if values is None else values
        whole[~valid] = np.nan
        return whole

    shape, chunks, chunk_seconds = _shapes(track, reason == 0)
    return Session(
        motion=Motion(
            seconds=seconds,
            valid=valid,
            expression=in_all_frames(track.values, len(track.names)),
            names=track.names,
            jaw=in_all_frames(track.jaw, 3, other=0.0),
            rotation=in_all_frames(track.rotation, 3),
            translation=in_all_frames(track.translation, 3),
            gaze=None if track.gaze is None else in_all_frames(track.gaze, 2, 2),
        ),
        shape=shape,
        shape_chunks=chunks,
        shape_chunk_seconds=chunk_seconds,
        error_px=in_all_frames(track.error_px),
        face_px=in_all_frames(track.face_px),
        info=_info(track, source, _rate(seconds)),
        invalid_reason=all_reasons,
        confidence=_confidence(track, place, n_all),
        events=track.events,
    )


def _confidence(track: Track, place: IntArray, n_all: int) -> FloatArray | None:
    """Of all frames, 0 where a row is missing or does not say; None where the program has none."""
    if track.confidence is None:
        return None
    confidence = np.zeros(n_all, dtype=np.float32)
    confidence[place] = np.nan_to_num(np.clip(track.confidence, 0.0, 1.0))
    return confidence


def _rate(seconds: FloatArray) -> float:
    """Frames per second; 1 where a single moment tells of none."""
    lasted = float(seconds[-1] - seconds[0])
    return (len(seconds) - 1) / lasted if lasted > 0.0 else 1.0


def _info(track: Track, source: SourceFile, fps: float) -> SessionInfo:
    return SessionInfo(
        head_id=track.channel_set,
        head_sha256=track.head_sha256,
        source=source,
        face=track.face,
        fps=float(fps),
        fps_assumed=track.fps_assumed,
        program=track.program,
        other_program=track.program,
        simulated=track.simulated or None,
        mirrored=track.mirrored or None,
        notes=tuple(track.notes),
    )


def _reasons(track: Track) -> ByteArray:
    """(T,) uint8 why each row is not valid; what the file itself says comes first."""
    reason = np.array(track.reason, dtype=np.uint8)
    maybe = {name: getattr(track, name) for name in ("jaw", "rotation", "translation", "gaze")}
    known = {
        name: values
        for name, values in maybe.items()
        if values is not None and not np.isnan(values).all()
    }
    for name, values in {"expression": track.values, **known}.items():
        rows = values.reshape(len(reason), -1)
        sound = (np.abs(rows) <= LARGEST[name]).all(axis=1)  # NaN is not
        reason[(reason == 0) & ~sound] = NO_VALUE
    again = np.zeros(len(reason), dtype=bool)
    again[1:] = np.diff(track.seconds) <= 0.0
    reason[again] = REPEATED
    return reason


def _with_missing_frames(seconds: FloatArray) -> tuple[IntArray, FloatArray]:
    """Where (T,) rows stand among all frames, and (T',) the times of all frames, s.

    A leap of more than `GAP_STEPS` usual steps is filled with frames of that step; one that would
    take more of them than there are rows gets a single frame in its middle.
    """
    steps = np.diff(seconds)
    usual = float(np.median(steps)) if len(steps) else 0.0
    if usual <= 0.0:
        return np.arange(len(seconds)), np.asarray(seconds, dtype=np.float64)
    missing = np.where(steps > GAP_STEPS * usual, np.round(steps / usual) - 1.0, 0.0)
    missing[missing > MOST_ADDED * len(seconds)] = 1.0
    if missing.sum() > MOST_ADDED * len(seconds):
        missing = np.minimum(missing, 1.0)
    place = np.arange(len(seconds)) + np.concatenate([[0], np.cumsum(missing)]).astype(np.int64)
    n_all = int(place[-1]) + 1
    return place, np.interp(np.arange(n_all), place, seconds)


def _shapes(track: Track, valid: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shape of the session, of each second (none where one is given for the whole), their times."""
    if track.shapes is None:
        return np.zeros(0, np.float32), np.zeros((0, 0), np.float32), np.zeros(0)
    n_shape = track.shapes.shape[1]
    if len(track.shapes) == 1:
        shape = track.shapes[0].astype(np.float32)
        sound = np.abs(shape) <= LARGEST["shape"]
        return (
            np.where(sound, shape, np.float32(0.0)),
            np.zeros((0, n_shape), np.float32),
            np.zeros(0),
        )
    rows, times = track.shapes[valid], track.seconds[valid]
    sound = (np.abs(rows) <= LARGEST["shape"]).all(axis=1)
    rows, times = rows[sound], times[sound]
    if not len(rows):
        return np.zeros(n_shape, np.float32), np.zeros((0, n_shape), np.float32), np.zeros(0)
    starts = np.flatnonzero(np.diff(np.floor(times / CHUNK_S), prepend=-np.inf))
    counts = np.diff(np.append(starts, len(rows)))
    chunks = np.add.reduceat(rows, starts, axis=0) / counts[:, None]
    middles = np.add.reduceat(times, starts) / counts
    return rows.mean(axis=0).astype(np.float32), chunks.astype(np.float32), middles
