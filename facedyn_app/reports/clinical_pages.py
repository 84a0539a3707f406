"""Clinical measures on paper: the section of a session's report, the page of a person over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.change import Change
from facedyn_app.dynamics.clinical.sheets import sheets_of
from facedyn_app.reports.clinical_blink_words import blink_facts
from facedyn_app.reports.clinical_course_words import (
    FACT_HEADS,
    ClinicalVisit,
    course_doubts,
    course_heads,
    course_note,
    course_rows,
    main_rows,
    on_paper,
    visit_facts,
)
from facedyn_app.reports.clinical_figures import task_figure
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.clinical_words import (
    MIDDLE_HEADS,
    SIDED_HEADS,
    TASK_HEADS,
    assumed,
    how_to_read,
    middle_rows,
    sided_rows,
    task_rows,
)
from facedyn_app.reports.page import Provenance, render_page
from facedyn_app.reports.sheet_words import FILLED_IN, sheet_facts
from facedyn_app.reports.task_faces import TaskFaces

MOST_TASKS = 4
"""Tasks that a sheet of paper has room for."""
FIGURE_WORDS = (
    "Below: each repeat of a task from its onset, less rest; the face at the peak of the first "
    "repeat, both on the first session's shape; how far the movements, peak less rest, lie apart."
)


def clinical_parts(measured: MeasuredSession, settings: ClinicalSettings) -> Mapping[str, object]:
    """What the template's section on a recording's clinical measures shows.

    Args:
        measured: What was measured.
        settings: What counted as what.
    """
    found = measured.measures
    return {
        "missing": "",
        "note": how_to_read(settings),
        "assumed": assumed(found),
        "blinks": blink_facts(found, settings),
        "sided_heads": SIDED_HEADS,
        "sided": sided_rows(found),
        "middle_heads": MIDDLE_HEADS,
        "middle": middle_rows(found),
        "task_heads": TASK_HEADS,
        "tasks": task_rows(found),
        "sheets": sheet_facts(sheets_of(measured.session)),
        "filled_in": FILLED_IN,
    }


def course_page(
    person: str,
    visits: Sequence[ClinicalVisit],
    compared: tuple[int, int],
    changes: Sequence[Change],
    tasks: Sequence[str],
    faces: Sequence[TaskFaces],
    settings: ClinicalSettings,
    provenance: Provenance,
) -> str:
    """The page of a person over time as HTML, its figure within; one sheet of paper.

    Args:
        person: Who it is; may be empty.
        visits: The sessions, by date; at least two.
        compared: Places of the earlier and of the later session that are compared.
        changes: Between these.
        tasks: Ids of tasks that both have measured, MOST_TASKS at most.
        faces: Of these tasks, as far as they could be drawn.
        settings: Coverage of the intervals.
        provenance: Where all this comes from.
    """
    shown = on_paper(visits, *compared)
    pair = [visits[place] for place in compared]
    simulated = any(visit.measured.session.simulated for visit in visits)
    name = f"Clinical measures of {person}" if person else "Clinical measures"
    left_out = len(visits) - len(shown)
    more = f" {left_out} more sessions are not shown." if left_out else ""
    figure = task_figure(pair, tasks, faces) if tasks else b""
    doubts = [
        f"{one.name}: {' '.join(one.quality.reasons)}" for one in shown if one.quality.reasons
    ]
    doubts += course_doubts(shown)
    notes = [*doubts, course_note(settings), *([FIGURE_WORDS] if tasks else [])]
    written, when = provenance.written
    consent = f"Consent: {provenance.consent or 'none recorded'}. " if person else ""
    return render_page(
        "course",
        title=f"{name} over time{' (simulated)' if simulated else ''}",
        origin=f"{consent}{written}: {when}.",
        fact_heads=FACT_HEADS,
        visits=visit_facts(shown),
        heads=course_heads(shown),
        rows=main_rows(course_rows(shown, changes, settings), changes),
        note=f"Change: {pair[1].label} less {pair[0].label}.{more} {' '.join(notes)}",
        figure=figure,
        figure_words=FIGURE_WORDS,
    )
