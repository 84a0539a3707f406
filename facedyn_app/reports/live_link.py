"""A session as a Live Link Face table: 61 channels, which Unreal and Blender add-ons read.

ARKit's 52 blendshapes, then yaw, pitch and roll of the head and of both eyes. What a head measures
by its joints goes into blendshapes: the jaw's turn into `JawOpen`, `JawLeft` and `JawRight`, the
eyes' into `EyeLook…`. A frame without a trusted fit has a `BlendshapeCount` of 0 and no value.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.errors import MismatchError
from facedyn_app.files import atomic_text
from facedyn_app.headmodel.channel_sets import (
    ARKIT_NAMES,
    JAW_FACTS,
    LIVE_LINK_EYES,
    LIVE_LINK_POSE,
    POSE_AXES,
    POSE_SIGNS,
    looks_of_gaze,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rotations import euler_angles
from facedyn_app.records import FloatArray, Session

CODE_RATE = 60
"""Frames a second that the timecode counts; their thousandths keep times between them."""
ANGLES = (*LIVE_LINK_POSE, *LIVE_LINK_EYES)


@dataclass(frozen=True, slots=True)
class LiveLinkTable:
    """What was written.

    Attributes:
        n_frames: Rows.
        unmeasured: Channels that the session does not have, which are 0 throughout.
    """

    n_frames: int
    unmeasured: tuple[str, ...]


def write_live_link(session: Session, head: HeadModel | None, path: Path) -> LiveLinkTable:
    """Write a session as a Live Link Face table; it appears whole or not at all.

    Args:
        session: The session, of ARKit's blendshapes or of a head that has them.
        head: The session's head, which says how far its jaw turns; None where it has none.
        path: The file; an older one is replaced.

    Raises:
        MismatchError: The session has none of ARKit's blendshapes.
        OutputError: The file cannot be written.
    """
    columns = {**_blendshapes(session, head), **_angles(session)}
    names = (*ARKIT_NAMES, *ANGLES)
    zeros = np.zeros(len(session.motion.seconds))
    table = np.stack([columns.get(name, zeros) for name in names], axis=1)
    with atomic_text(path, "ascii") as text:
        writer = csv.writer(text, lineterminator="\n")
        titles = [name[0].upper() + name[1:] for name in names]
        writer.writerow(["Timecode", "BlendshapeCount", *titles])
        empty = [""] * len(names)
        for seconds, valid, row in zip(
            session.motion.seconds, session.motion.valid, table, strict=True
        ):
            cells = [f"{value:.10f}" for value in row.tolist()] if valid else empty
            writer.writerow([_timecode(float(seconds)), len(names) if valid else 0, *cells])
    return LiveLinkTable(len(table), tuple(name for name in names if name not in columns))


def _timecode(seconds: float) -> str:
    """Hours:minutes:seconds:frame.thousandths, from midnight."""
    thousandths = round(max(0.0, seconds) * CODE_RATE * 1000)
    frames, part = divmod(thousandths, 1000)
    whole, frame = divmod(frames, CODE_RATE)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.{part:03d}"


def _blendshapes(session: Session, head: HeadModel | None) -> dict[str, FloatArray]:
    """(T,) blendshapes by ARKit's names, those that the session has; they end at 1."""
    columns = {name: _columns(name, session.motion.names) for name in ARKIT_NAMES}
    found = {
        name: np.minimum(session.motion.expression[:, own].mean(axis=1), 1.0)
        for name, own in columns.items()
        if own
    }
    if not found:
        raise MismatchError(
            f"A session of '{session.head_id}' has none of ARKit's blendshapes.",
            "Live Link tables are made of sessions of the open head, ICT-FaceKit or ARKit.",
        )
    if head is not None and set(JAW_FACTS.values()) <= set(head.meta) and "jawOpen" not in found:
        found |= _jaw(session.motion.jaw, head)
    if session.motion.gaze is not None and not any(name.startswith("eyeLook") for name in found):
        found |= looks_of_gaze(session.motion.gaze)
    return found


def _columns(name: str, names: tuple[str, ...]) -> list[int]:
    """Where a blendshape stands; its two halves where the head has them apart (ICT)."""
    return [names.index(one) for one in (name, f"{name}Left", f"{name}Right") if one in names]


def _jaw(jaw: FloatArray, head: HeadModel) -> dict[str, FloatArray]:
    """Blendshapes of the jaw's (T, 3) rotation vectors: their sum of turns, undone."""
    opened, left, right = (np.asarray(head.meta[fact]) for fact in JAW_FACTS.values())
    aside = np.clip(jaw[:, 1] / left[1], 0.0, 1.0), np.clip(jaw[:, 1] / right[1], 0.0, 1.0)
    downwards = jaw[:, 0] - left[0] * aside[0] - right[0] * aside[1]
    amounts = (np.clip(downwards / opened[0], 0.0, 1.0), *aside)
    return dict(zip(JAW_FACTS, amounts, strict=True))


def _angles(session: Session) -> dict[str, FloatArray]:
    """(T,) angles of head and eyes, rad, those that were measured."""
    found: dict[str, FloatArray] = {}
    if np.isfinite(session.motion.rotation).any():
        angles = euler_angles(POSE_AXES, session.motion.rotation.astype(np.float64)) * POSE_SIGNS
        found |= {name: angles[:, k] for k, name in enumerate(LIVE_LINK_POSE)}
    if session.motion.gaze is not None:
        turns = -session.motion.gaze.reshape(-1, 4)
        eyes = [name for name in LIVE_LINK_EYES if not name.endswith("Roll")]
        found |= {name: turns[:, k] for k, name in enumerate(eyes)}
    return found
