"""Rows of the clinical tables: a recording, a task, a blink, a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan

from facedyn_app.dynamics.clinical.blink_pairs import BlinkSummary
from facedyn_app.dynamics.clinical.change import Change
from facedyn_app.dynamics.clinical.excursions import TaskPeak
from facedyn_app.dynamics.clinical.how_fitted import how_fitted
from facedyn_app.dynamics.clinical.light import light_ratio
from facedyn_app.dynamics.clinical.measures import BY_NAME, FROM_REST, OWN, SIDES
from facedyn_app.dynamics.clinical.session import STATISTICS, ClinicalMeasures
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.records import Session
from facedyn_app.reports.clinical_cells import (
    HOW,
    interval_cells,
    midline_cells,
    sides_cells,
    synkinesis_cells,
)
from facedyn_app.reports.clinical_columns import Row, Table, table_of

CHANNELS_UNIT = "activation"


class RowKind(StrEnum):
    """What a row of the table is."""

    RECORDING = "recording"
    TASK = "task"
    BLINK = "blink"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredSession:
    """A recording's name, its session and what was measured in it."""

    name: str
    session: Session
    measures: ClinicalMeasures


def recording_table(sessions: Sequence[MeasuredSession]) -> Table:
    """A row a recording."""
    return table_of(_recording(one) for one in sessions)


def task_table(sessions: Sequence[MeasuredSession]) -> Table:
    """A row a task."""
    return table_of(
        _task(one, number, task)
        for one in sessions
        for number, task in enumerate(one.measures.tasks, start=1)
    )


def _task(one: MeasuredSession, number: int, task: TaskMeasures) -> Row:
    row = _begin(one)
    row.add("task", task.event.name, meaning="the task's id in the protocol")
    row.add("task_number", number, meaning="number of the task in the recording")
    row.add("task_start", task.event.start, "s", "begin of the task")
    row.add("task_end", task.event.end, "s", "end of the task")
    row.add("task_reason", task.reason, meaning="why the task was not measured")
    for name, asymmetry in task.sides.items():
        sides_cells(row, name, "peak", asymmetry)
        _speeds(row, name, task.peaks[name])
    for name, interval in task.midline.items():
        midline_cells(row, name, "peak", interval)
    synkinesis_cells(row, "synkinesis", "what else moves in the task", task.synkinesis)
    return row


def _speeds(row: Row, name: str, peak: TaskPeak) -> None:
    unit, how = BY_NAME[name].unit or "1", "derivative of the trace smoothed by a Gaussian"
    for side, label in enumerate(SIDES):
        onset, offset = float(peak.onset_speed[side]), float(peak.offset_speed[side])
        to, back = f"largest speed to the peak, {label}", f"largest speed back, {label}"
        row.add(f"{name}_onset_speed_{label}", onset, f"{unit}/s", to, how, OWN)
        row.add(f"{name}_offset_speed_{label}", offset, f"{unit}/s", back, how, OWN)
        at = float(peak.peak_s[side])
        row.add(f"{name}_peak_time_{label}", at, "s", f"moment of the peak, {label}")


def blink_table(sessions: Sequence[MeasuredSession]) -> Table:
    """A row a closure of the eyes."""
    rows = []
    for one in sessions:
        for number, blink in enumerate(one.measures.blinks, start=1):
            row = _begin(one)
            row.add("blink_number", number, meaning="number of the closure in the recording")
            row.add("blink_kind", str(blink.kind), meaning="blink, long closure or forced closure")
            meaning = "1 where every eye shut completely"
            row.add("blink_complete", int(blink.complete), meaning=meaning)
            row.add(
                "blink_delay",
                1000.0 * blink.delay,
                "ms",
                "how much later the left eye begins than the right one",
            )
            for label, eye in zip(SIDES, (blink.left, blink.right), strict=True):
                row.add(
                    f"seen_{label}",
                    int(eye is not None),
                    meaning=f"1 where the {label} eye took part",
                )
                for what, unit, factor, meaning in _BLINK_CELLS:
                    value = None if eye is None else factor * float(getattr(eye, what))
                    row.add(
                        f"blink_{what}_{label}", value, unit, f"{meaning}, {label} eye", "", OWN
                    )
            rows.append(row)
    return table_of(rows)


_BLINK_CELLS = (
    ("onset", "s", 1.0, "moment at which 10 % of the closure is done"),
    ("deepest", "s", 1.0, "moment of deepest closure"),
    ("end", "s", 1.0, "moment at which 10 % of the closure is left"),
    ("closing", "ms", 1000.0, "closing time, 10 to 90 % of the depth"),
    ("opening", "ms", 1000.0, "opening time, 90 to 10 % of the depth"),
    ("duration", "ms", 1000.0, "duration at half depth"),
    ("depth", "share", 1.0, "depth, share of the way from open to full closure"),
    ("depth_open", "mm", 1.0, "depth as narrowing of the fissure"),
    ("complete", "", 1.0, "1 where the closure is complete"),
)


def change_table(changes: Sequence[tuple[str, str, Change]]) -> Table:
    """A row a measure and pair of sessions.

    Args:
        changes: Names of the earlier and of the later recording, and the change.
    """
    rows = []
    for first, second, change in changes:
        row = Row()
        row.add("first", first, meaning="the earlier recording")
        row.add("second", second, meaning="the later recording")
        row.add("measure", change.measure, meaning="what is measured")
        row.add("statistic", change.statistic, meaning="rest, range, peak or rate")
        row.add("side", change.side, meaning="left, right, or empty for what has no sides")
        row.add("unit", change.unit, meaning="unit of the values")
        for name, interval in (
            ("value_first", change.first),
            ("value_second", change.second),
            ("change", change.change),
        ):
            interval_cells(row, name, interval, "as in the column unit", name.replace("_", " "))
        row.add(
            "smallest_change",
            change.smallest,
            "as in the column unit",
            "smallest change that can be told",
            "t sqrt(2) SEM, SEM from the halves of sessions; of a task t s sqrt(1/n1 + 1/n2), "
            "s from its n repeats within sessions",
            "Bland and Altman, BMJ 313 (1996)",
        )
        row.add("change_told", int(change.told), meaning="1 where the change can be told")
        row.add("task", change.task, meaning="the task's id; empty for the whole recording")
        rows.append(row)
    return table_of(rows)


