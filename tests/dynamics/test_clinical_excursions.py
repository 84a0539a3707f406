"""Excursions in mm, palsy and synkinesis that were put in come out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.bench.clinical_script import Script, act, mirrored_truth, session_of_truth
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.measures import BY_NAME, EXCURSION, FISSURE
from facedyn_app.dynamics.clinical.scale import ADULT_IPD_MM, scale_of
from facedyn_app.dynamics.clinical.session import ClinicalMeasures, measure_session
from facedyn_app.dynamics.clinical.tasks import TaskMeasures
from facedyn_app.events import Event
from facedyn_app.headmodel.landmark_positions import landmark_positions
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Session
from tests.dynamics.fit_errors import with_errors

SETTINGS = ClinicalSettings(n_draws=50)
TASKS = ("smile", "brow_raise", "pucker", "lower_lip")
PRIMARY = dict(
    zip(TASKS, (EXCURSION, "brow_raise", EXCURSION, "lower_lip_depression"), strict=True)
)


def _true(head: HeadModel, script: Script, seed: int = 0, fps: float = 25.0) -> Session:
    rng = np.random.default_rng(seed)
    shape = np.zeros(head.n_shape)
    shape[:20] = 0.5 * rng.standard_normal(20)
    return session_of_truth(act(script, head.expression_names, fps, rng), shape, head.head_id)


def _measured(
    head: HeadModel, script: Script, seed: int = 0, *, errors: bool = True, mirror: bool = False
) -> ClinicalMeasures:
    true = _true(head, script, seed)
    rng = np.random.default_rng([seed, 1])
    session = with_errors(true, rng) if errors else true
    other = with_errors(mirrored_truth(true), np.random.default_rng([seed, 1])) if mirror else None
    return measure_session(session, head, SETTINGS, events=script.events, mirrored=other)


def _task(found: ClinicalMeasures, name: str) -> TaskMeasures:
    return next(task for task in found.tasks if task.event.name == name)


def test_a_smile_is_as_far_as_the_landmarks_move_as_seen_from_the_front(head: HeadModel) -> None:
    script = Script(tasks=("smile",))
    session = _true(head, script)
    found = measure_session(session, head, SETTINGS, events=script.events)
    assert head.landmarks is not None
    rows = np.flatnonzero(np.isin(head.landmarks.index, (291, 61)))
    motion = session.motion
    peak = int(motion.expression[:, motion.names.index("mouthSmileLeft")].argmax())
    places = landmark_positions(
        head, rows, session.shape, motion.expression[[0, peak]], motion.jaw[[0, peak]]
    )
    scale = scale_of(head, session.shape, None).factor
    moved = scale * np.linalg.norm((places[1] - places[0])[:, :2], axis=1)
    smile = _task(found, "smile").sides[EXCURSION]
    right, left = moved  # the right corner has the smaller number
    assert smile.left.value == pytest.approx(left, abs=0.1)
    assert smile.right.value == pytest.approx(right, abs=0.1)


@pytest.mark.parametrize("task", TASKS)
def test_noise_of_the_fit_moves_no_excursion_by_much(head: HeadModel, task: str) -> None:
    name = PRIMARY[task]
    for seed in range(3):
        script = Script(tasks=(task,))
        session = _true(head, script, seed)
        noisy = with_errors(session, np.random.default_rng(seed), gain_sd=0.0)
        true, found = (
            _task(measure_session(one, head, SETTINGS, events=script.events), task).sides[name]
            for one in (session, noisy)
        )
        for side in ("left", "right"):
            value, expected = getattr(found, side).value, getattr(true, side).value
            assert value == pytest.approx(expected, abs=max(0.7, 0.1 * expected))


def test_speeds_have_the_sign_and_size_of_the_movement(head: HeadModel) -> None:
    found = _task(_measured(head, Script(tasks=("smile",)), errors=False), "smile")
    peak, moved = found.peaks[EXCURSION], found.sides[EXCURSION].left.value
    # a minimum-jerk rise of 0.5 s has a largest speed of 1.875 times its mean
    assert peak.onset_speed[0] == pytest.approx(1.875 * moved / 0.5, rel=0.15)
    assert peak.offset_speed[0] == pytest.approx(peak.onset_speed[0], rel=0.15)


def test_the_scale_follows_the_distance_entered(head: HeadModel) -> None:
    session = _true(head, Script(tasks=("smile",)))
    mean, entered = (scale_of(head, session.shape, ipd) for ipd in (None, 2.0 * ADULT_IPD_MM))
    assert entered.factor == pytest.approx(2.0 * mean.factor)
    assert not mean.entered
    assert mean.relative_sd > entered.relative_sd
    assert "6 %" in mean.text
    eyes = head.J_regressor @ head.v_template
    left, right = (eyes[head.joint_names.index(name)] for name in ("left_eye", "right_eye"))
    flat = scale_of(head, np.zeros(head.n_shape), None)
    assert flat.factor * np.linalg.norm(left - right) == pytest.approx(ADULT_IPD_MM)


def test_a_palsy_is_told_in_order(head: HeadModel) -> None:
    off = []
    for seed in range(3):
        weaker = []
        for palsy in (0.0, 0.25, 0.5, 1.0):
            script = Script(tasks=("smile",), palsy=palsy)
            found = _measured(head, script, seed, mirror=True)
            smile = _task(found, "smile").sides[EXCURSION]
            mean = 0.5 * (smile.left.value + smile.right.value)
            left = mean + 0.5 * smile.difference.value
            right = mean - 0.5 * smile.difference.value
            weaker.append(1.0 - left / right)
            assert smile.told == (palsy > 0.0)
        assert weaker == sorted(weaker)
        off += np.abs(np.array(weaker) - (0.0, 0.25, 0.5, 1.0)).tolist()
    assert max(off) < 0.12


def test_synkinesis_is_told_apart(head: HeadModel) -> None:
    for task in ("smile", "pucker"):
        shares = []
        for amount in (0.0, 0.1, 0.3):
            found = _measured(head, Script(tasks=(task,), synkinesis=amount))
            synkinesis = _task(found, task).synkinesis
            assert synkinesis is not None
            shares.append(float(synkinesis.share[0] - synkinesis.share[1]))
        assert shares[0] < 0.05
        assert shares[0] + 0.03 < shares[1] < shares[2] - 0.1
        assert shares[2] == pytest.approx(0.3, abs=0.08)


def test_on_symmetric_faces_no_asymmetry_is_called(head: HeadModel) -> None:
    called = []
    for seed in range(40):
        # the errors put on go to no side, so that the usual difference taken off would be one
        found = _measured(head, Script(tasks=("smile", "brow_raise")), seed, mirror=True)
        told = [
            (statistic, name)
            for statistic, sides in found.sides.items()
            for name, one in sides.items()
            if one.told
        ]
        called.append(bool(told))
    assert sum(called) <= 2


def test_the_mirror_image_takes_the_programs_own_difference_off(head: HeadModel) -> None:
    script = Script(tasks=("smile",), palsy=0.3)
    true = _true(head, script)
    biased = true.motion.expression.copy()
    names = true.motion.names
    biased[:, names.index("mouthSmileLeft")] *= 0.8  # the program sees less of a left side
    other = mirrored_truth(true).motion.expression.copy()
    other[:, names.index("mouthSmileLeft")] *= 0.8
    plain, mirrored = (
        measure_session(
            _with(one, values), head, SETTINGS, events=script.events, mirrored=mirror
        ).tasks[0].sides[EXCURSION]
        for one, values, mirror in (
            (true, true.motion.expression, None),
            (true, biased, _with(mirrored_truth(true), other)),
        )
    )  # fmt: skip
    expected = plain.left.value - plain.right.value
    # taken off but for a tenth: (0.8 * 0.7 - 1 - 0.8 + 0.7) / 2 = -0.27, not -0.3
    assert mirrored.difference.value == pytest.approx(0.9 * expected, rel=0.05)
    assert mirrored.mirrored
    assert not plain.mirrored


def _with(session: Session, expression: np.ndarray) -> Session:
    from tests.sessions import altered

    return altered(session, expression=expression)


def test_rest_is_assumed_where_none_is_marked_and_that_is_said(head: HeadModel) -> None:
    script = Script(tasks=("smile",))
    session = _true(head, script)
    marked = measure_session(session, head, SETTINGS, events=script.events)
    assumed = measure_session(session, head, SETTINGS)
    assert marked.rest_marked
    assert not assumed.rest_marked
    assert any("No rest is marked" in note for note in assumed.notes)
    assert assumed.sides["rest"][FISSURE].left.value == pytest.approx(
        marked.sides["rest"][FISSURE].left.value, abs=0.1
    )


def test_a_task_that_is_too_short_has_its_reason(head: HeadModel) -> None:
    session = _true(head, Script(tasks=("smile",)))
    events = (Event("task", 0.0, 1.5, "rest"), Event("task", 3.0, 3.2, "smile"))
    (task,) = measure_session(session, head, SETTINGS, events=events).tasks
    assert task.sides == {}
    assert "0.5 s are needed" in task.reason


def test_a_task_in_which_no_face_was_seen_has_its_reason(head: HeadModel) -> None:
    script = Script(tasks=("smile",))
    session = _true(head, script)
    (smile,) = (event for event in script.events if event.name == "smile")
    away = Event("exclude", smile.start, smile.end)
    (task,) = measure_session(session, head, SETTINGS, events=(*script.events, away)).tasks
    assert task.sides == {}
    assert "seen for 0.0 s of the task" in task.reason


def test_every_measure_has_a_formula_and_a_source() -> None:
    assert all(measure.formula and measure.source for measure in BY_NAME.values())


@pytest.mark.parametrize("palsy", [0.0, 0.5])
def test_the_definitions_lose_nothing_of_a_true_motion(head: HeadModel, palsy: float) -> None:
    """At 10 frames a second, and on another face's shape: what a fit gets wrong is its motion."""
    script = Script(tasks=TASKS, palsy=palsy)
    seldom, often = (_true(head, script, fps=fps) for fps in (10.0, 120.0))
    other = replace(seldom, shape=_true(head, script, 1).shape)
    found, expected, on_other = (
        measure_session(one, head, SETTINGS, events=script.events, mirrored=mirrored_truth(one))
        for one in (seldom, often, other)
    )
    for name in TASKS:
        measure = PRIMARY[name]
        for side in ("left", "right"):
            value, true, elsewhere = (
                getattr(_task(one, name).sides[measure], side).value
                for one in (found, expected, on_other)
            )
            assert value == pytest.approx(true, abs=0.1)
            assert elsewhere == pytest.approx(true, abs=0.7, rel=0.1)
