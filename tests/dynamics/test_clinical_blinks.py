"""Blinks whose times and depths are known are found, and told apart from what is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.bench.clinical_script import (
    Script,
    ScriptedBlink,
    act,
    session_of_truth,
    true_onset,
)
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blink_pairs import Blink, match_eyes
from facedyn_app.dynamics.clinical.blinks import ClosureKind, find_closures, lid_course
from facedyn_app.dynamics.clinical.covered import covered_frames
from facedyn_app.dynamics.clinical.session import measure_session
from facedyn_app.events import Event
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Session
from tests.dynamics.fit_errors import with_errors
from tests.sessions import altered, resting_session

SETTINGS = ClinicalSettings(n_draws=50)
PARTIAL = 0.55


def _blinks(n: int, seed: int) -> tuple[ScriptedBlink, ...]:
    rng = np.random.default_rng(seed)
    starts = 1.0 + 1.7 * np.arange(n) + rng.uniform(0.0, 0.6, n)
    deep = rng.uniform(size=n) < 0.6
    return tuple(
        ScriptedBlink(float(at), *((1.0, 1.0) if full else (PARTIAL, PARTIAL)))
        for at, full in zip(starts, deep, strict=True)
    )


def _session(head: HeadModel, script: Script, fps: float, seed: int = 0) -> Session:
    rng = np.random.default_rng(seed)
    simulated = act(script, head.expression_names, fps, rng)
    return session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)


def _found(head: HeadModel, session: Session, **given: object) -> tuple[Blink, ...]:
    found = measure_session(session, head, SETTINGS, **given)  # type: ignore[arg-type]
    return tuple(blink for blink in found.blinks if blink.kind is ClosureKind.BLINK)


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0, 240.0])
def test_blinks_are_found_at_any_rate(head: HeadModel, fps: float) -> None:
    blinks = _blinks(8, 1)
    script = Script(blinks=blinks, seconds=16.0)
    found = _found(head, _session(head, script, fps))
    assert len(found) == len(blinks)
    for blink, true in zip(found, blinks, strict=True):
        assert abs(blink.onset - true_onset(true, SETTINGS.onset_share)) < 1.0 / fps
        assert blink.complete == (true.left > PARTIAL)


def test_of_many_blinks_with_errors_of_the_fit_hardly_one_is_missed(head: HeadModel) -> None:
    hits = n_found = n_true = right = early = 0
    for seed in range(5):
        blinks = _blinks(20, seed)
        true = _session(head, Script(blinks=blinks, seconds=36.0), 30.0)
        found = _found(head, with_errors(true, np.random.default_rng(seed)))
        n_found, n_true = n_found + len(found), n_true + len(blinks)
        for blink in blinks:
            onset = true_onset(blink, SETTINGS.onset_share)
            near = [one for one in found if abs(one.onset - onset) < 0.1]
            hits += bool(near)
            early += bool(near) and abs(near[0].onset - onset) <= 1.0 / 30.0
            right += bool(near) and near[0].complete == (blink.left > PARTIAL)
    assert 2 * hits / (n_found + n_true) >= 0.97
    assert early >= 0.95 * hits
    assert right >= 0.9 * hits


def _course(values: FloatArray, fps: float) -> FloatArray:
    return 10.0 * (1.0 - values)


def _closures(values: FloatArray, fps: float = 60.0, squeezed: bool = False) -> list[ClosureKind]:
    seconds = np.arange(len(values)) / fps
    course = lid_course(seconds, _course(values, fps), 0.0, SETTINGS)
    assert course is not None
    found = find_closures(course, np.full(len(course.seconds), squeezed), SETTINGS)
    return [one.kind for one in found]


def _plateau(length_s: float, depth: float, rise_s: float = 0.1, fps: float = 60.0) -> FloatArray:
    seconds = np.arange(0.0, 8.0, 1.0 / fps)
    up = np.clip((seconds - 3.0) / rise_s, 0.0, 1.0)
    return depth * up * (1.0 - np.clip((seconds - 3.0 - rise_s - length_s) / rise_s, 0.0, 1.0))


def test_long_closures_and_narrowing_are_no_blinks() -> None:
    assert _closures(_plateau(0.1, 1.0)) == [ClosureKind.BLINK]
    assert _closures(_plateau(1.2, 1.0)) == [ClosureKind.LONG]
    assert _closures(_plateau(1.2, 0.5, rise_s=0.4)) == []  # eyes that look down
    assert _closures(_plateau(0.1, 0.1)) == []
    assert _closures(_plateau(0.8, 1.0), squeezed=True) == [ClosureKind.FORCED]


def test_one_frame_of_both_eyes_is_a_blink_and_of_one_eye_a_slip() -> None:
    seconds = np.arange(120) / 30.0
    opening = np.full(120, 10.0)
    opening[60] = 0.5
    course = lid_course(seconds, opening, 0.0, SETTINGS)
    assert course is not None
    eye = find_closures(course, np.zeros(120, np.bool_), SETTINGS)
    assert [one.deepest for one in eye] == pytest.approx([2.0])
    assert [blink.kind for blink in match_eyes(eye, eye, SETTINGS)] == [ClosureKind.BLINK]
    assert match_eyes(eye, (), SETTINGS) == ()


def test_two_quick_blinks_of_one_eye_are_no_long_closure_of_both() -> None:
    seconds = np.arange(150) / 30.0
    eyes = []
    for between in (6.0, 4.0):  # one opens far enough between them, the other not
        opening = np.full(150, 10.0)
        opening[60:66], opening[66:72], opening[72:82] = 0.0, between, 0.0
        course = lid_course(seconds, opening, 0.0, SETTINGS)
        assert course is not None
        eyes.append(find_closures(course, np.zeros(150, np.bool_), SETTINGS))
    assert {one.kind for one in eyes[1]} == {ClosureKind.LONG}
    assert [blink.kind for blink in match_eyes(eyes[0], eyes[1], SETTINGS)] == [
        ClosureKind.BLINK,
        ClosureKind.BLINK,
    ]


def test_closing_opening_and_duration_are_those_put_in() -> None:
    values = _plateau(0.2, 0.9, rise_s=0.1, fps=240.0)
    course = lid_course(np.arange(len(values)) / 240.0, 10.0 * (1.0 - values), 0.0, SETTINGS)
    assert course is not None
    (closure,) = find_closures(course, np.zeros(len(course.seconds), bool), SETTINGS)
    assert closure.closing == pytest.approx(0.08, abs=0.005)  # 10 to 90 % of 0.1 s
    assert closure.opening == pytest.approx(0.08, abs=0.005)
    assert closure.duration == pytest.approx(0.3, abs=0.005)
    assert closure.depth == pytest.approx(0.9, abs=0.01)
    assert closure.depth_open == pytest.approx(9.0, abs=0.1)


def test_a_task_of_tight_closure_is_forced_and_no_blink(head: HeadModel) -> None:
    script = Script(tasks=("eye_closure_tight",), blinks=(ScriptedBlink(0.5),))
    session = _session(head, script, 30.0)
    found = measure_session(session, head, SETTINGS, events=script.events)
    assert [blink.kind for blink in found.blinks] == [ClosureKind.BLINK, ClosureKind.FORCED]
    assert found.blink_summary is not None
    assert found.blink_summary.n == found.blink_summary.n_forced == 1


def test_an_eye_that_closes_half_is_partial_and_matched(head: HeadModel) -> None:
    blinks = tuple(ScriptedBlink(1.0 + 2.0 * k, left=0.5) for k in range(6))
    found = _found(head, _session(head, Script(blinks=blinks, seconds=14.0), 60.0))
    assert len(found) == 6
    for blink in found:
        assert blink.left is not None
        assert blink.right is not None
        assert (blink.left.complete, blink.right.complete) == (False, True)
        assert blink.left.depth == pytest.approx(0.5, abs=0.08)
        assert abs(blink.delay) < 0.02


def test_rate_and_intervals(head: HeadModel) -> None:
    blinks = tuple(ScriptedBlink(1.0 + 3.0 * k) for k in range(10))
    session = _session(head, Script(blinks=blinks, seconds=30.0), 30.0)
    summary = measure_session(session, head, SETTINGS).blink_summary
    assert summary is not None
    assert summary.rate == pytest.approx(20.0, rel=0.02)
    assert summary.interval_median == pytest.approx(3.0, abs=0.01)
    assert summary.n_complete == 10


def test_ten_frames_a_second_are_too_few(head: HeadModel) -> None:
    session = _session(head, Script(blinks=_blinks(3, 0), seconds=8.0), 10.0)
    found = measure_session(session, head, SETTINGS)
    assert found.blink_summary is None
    assert "10 frames a second are too few" in found.reasons["blinks"]


def test_a_hidden_side_is_left_out_and_said(head: HeadModel) -> None:
    session = _session(head, Script(blinks=_blinks(4, 0), seconds=10.0), 30.0)
    turned = session.motion.rotation + np.array([0.0, np.radians(45.0), 0.0], np.float32)
    found = measure_session(altered(session, rotation=turned), head, SETTINGS)
    assert "the left side is hidden" in found.reasons["left"]
    assert found.sides["rest"] == {}
    assert len(found.blinks) == 4
    assert all(blink.left is None for blink in found.blinks)


def test_an_eye_that_is_marked_as_hidden_is_left_out_and_said(head: HeadModel) -> None:
    script = Script(blinks=_blinks(4, 0), tasks=("smile",), seconds=10.0)
    session = _session(head, script, 30.0)
    covered = Event("hidden", 0.0, 1e3, "a patch", side="left")
    found = measure_session(session, head, SETTINGS, events=(*script.events, covered))
    assert found.reasons["left"] == "the left side is marked as hidden"
    assert "right" not in found.reasons
    assert found.sides == {"rest": {}, "range": {}}
    assert len(found.blinks) == 4  # partial ones, too: the other eye would show them
    assert all(blink.left is None for blink in found.blinks)
    (task,) = found.tasks
    assert (task.sides, task.synkinesis) == ({}, None)
    assert task.reason == "the left side is marked as hidden"
    assert task.midline  # what has no sides is measured
    briefly = Event("hidden", 0.0, 1.0, side="left")
    assert measure_session(session, head, SETTINGS, events=(briefly,)).reasons == {}


def test_both_eyes_hidden_and_rest_that_nobody_saw_are_said(head: HeadModel) -> None:
    session = _session(head, Script(blinks=_blinks(3, 0), seconds=8.0), 30.0)
    events = [Event("hidden", 0.0, 1e3, side=side) for side in ("left", "right")]
    found = measure_session(session, head, SETTINGS, events=events)
    assert found.blink_summary is None
    assert found.reasons["blinks"] == "both eyes are hidden or never open"
    unseen = (Event("task", 0.0, 1.0, "rest"), Event("exclude", 0.0, 1.0))
    found = measure_session(session, head, SETTINGS, events=unseen)
    assert not found.rest_marked
    assert any("No rest is marked" in note for note in found.notes)


def test_frames_that_are_excluded_count_nothing(head: HeadModel) -> None:
    blinks = tuple(ScriptedBlink(1.0 + 2.0 * k) for k in range(4))
    session = _session(head, Script(blinks=blinks, seconds=10.0), 30.0)
    events = (Event("exclude", 2.5, 4.5),)
    assert len(_found(head, session, events=events)) == 3


def test_channels_of_another_program_give_blinks_without_millimetres() -> None:
    seconds = np.arange(300) / 30.0
    values = np.zeros((300, 2), np.float32)
    for at in (60, 150, 240):
        values[at : at + 4] = [[0.5], [1.0], [1.0], [0.5]]
    session = resting_session(
        seconds,
        names=("eyeBlinkLeft", "eyeBlinkRight"),
        expression=values,
        head_id="arkit-52",
        other_program="Live Link Face",
    )
    found = measure_session(session, None, SETTINGS)
    assert found.blink_summary is not None
    assert found.blink_summary.n == 3
    assert found.scale is None
    assert "no head" in found.reasons["mm"]


def test_a_short_recording_says_so(head: HeadModel) -> None:
    session = _session(head, Script(seconds=3.0), 30.0)
    valid = session.motion.valid & (session.motion.seconds < 0.1)
    expression = np.where(valid[:, None], session.motion.expression, np.nan)
    found = measure_session(altered(session, valid=valid, expression=expression), head, SETTINGS)
    assert "2 s are needed" in found.reasons["mm"]


def test_a_gap_in_the_frames_is_no_blink(head: HeadModel) -> None:
    session = _session(head, Script(seconds=8.0), 30.0)
    valid = session.motion.valid.copy()
    valid[100:130] = False
    found = measure_session(
        replace(session, motion=replace(session.motion, valid=valid)), head, SETTINGS
    )
    assert found.blinks == ()


def test_an_eye_that_shows_far_less_than_the_other_one_is_covered(head: HeadModel) -> None:
    script = Script(blinks=_blinks(4, 0), tasks=("smile", "brow_raise"), seconds=10.0)
    session = _session(head, script, 30.0)
    n_frames = len(session.motion.seconds)
    seen = np.full(n_frames, 0.3, np.float32)
    patch = replace(session, left_eye_contrast=0.15 * seen, right_eye_contrast=seen)
    found = measure_session(patch, head, SETTINGS, events=script.events)
    assert found.reasons == {"left eye": "the left eye is covered in 100 % of the frames"}
    assert len(found.blinks) == 4
    assert all(blink.left is None for blink in found.blinks)
    smile, brows = found.tasks
    assert "commissure_excursion" in smile.sides
    assert "fissure_height" not in smile.sides
    assert brows.reason == "the left eye is covered in 100 % of the frames"
    # an eye that the fit calls closed is no covered one
    names = session.motion.names
    closed = session.motion.expression.copy()
    closed[:, names.index("eyeBlinkLeft")] = 0.9
    shut = altered(patch, expression=closed)
    blinking = session.motion.expression[:, names.index("eyeBlinkRight")] > 0.3
    assert not covered_frames(shut)[~blinking].any()
    blink = seen.copy()
    blink[50:60] *= 0.1  # a third of a second
    alone = replace(session, left_eye_contrast=blink, right_eye_contrast=seen)
    assert not covered_frames(alone).any()
    assert not covered_frames(session).any()  # nothing is said of the eyes
