"""Exclusion of frames by annotation: a session as recognizer, drift and quality control see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from facedyn_app.events import EXCLUDE, HALF_MS, INCLUDE, Event
from facedyn_app.records import INVALID_REASONS, BoolArray, FloatArray, Session

REASON: Final = "excluded by annotation"
HALF_CHUNK_S: Final = 0.5
"""A chunk of shape is of a second."""


def excluded_frames(session: Session) -> BoolArray:
    """(T,) bool: the frames that the user has excluded."""
    return excluded(session.events, session.motion.seconds)


def excluded(events: Iterable[Event], seconds: FloatArray) -> BoolArray:
    """(T,) bool: which frames the user has excluded.

    Those in an "exclude" range, both ends in it, and those outside all "include" ranges where
    there are some.

    Args:
        events: Of the recording.
        seconds: (T,) times of the frames, s.
    """
    left_out = np.zeros(len(seconds), dtype=bool)
    wanted = np.zeros(len(seconds), dtype=bool)
    any_included = False
    for event in events:
        if event.kind == EXCLUDE:
            left_out |= within(event, seconds)
        elif event.kind == INCLUDE:
            wanted |= within(event, seconds)
            any_included = True
    return left_out | ~wanted if any_included else left_out


def within(event: Event, seconds: FloatArray) -> BoolArray:
    """(T,) bool: which frames, by their times, lie in an event, both ends in it."""
    return np.asarray((seconds >= event.start - HALF_MS) & (seconds <= event.end + HALF_MS))


def without_excluded(session: Session) -> Session:
    """The session with the frames that the user has excluded taken as not valid.

    What was measured in them is NaN, and so is the shape of each chunk that has one of them; the
    reason is "excluded by annotation", unless the session says of no frame why it is not valid.
    Where nothing is excluded it is the session itself.
    """
    out = excluded_frames(session)
    if not out.any():
        return session
    motion, reason = session.motion, session.invalid_reason
    if reason is not None:
        reason = np.where(out, np.uint8(INVALID_REASONS.index(REASON)), reason).astype(np.uint8)
    moved = replace(
        motion,
        valid=motion.valid & ~out,
        expression=_blank(motion.expression, out),
        jaw=_blank(motion.jaw, out),
        rotation=_blank(motion.rotation, out),
        translation=_blank(motion.translation, out),
        gaze=None if motion.gaze is None else _blank(motion.gaze, out),
    )
    return replace(
        session,
        motion=moved,
        shape_chunks=_blank(session.shape_chunks, _chunks_with(session, out)),
        error_px=_blank(session.error_px, out),
        face_px=_blank(session.face_px, out),
        invalid_reason=reason,
        sharpness=_blank_if_said(session.sharpness, out),
        brightness=_blank_if_said(session.brightness, out),
        left_eye_contrast=_blank_if_said(session.left_eye_contrast, out),
        right_eye_contrast=_blank_if_said(session.right_eye_contrast, out),
        light_ratio=_blank_if_said(session.light_ratio, out),
    )


def _blank_if_said(values: FloatArray | None, rows: BoolArray) -> FloatArray | None:
    return None if values is None else _blank(values, rows)


def _blank(values: FloatArray, rows: BoolArray) -> FloatArray:
    blanked = np.array(values)
    blanked[rows] = np.nan
    return blanked


def _chunks_with(session: Session, out: BoolArray) -> BoolArray:
    """(C,) bool: the chunks that have one of these frames within half a second of their middle."""
    seconds, middles = session.motion.seconds, session.shape_chunk_seconds
    before = np.concatenate([[0], np.cumsum(out)])
    first = np.searchsorted(seconds, middles - HALF_CHUNK_S + 1e-6)
    last = np.searchsorted(seconds, middles + HALF_CHUNK_S - 1e-6, side="right")
    return np.asarray(before[last] > before[first])
