"""Clinical measures as text: blinks, left against right, the middle, tasks, change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from facedyn_app.cli.output import simulated_note
from facedyn_app.dynamics.clinical.measures import BY_NAME
from facedyn_app.formatting import NONE, indented, number, table
from facedyn_app.reports.clinical_course_words import quantity_titles
from facedyn_app.reports.clinical_words import (
    PEAK,
    capital,
    digits_of,
    in_task,
    primary_measures,
    task_title,
)

if TYPE_CHECKING:
    from facedyn_app.dynamics.clinical.asymmetry import Asymmetry, Interval
    from facedyn_app.dynamics.clinical.change import Change
    from facedyn_app.dynamics.clinical.session import ClinicalMeasures
    from facedyn_app.reports.clinical_rows import MeasuredSession
    from facedyn_app.workflows.measure import MeasureResult

_SIDED_HEADS = (
    "measure", "of", "unit", "left", "right", "left - right", "95 %", "floor", "left / right",
)  # fmt: skip
_MIDDLE_HEADS = ("measure", "of", "unit", "value", "95 %")
_CHANGE_HEADS = ("from", "to", "measure", "of", "unit", "change", "95 %", "smallest told")
_LEGEND = """\
left - right: the program's own difference taken off. floor: below it a difference is the
program's. Where no difference can be told there is no ratio. Research use, not a medical device."""


def measures_text(found: MeasureResult) -> str:
    """What was measured in recordings, and the changes between them that can be told."""
    texts = [_recording_text(one) for one in found.sessions]
    if found.changes:
        changes = [_change_row(*one) for one in found.changes if one[2].told]
        told = "nothing that can be told"
        if changes:
            told = table(_CHANGE_HEADS, changes, right=(5, 7))
        texts.append(f"change between the recordings, taken for one person's\n{indented(told)}")
    texts.extend(found.notes)
    texts.append(_LEGEND)
    if found.files:
        texts.append("\n".join(f"written: {path}" for path in found.files))
    return "\n\n".join(texts)


def _recording_text(one: MeasuredSession) -> str:
    measures = one.measures
    parts = [_blink_text(measures)]
    sided = [
        _sided_row(BY_NAME[name].title, statistic, name, found)
        for statistic, values in measures.sides.items()
        for name, found in values.items()
    ]
    sided += [
        _sided_row(in_task(task.event.name, name), PEAK, name, task.sides[name])
        for task in measures.tasks
        for name in primary_measures(task)
        if name in task.sides
    ]
    middle = [
        _middle_row(statistic, name, value)
        for statistic, values in measures.midline.items()
        for name, value in values.items()
    ]
    if sided:
        parts.append(table(_SIDED_HEADS, sided, right=(3, 4, 5, 7, 8)))
    if middle:
        parts.append(table(_MIDDLE_HEADS, middle, right=(3,)))
    parts += [f"{capital(reason)}." for reason in measures.reasons.values()]
    parts += [
        f"{capital(task_title(task.event.name or task.event.kind))}: not measured: {task.reason}."
        for task in measures.tasks
        if task.reason
    ]
    parts += measures.notes
    title = f"{one.name}{simulated_note(one.session.simulated)}"
    return "\n".join([title, *map(indented, parts)])


def _blink_text(measures: ClinicalMeasures) -> str:
    found = measures.blink_summary
    if found is None:
        return f"blinks: {NONE}"
    return (
        f"blinks: {found.n} in {found.seconds:.0f} s, {number(found.rate, 1)} a minute, "
        f"{found.n_complete} complete, {found.n_one_eye} of one eye; long closures: "
        f"{found.n_long}, forced: {found.n_forced}"
    )


def _sided_row(title: str, of: str, name: str, found: Asymmetry) -> tuple[str, ...]:
    difference, digits = found.difference, digits_of(name)
    return (
        capital(title),
        of,
        _unit(name),
        number(found.left.value, digits),
        number(found.right.value, digits),
        number(difference.value, digits, "+") if found.told else "not told",
        _ends(difference, digits),
        number(found.floor, digits),
        number(found.ratio.value),
    )


def _middle_row(of: str, name: str, value: Interval) -> tuple[str, ...]:
    digits = digits_of(name)
    cells = (number(value.value, digits), _ends(value, digits))
    return (capital(BY_NAME[name].title), of, _unit(name), *cells)


def _change_row(first: str, second: str, found: Change) -> tuple[str, ...]:
    title, of = quantity_titles(found.quantity)
    digits = digits_of(found.measure)
    return (
        first,
        second,
        title,
        of,
        found.unit or "ratio",
        number(found.change.value, digits, "+"),
        _ends(found.change, digits),
        number(found.smallest, digits),
    )


def _ends(found: Interval, digits: int) -> str:
    return f"{number(found.low, digits)} to {number(found.high, digits)}"


def _unit(name: str) -> str:
    return BY_NAME[name].unit or "ratio"
