"""Both eyes of a session: the opening of the lids, closures, blinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blink_pairs import (
    Blink,
    BlinkSummary,
    match_eyes,
    summarise_blinks,
)
from facedyn_app.dynamics.clinical.blinks import (
    EyeClosure,
    find_closures,
    full_closure,
    lid_course,
)
from facedyn_app.dynamics.clinical.measures import SIDES
from facedyn_app.events import TASK, Event
from facedyn_app.records import BoolArray, FloatArray, Session

BLINK_CHANNELS = (("eyeBlinkLeft", "eyeBlinkRight"), ("eyeBlink_L", "eyeBlink_R"), ("AU45", "AU45"))
SQUEEZED = ("cheekSquintLeft", "cheekSquintRight", "browDownLeft", "browDownRight")
CLOSING_TASKS, TIGHT_TASKS = ("eye_closure_gentle", "eye_closure_tight"), ("eye_closure_tight",)


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """What the eyes of a session do.

    Attributes:
        blinks: All closures.
        summary: What they come to; None where they cannot be counted.
        closures: (T, 2) closure of the lids, 0 open, 1 shut; NaN where not known.
        full: (2,) the opening of full closure of each eye.
        reasons: Why something is missing.
    """

    blinks: tuple[Blink, ...]
    summary: BlinkSummary | None
    closures: FloatArray
    full: FloatArray
    reasons: Mapping[str, str]


def measure_eyes(
    session: Session,
    fissure: FloatArray | None,
    usable: BoolArray,
    hidden: tuple[bool, bool],
    events: Sequence[Event],
    settings: ClinicalSettings,
) -> Eyes:
    """Find the blinks of a session.

    Args:
        session: Of T frames.
        fissure: (T, 2) height of the palpebral fissures, mm; None where there is no head: the
            blink channels are taken then.
        usable: (T,) frames that count.
        hidden: Whether the left and the right side are hidden.
        events: Of the recording.
        settings: What counts as a blink.
    """
    seconds = session.motion.seconds
    n_frames = len(seconds)
    unknown = np.full((n_frames, 2), np.nan)
    opening = fissure if fissure is not None else _by_channels(session)
    reason = _too_little(opening, seconds, usable, settings)
    if opening is None or reason:
        return Eyes((), None, unknown, np.full(2, np.nan), {"blinks": reason})
    reasons: dict[str, str] = {}
    squeezed = _squeezed(session, usable, settings) | _in_tasks(events, TIGHT_TASKS, seconds)
    asked = _in_tasks(events, CLOSING_TASKS, seconds) & usable
    closures, full = unknown, np.zeros(2)
    found: list[tuple[EyeClosure, ...]] = []
    seen: list[float] = []
    for side, name in enumerate(SIDES):
        seen_opening = np.where(usable, opening[:, side], np.nan)
        full[side] = full_closure(seen_opening, asked, 0.0, settings)
        course = None if hidden[side] else lid_course(seconds, seen_opening, full[side], settings)
        if course is None:
            found.append(())
            reasons.setdefault(f"{name} eye", f"the {name} eye is hidden or never open")
            continue
        rows = np.clip(np.searchsorted(seconds, course.seconds), 0, n_frames - 1)
        found.append(find_closures(course, squeezed[rows], settings))
        seen.append(course.seen_s)
        closures[:, side] = np.interp(seconds, course.seconds, course.closure)
        closures[~usable, side] = np.nan
    if not seen:
        reasons["blinks"] = "both eyes are hidden or never open"
        return Eyes((), None, closures, full, reasons)
    blinks = match_eyes(found[0], found[1], settings, both_seen=len(seen) == len(SIDES))
    return Eyes(blinks, summarise_blinks(blinks, max(seen), len(seen)), closures, full, reasons)


def _too_little(
    opening: FloatArray | None, seconds: FloatArray, usable: BoolArray, settings: ClinicalSettings
) -> str:
    """Why blinks cannot be counted; empty where they can."""
    if opening is None:
        return "the channels have none of the eyelids"
    if usable.sum() < 2 or len(seconds) < 2:
        return "the face was hardly seen"
    rate = 1.0 / float(np.median(np.diff(seconds)))
    if rate < settings.least_rate:
        return (
            f"{rate:.3g} frames a second are too few for blinks, {settings.least_rate:g} are needed"
        )
    return ""


def _by_channels(session: Session) -> FloatArray | None:
    """(T, 2) openness 1 - blink of channels of other programs; None where there are none."""
    names = session.motion.names
    for pair in BLINK_CHANNELS:
        if set(pair) <= set(names):
            values = session.motion.expression[:, [names.index(name) for name in pair]]
            return np.asarray(1.0 - values.astype(np.float64))
    return None


def _squeezed(session: Session, usable: BoolArray, settings: ClinicalSettings) -> BoolArray:
    """(T,) where brow and cheek are squeezed above their usual."""
    names = session.motion.names
    columns = [names.index(name) for name in SQUEEZED if name in names]
    if not columns or not usable.any():
        return np.zeros(len(session.motion.seconds), np.bool_)
    values = session.motion.expression[:, columns].astype(np.float64)
    above = values - np.median(values[usable], axis=0)
    return np.asarray(np.nan_to_num(above).mean(axis=1) >= settings.forced_squeeze)


def _in_tasks(events: Sequence[Event], names: tuple[str, ...], seconds: FloatArray) -> BoolArray:
    inside = np.zeros(len(seconds), np.bool_)
    for event in events:
        if event.kind == TASK and event.name in names:
            inside |= (seconds >= event.start) & (seconds <= event.end)
    return inside
