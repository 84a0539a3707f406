"""Clinical measures over time: what is told of tasks, the faces' difference, the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from facedyn_app.bench.clinical_script import Script, act, session_of_truth
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.change import Quantity, measure_change, session_values
from facedyn_app.dynamics.clinical.measures import EXCURSION
from facedyn_app.dynamics.clinical.session import measure_session
from facedyn_app.dynamics.clinical.task_values import align_task, repeat_spread
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import ignore
from facedyn_app.reports.clinical_course_words import (
    DONE_ONCE,
    FACT_HEADS,
    MOST_VISITS,
    NO_CHANGE,
    ClinicalVisit,
    course_doubts,
    course_heads,
    course_rows,
    on_paper,
    visit_facts,
)
from facedyn_app.reports.clinical_pages import course_page
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.task_faces import LEAST_TOP_MM, common_tasks, draw_task_faces
from facedyn_app.settings import Settings, TrustSettings
from facedyn_app.workflows.clinical_course import course_of_files

SETTINGS = ClinicalSettings()
FPS = 30.0
TASKS = ("smile", "smile", "smile", "brow_raise")
LEFT_SMILE = Quantity(EXCURSION, "peak", "left", "smile")
Visit = Callable[..., ClinicalVisit]


@pytest.fixture(scope="module")
def visit(head: HeadModel) -> Visit:
    """Makes a simulated visit; `palsy` is of the left side, `noise` of the activations."""

    def make(
        palsy: float, day: int = 1, tasks: tuple[str, ...] = TASKS, noise: float = 0.01
    ) -> ClinicalVisit:
        script = Script(tasks=tasks, palsy=palsy)
        motion = act(script, head.expression_names, FPS, np.random.default_rng(day))
        made = session_of_truth(motion, np.zeros(head.n_shape), head.head_id)
        rng = np.random.default_rng([day, 1])
        expression = made.motion.expression
        noisy = expression + noise * rng.standard_normal(expression.shape).astype(np.float32)
        session = replace(
            made,
            motion=replace(made.motion, expression=noisy),
            events=script.events,
            info=replace(made.info, recorded_at=datetime(2026, 1, day, tzinfo=UTC)),
        )
        measured = measure_session(session, head, SETTINGS, events=session.events)
        name = f"visit{day}"
        return ClinicalVisit(
            name,
            f"2026-01-{day:02d}",
            MeasuredSession(name, session, measured),
            assess_quality(session, TrustSettings()),
        )

    return make


def test_a_task_done_better_is_told_and_by_how_much(visit: Visit) -> None:
    before, after = visit(0.8).measured, visit(0.2, 2).measured
    changes = measure_change(
        before.measures, after.measures, [before.measures, after.measures], SETTINGS
    )
    smile = next(one for one in changes if one.quantity == LEFT_SMILE)
    true = session_values(visit(0.2, 3, noise=0.0).measured.measures, SETTINGS)[LEFT_SMILE].value
    true -= session_values(visit(0.8, 3, noise=0.0).measured.measures, SETTINGS)[LEFT_SMILE].value
    assert smile.told
    assert smile.change.value == pytest.approx(true, abs=0.3)
    assert smile.change.low < smile.change.value < smile.change.high
    assert 0.0 < smile.smallest < 1.0
    brow = next(one for one in changes if one.task == "brow_raise" and one.side == "left")
    assert math.isnan(brow.smallest)
    assert not brow.told


def test_repeats_spread_as_their_values_do(visit: Visit) -> None:
    one = visit(0.5).measured.measures
    values = [task.sides[EXCURSION].left.value for task in one.tasks if task.event.name == "smile"]
    spread, dof = repeat_spread([one, one], "smile", EXCURSION, 0)
    assert dof == 4
    assert spread == pytest.approx(np.std(values, ddof=1))
    assert repeat_spread([one], "pucker", EXCURSION, 0)[1] == 0


def test_a_trace_begins_where_the_movement_does(visit: Visit) -> None:
    measured = visit(0.0, noise=0.0).measured
    seconds = measured.session.motion.seconds
    task = measured.measures.tasks[0]
    aligned = align_task(measured.measures, seconds, task, EXCURSION)
    # the script's movement begins 0.2 s into the task and is eased in over 0.5 s
    assert task.event.start + 0.2 < aligned.onset < task.event.start + 0.45
    assert aligned.seconds[0] == pytest.approx(-0.5, abs=1.0 / FPS)
    peak = aligned.values.max()
    at_onset = aligned.values[np.abs(aligned.seconds).argmin()]
    assert np.all(at_onset <= 0.1 * peak + 1e-6)
    assert aligned.onset < aligned.peak < task.event.end


def test_rows_name_what_was_not_done_and_what_cannot_be_told(visit: Visit) -> None:
    visits = [visit(0.5), visit(0.5, 2, ("smile", "smile", "smile"))]
    measures = [one.measured.measures for one in visits]
    changes = measure_change(measures[0], measures[1], measures, SETTINGS)
    heads, rows = course_heads(visits), course_rows(visits, changes, SETTINGS)
    assert heads[2:4] == ("2026-01-01 · visit1", "2026-01-02 · visit2")
    by_title = {row.cells[:2]: row for row in rows}
    smile = by_title["Smile: oral commissure excursion", "peak, left"]
    assert smile.cells[-3] == NO_CHANGE
    assert float(smile.cells[-2]) > 0.0
    assert len(smile.cells) == len(heads)
    brow = by_title["Brow raise", "peak, left"]
    assert brow.cells[3:5] == ("task not done", "not compared")
    assert {3, 4} <= set(brow.grey)
    unchanged = measure_change(measures[0], measures[0], measures, SETTINGS)
    same = course_rows([visits[0]] * 2, unchanged, SETTINGS)
    brow = next(row for row in same if row.cells[:2] == ("Brow raise", "peak, left"))
    assert brow.cells[-2] == DONE_ONCE


def test_a_visit_without_a_head_says_why_and_keeps_its_blinks(visit: Visit) -> None:
    first = visit(0.5)
    session = first.measured.session
    bare = measure_session(session, None, SETTINGS, events=session.events)
    other = replace(first, measured=MeasuredSession("other", session, bare))
    changes = measure_change(first.measured.measures, bare, [first.measured.measures], SETTINGS)
    rows = {row.cells[:2]: row for row in course_rows([first, other], changes, SETTINGS)}
    lids = rows["Palpebral fissure height", "rest, left"]
    assert lids.cells[3].startswith("not measured: another program's measurement has no head")
    assert lids.cells[4] == "not compared"
    assert rows["Blinks a minute", "both eyes"].cells[3] != "not measured"
    assert common_tasks([first.measured, other.measured]) == []


def test_faces_differ_by_as_far_as_the_corner_of_the_mouth_moved(
    visit: Visit, head: HeadModel
) -> None:
    before, after = visit(1.0, noise=0.0), visit(0.0, 2, noise=0.0)
    pair = (before.measured, after.measured)
    assert common_tasks(pair) == ["smile", "brow_raise"]
    smile, _ = draw_task_faces(head, *pair, common_tasks(pair), (255, 255, 255), ignore)
    left = session_values(after.measured.measures, SETTINGS)[LEFT_SMILE].value
    assert left - 0.5 < smile.most_mm < left + 4.0
    assert smile.rms_mm < smile.most_mm <= smile.top_mm
    first, second, coloured = (picture.astype(float) for picture in smile.pictures)
    changed = np.abs(second - first).max(axis=2) > 40.0
    half = changed.shape[1] // 2
    assert changed[:, half:].sum() > 3 * changed[:, :half].sum()  # their left is at the right
    assert np.abs(coloured - second).max() > 100.0
    same, *_ = draw_task_faces(head, pair[0], pair[0], ["smile"], (255, 255, 255), ignore)
    assert same.most_mm == pytest.approx(0.0, abs=1e-6)
    assert same.top_mm == LEAST_TOP_MM


def test_the_page_has_values_change_and_figure_and_hides_no_letters(visit: Visit) -> None:
    visits = [visit(0.8), visit(0.2, 2)]
    measures = [one.measured.measures for one in visits]
    changes = measure_change(measures[0], measures[1], measures, SETTINGS)
    about = Provenance("facedyn 9.9", datetime(2026, 3, 4, 5, 6, tzinfo=UTC), "", "Ada herself")
    page = course_page(
        "<script>A", visits, (0, 1), changes, ["smile", "brow_raise"], (), SETTINGS, about
    )
    for words in (
        "&lt;script&gt;A",
        "over time (simulated)",
        "not a medical device",
        "no grade",
        "2026-01-02 · visit2 less 2026-01-01 · visit1",
        'class="grey">no change that can be told',
        "Consent: Ada herself",
        "Smile: oral commissure excursion",
        "63.4 mm, adult mean",
        "data:image/png;base64,",
    ):
        assert words in page
    assert "<script>" not in page


def test_visits_fitted_in_different_ways_are_named_on_the_page(visit: Visit) -> None:
    def fitted(one: ClinicalVisit, **landmarks: bool) -> ClinicalVisit:
        info = replace(one.measured.session.info, settings={"landmarks": landmarks})
        session = replace(one.measured.session, info=info)
        return replace(one, measured=replace(one.measured, session=session))

    one = visit(0.5, tasks=("smile",))
    landmarks = fitted(one, mirrored_mean=True, optical_flow=False)
    skin = fitted(one, mirrored_mean=True, optical_flow=True)
    single = fitted(one, mirrored_mean=False, optical_flow=True)
    facts = FACT_HEADS.index("Fitted to")
    assert [row.cells[facts] for row in visit_facts([one, landmarks, skin, single])] == [
        "not known",
        "landmarks",
        "landmarks and skin",
        "landmarks and skin, not of the mirrored picture",
    ]
    (doubt,) = course_doubts([landmarks, skin])
    assert "(landmarks; landmarks and skin)" in doubt
    for alike in ([landmarks, landmarks], [one, skin]):
        assert course_doubts(alike) == []


def test_a_sheet_has_room_for_some_sessions_those_compared_among_them(visit: Visit) -> None:
    one = visit(0.5, tasks=("smile",))
    visits = [replace(one, name=f"v{k}") for k in range(6)]
    shown = [each.name for each in on_paper(visits, 1, 5)]
    assert len(shown) == MOST_VISITS
    assert shown == ["v0", "v1", "v5"]


def test_one_recording_is_no_course(visit: Visit) -> None:
    with pytest.raises(TooLittleError, match="two sessions"):
        course_of_files([visit(0.5).measured], Settings().trust)


def test_the_smallest_change_follows_from_the_halves_of_few_sessions(visit: Visit) -> None:
    measures = [visit(0.5, day).measured.measures for day in (1, 2)]
    change = next(
        one
        for one in measure_change(measures[0], measures[1], measures, SETTINGS)
        if (one.measure, one.statistic, one.side) == (EXCURSION, "range", "right")
    )
    apart = [one.halves["range"][EXCURSION][:, 1] for one in measures]
    sem = 0.5 * np.sqrt(np.mean([(first - second) ** 2 for first, second in apart]))
    # 4.3027: the 97.5 % quantile of Student's t with two degrees of freedom
    assert change.smallest == pytest.approx(4.3027 * np.sqrt(2.0) * sem, rel=1e-4)
