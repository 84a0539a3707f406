"""Grading sheets in words: what a clinician has judged, and the published sum of it."""

from __future__ import annotations

from collections.abc import Mapping

from facedyn_app.dynamics.clinical.sheets import (
    SHEETS,
    SUNNYBROOK,
    Judged,
    Sheet,
    sunnybrook_score,
)

FILLED_IN = "Judged and filled in by a person who looks at the face; the program gives no grade."


def sheet_facts(sheets: Mapping[str, Judged]) -> list[tuple[str, str]]:
    """What was judged, item by item, and each sheet's sum; nothing where nothing was."""
    rows = []
    for sheet in SHEETS:
        judged = sheets.get(sheet.key)
        if judged:
            rows.append((sheet.title, sum_words(sheet, judged)))
            rows += [
                (item.title, choice_words(*item.choices[judged[item.key]]))
                for item in sheet.items
                if item.key in judged
            ]
    return rows


def choice_words(value: int, words: str) -> str:
    """A choice as it stands on the sheet."""
    return f"{value}: {words}" if words else str(value)


def sum_words(sheet: Sheet, judged: Judged) -> str:
    """The published sum of a sheet, or how much of it is still to be judged."""
    n_left = sum(item.key not in judged for item in sheet.items)
    if n_left:
        return f"{n_left} of {len(sheet.items)} to be judged"
    score = sunnybrook_score(judged) if sheet is SUNNYBROOK else None
    if score is None:
        return "filled in"
    return (
        f"composite {score.composite} = voluntary movement {score.voluntary} "
        f"- resting symmetry {score.resting} - synkinesis {score.synkinesis}"
    )
