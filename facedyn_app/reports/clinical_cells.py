"""Cells of a measure in the clinical tables: values, intervals, left against right."""

from __future__ import annotations

from facedyn_app.dynamics.clinical.asymmetry import NOT_TOLD, Asymmetry, Interval
from facedyn_app.dynamics.clinical.measures import BY_NAME, OWN, SIDES
from facedyn_app.dynamics.clinical.synkinesis import Synkinesis
from facedyn_app.reports.clinical_columns import Row

HOW = {
    "rest": "median over the frames at rest",
    "range": "95 % less 5 % quantile over the recording",
    "peak": "mean around the peak of the task less the median at rest",
}


def sides_cells(row: Row, name: str, statistic: str, found: Asymmetry | None) -> None:
    """The cells of one sided measure."""
    measure = BY_NAME[name]
    base, how = f"{name}_{statistic}", f"{measure.formula}; {HOW[statistic]}"
    for label in SIDES:
        interval = None if found is None else getattr(found, label)
        interval_cells(
            row,
            f"{base}_{label}",
            interval,
            measure.unit,
            f"{measure.title}, {label}",
            how,
            measure.source,
        )
    interval_cells(
        row,
        f"{base}_diff",
        None if found is None else found.difference,
        measure.unit,
        f"{measure.title}, left less right, the program's own difference taken off",
        "(d - d') / 2 with d' of the mirror image, else d less the program's mean difference",
        OWN,
    )
    interval_cells(
        row,
        f"{base}_ratio",
        None if found is None else found.ratio,
        "",
        f"{measure.title}, left over right; empty where no difference can be told",
        "(m + D/2) / (m - D/2)",
        OWN,
    )
    for cell, unit, meaning in (
        ("bias", measure.unit, "the program's own difference that was taken off"),
        ("floor", measure.unit, "size below which a difference is the program's"),
        ("told", "", "1 where the difference can be told"),
    ):
        value = None if found is None else float(getattr(found, cell))
        row.add(f"{base}_{cell}", value, unit, meaning)
    told = "" if found is None or found.told else NOT_TOLD
    row.add(f"{base}_reason", told, meaning="why difference and ratio are not to be used")


def midline_cells(row: Row, name: str, statistic: str, found: Interval | None) -> None:
    """The cells of one measure without sides."""
    measure = BY_NAME[name]
    how = f"{measure.formula}; {HOW[statistic]}"
    interval_cells(
        row, f"{name}_{statistic}", found, measure.unit, measure.title, how, measure.source
    )


def interval_cells(
    row: Row,
    name: str,
    found: Interval | None,
    unit: str,
    meaning: str,
    formula: str = "",
    source: str = "",
) -> None:
    """A value and its interval."""
    row.add(name, None if found is None else found.value, unit, meaning, formula, source)
    for end, words in (("low", "lower"), ("high", "upper")):
        value = None if found is None else getattr(found, end)
        row.add(
            f"{name}_{end}",
            value,
            unit,
            f"{words} end of the 95 % interval of {name}",
            "moving-block bootstrap",
            "Kuensch, Ann. Stat. 17 (1989)",
        )


def synkinesis_cells(row: Row, name: str, meaning: str, found: Synkinesis | None) -> None:
    """What else moves, of each side."""
    for side, label in enumerate(SIDES):
        for cell, unit in (("mm", "mm"), ("share", "share of the part's own range")):
            value = None if found is None else float(getattr(found, cell)[side])
            row.add(f"{name}_{label}_{cell}", value, unit, f"{meaning}, {label}", "", OWN)