def _begin(one: MeasuredSession) -> Row:
    row, info = Row(), one.session.info
    row.add("recording", one.name, meaning="the recording's file")
    date = "" if info.recorded_at is None else info.recorded_at.date().isoformat()
    row.add("recorded_on", date, meaning="day of the recording; empty where it is not known")
    row.add("simulated", int(one.session.simulated), meaning="1 for a simulated speaker, no person")
    return row


def _recording(one: MeasuredSession) -> Row:
    row, found = _begin(one), one.measures
    row.add("n_frames", len(one.session.motion.seconds), meaning="frames of the recording")
    row.add("frame_rate", found.fps, "frames/s", "frame rate of the recording")
    row.add("seconds_seen", found.seconds, "s", "time in which the face was measured")
    row.add(
        "rest_marked", int(found.rest_marked), meaning="1 where rest was marked, 0 where assumed"
    )
    meaning = "what the head was fitted to; empty where it is not known; compare what is alike"
    row.add("fitted_to", how_fitted(one.session), meaning=meaning)
    light = light_ratio(one.session)
    meaning = "brightness of the face's left side over that of its right one; 1 in even light"
    row.add("light_ratio", None if isnan(light) else light, meaning=meaning)
    scale = found.scale
    row.add(
        "ipd",
        None if scale is None else scale.ipd_mm,
        "mm",
        "inter-pupillary distance of the scale",
    )
    row.add(
        "ipd_entered",
        None if scale is None else int(scale.entered),
        meaning="1 where it was entered, 0 for the adult mean",
        source="Dodgson, Proc. SPIE 5291 (2004)",
    )
    row.add(
        "scale_error",
        None if scale is None else 100.0 * scale.relative_sd,
        "%",
        "standard error of all millimetres together",
    )
    row.add("mm_reason", found.reasons.get("mm", ""), meaning="why there are no millimetres")
    row.add("left_reason", found.reasons.get("left", ""), meaning="why the left side is missing")
    row.add("right_reason", found.reasons.get("right", ""), meaning="why the right side is missing")
    for side in SIDES:
        why = found.reasons.get(f"{side} eye", "")
        row.add(f"{side}_eye_reason", why, meaning=f"why the {side} eye is missing")
    _blinks(row, found.blink_summary, found.reasons)
    for statistic in STATISTICS:
        for name, measure in BY_NAME.items():
            if statistic == "rest" and name in FROM_REST:
                continue
            if measure.sided:
                sides_cells(row, name, statistic, found.sides.get(statistic, {}).get(name))
            else:
                midline_cells(row, name, statistic, found.midline.get(statistic, {}).get(name))
    row.add(
        "asymmetry_index",
        found.asymmetry_index,
        "mm",
        "facial asymmetry index at rest",
        "|left - right| of inner canthus to oral commissure",
        "Malm et al., Facial Plast. Surg. 34 (2018), here on the fitted head",
    )
    synkinesis_cells(
        row, "blink_mouth", "the corner of the mouth with blinks", found.blink_synkinesis
    )
    for name, span in zip(found.channels.names, found.channels.expression, strict=True):
        row.add(
            f"channel_{name}_range",
            float(span),
            CHANNELS_UNIT,
            f"range of the channel {name}",
            HOW["range"],
            OWN,
        )
    row.add(
        "channel_jaw_range",
        found.channels.jaw_deg,
        "deg",
        "range of the jaw's opening",
        HOW["range"],
        OWN,
    )
    return row


def _blinks(row: Row, summary: BlinkSummary | None, reasons: Mapping[str, str]) -> None:
    told = reasons.get("blinks", "")
    for name, unit, meaning in _COUNTS:
        row.add(
            f"blink_{name}",
            None if summary is None else getattr(summary, name),
            unit,
            meaning,
            "",
            OWN,
        )
    for name, unit, factor, meaning in _OF_EYES:
        for side, label in enumerate(SIDES):
            value = None if summary is None else factor * float(getattr(summary, name)[side])
            row.add(f"blink_{name}_{label}", value, unit, f"{meaning}, {label} eye", "median", OWN)
    row.add("blink_reason", told, meaning="why blinks are missing")


_COUNTS = (
    ("n", "", "blinks; long and forced closures are not among them"),
    ("n_complete", "", "complete blinks"),
    ("n_one_eye", "", "blinks of one eye alone"),
    ("n_long", "", "long closures"),
    ("n_forced", "", "forced closures"),
    ("rate", "1/min", "blinks a minute of seen time"),
    ("interval_median", "s", "median time between onsets of blinks"),
    ("interval_iqr", "s", "interquartile range of that time"),
    ("delay_median", "s", "median delay of the left eye against the right one"),
)
_OF_EYES = (
    ("duration", "ms", 1000.0, "duration at half depth"),
    ("closing", "ms", 1000.0, "closing time"),
    ("opening", "ms", 1000.0, "opening time"),
    ("depth", "share", 1.0, "depth, share of the way to full closure"),
    ("complete_share", "share", 1.0, "share of complete blinks"),
)
