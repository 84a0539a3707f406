"""Truth that repeats, moves and is told apart; and the whole way once, slowly."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.accuracy import (
    case_result,
    face_vertices,
    measure_accuracy,
    medians_of,
    selected_medians,
)
from facedyn_app.bench.cases import CASES, QUICK_CASES, AppearanceKind, Case, Take, make_take
from facedyn_app.bench.measurement import MeasuredCase, invalid_by_reason
from facedyn_app.bench.metrics import MOVING_SD
from facedyn_app.bench.rendered_truth import make_truth, truth_video
from facedyn_app.bench.separation import measure_separation
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.records import (
    INVALID_REASONS,
    N_BLENDSHAPES,
    N_LANDMARKS,
    FloatArray,
    HeadFit,
    Landmarks,
)
from tests.sessions import altered, resting_fit


def test_every_action_moves_enough_to_be_compared(head: HeadModel) -> None:
    takes = [make_take(Take.ACTIONS, k, 60.0, head.expression_names) for k in (0, 1)]
    deviation = np.concatenate([take.motion.expression for take in takes]).std(axis=0)
    weak = {n for n, sd in zip(head.expression_names, deviation, strict=True) if sd < 0.08}
    assert weak == {"mouthClose"}
    assert (deviation >= MOVING_SD).sum() > 15
    assert 0 <= takes[0].motion.expression.min() < takes[0].motion.expression.max() <= 1
    assert not np.array_equal(takes[0].motion.expression, takes[1].motion.expression)
    again = make_take(Take.ACTIONS, 0, 60.0, head.expression_names)
    np.testing.assert_array_equal(again.motion.expression, takes[0].motion.expression)


def test_a_still_take_does_not_move_and_a_fast_one_turns_quickly(head: HeadModel) -> None:
    names = head.expression_names
    still = make_take(Take.STILL, 0, 2.0, names)
    assert not still.motion.expression.any()
    assert not still.motion.rotation.any()
    speed = [
        np.degrees(
            np.linalg.norm(np.diff(make_take(take, 0, 10.0, names).motion.rotation, axis=0), axis=1)
        )
        for take in (Take.ACTIONS, Take.FAST)
    ]
    assert np.percentile(speed[0], 90) * 25 < 40  # degrees a second
    assert np.percentile(speed[1], 90) * 25 > 100


def as_measured(
    head: HeadModel, case: Case, *, jaw_off: float = 0.0, late: int = 0, seed: int = 0
) -> MeasuredCase:
    """A measurement that is right but for what is asked for."""
    truth = make_truth(head, case)
    simulated, n = truth.simulated, len(truth.simulated.motion.seconds)
    scores = np.zeros((n, N_BLENDSHAPES), np.float32)
    for k, name in enumerate(simulated.motion.names):
        scores[:, BLENDSHAPE_NAMES.index(name)] = simulated.motion.expression[:, k]
    noise = np.random.default_rng(seed).normal(size=simulated.motion.expression.shape)

    def fit(expression: FloatArray) -> HeadFit:
        return resting_fit(
            head,
            simulated.motion.seconds,
            expression=np.roll(expression, late, axis=0),
            jaw=simulated.motion.jaw + np.array([jaw_off, 0, 0]),
            rotation=truth.rotation,
            translation=truth.translation,
            shape=truth.scene.shape,
            shape_chunks=truth.scene.shape[None],
            shape_chunk_seconds=np.array([0.5]),
            error_px=np.full(n, 2.0),
            gaze=np.repeat(simulated.gaze[:, None] * [1.0, -1.0], 2, axis=1),
        )

    landmarks = Landmarks(simulated.motion.seconds, np.zeros((n, N_LANDMARKS, 2)), scores, 640, 360)
    still = case.take is Take.STILL
    together = fit(simulated.motion.expression + (0.01 * noise if still else 0.0))
    alone = fit(simulated.motion.expression + 0.04 * noise) if still else None
    return MeasuredCase(truth, landmarks, together, alone, invalid_by_reason(together))


def test_a_right_measurement_has_no_error(head: HeadModel) -> None:
    one = as_measured(head, Case(Take.ACTIONS))
    found = case_result(head, one, ExpressionMesh(head), face_vertices(head))
    assert found.rotation_deg == pytest.approx(0, abs=1e-4)
    assert found.jaw_rms_deg == 0
    assert found.mesh_mm == 0
    for value in (found.correlation, found.blinks, found.scores_correlation, found.jaw_correlation):
        assert value == pytest.approx(1)
    assert (found.gaze_yaw, found.gaze_pitch) == pytest.approx((1, -1))  # made upside down
    assert found.valid_share == 1
    assert found.error_percent == pytest.approx(1)
    assert found.invalid == {}


def test_a_jaw_that_is_off_shows_in_degrees_and_millimetres(head: HeadModel) -> None:
    one = as_measured(head, Case(Take.ACTIONS), jaw_off=np.radians(3.0))
    found = case_result(head, one, ExpressionMesh(head), face_vertices(head))
    assert found.jaw_rms_deg == pytest.approx(3, abs=1e-4)
    assert found.jaw_correlation == pytest.approx(1)
    assert 0.5 < found.mesh_mm < 5  # the chin, 10 cm from the hinge, is 5 mm off


def test_separation_of_right_late_and_leaking_measurements(head: HeadModel) -> None:
    cases = [Case(Take.ACTIONS), Case(Take.ACTIONS, face=1), Case(Take.ACTIONS, motion=1)]
    right = measure_separation([as_measured(head, case) for case in cases])
    assert (right.expression_leak_percent, right.shape_leak_percent) == (0, 0)
    assert right.n_blinks > 10
    assert (right.blink_lag_frames, right.blink_within_one) == (0, 1)
    late = measure_separation([as_measured(head, cases[0], late=2)])
    assert (late.blink_lag_frames, late.blink_within_one) == (2, 0)
    assert late.expression_leak_percent is None
    first, second = as_measured(head, cases[0]), as_measured(head, cases[1])
    sd = first.truth.simulated.motion.expression.std(axis=0)
    shifted = second.fit.motion.expression + 0.5 * np.sqrt((sd**2).mean())
    leaking = dataclasses.replace(second, fit=altered(second.fit, expression=shifted))
    found = measure_separation([first, leaking])
    assert found.expression_leak_percent == pytest.approx(50, rel=1e-5)


def test_stillness_is_compared_with_independent_fits(head: HeadModel) -> None:
    found = measure_separation([as_measured(head, Case(Take.STILL, seconds=4.0))])
    assert found.still_ratio == pytest.approx(0.25)
    assert found.still_worst_ratio == pytest.approx(0.25)
    assert found.still_jitter_ratio == pytest.approx(0.25)
    assert found.still_sd == pytest.approx(0.01, rel=0.1)


def test_invalid_frames_are_counted_by_reason(head: HeadModel) -> None:
    fit = as_measured(head, Case(Take.STILL, seconds=4.0)).fit
    reason = np.zeros(100, np.uint8)
    reason[:7], reason[50:53] = INVALID_REASONS.index("no face"), INVALID_REASONS.index("blurred")
    known = altered(fit, valid=reason == 0, invalid_reason=reason)
    assert invalid_by_reason(known) == {"no face": 7, "blurred": 3}
    assert invalid_by_reason(fit) == {}


@pytest.mark.slow
def test_the_whole_way_from_pixels(head: HeadModel, tmp_path: Path) -> None:
    found = measure_accuracy(head, QUICK_CASES, tmp_path)
    first = found.cases[0]
    assert first.valid_share > 0.9
    assert first.rotation_deg < 10
    assert first.blinks is not None
    assert first.blinks > 0.8
    assert first.jaw_correlation is not None
    assert first.jaw_correlation > 0.9
    videos = sorted(tmp_path.glob("*.mp4"))
    assert len(videos) == len(QUICK_CASES)
    written = [video.stat().st_mtime_ns for video in videos]
    again = measure_accuracy(head, QUICK_CASES[:1], tmp_path, keep_landmarks=True)
    assert again.cases[0].mesh_mm == pytest.approx(first.mesh_mm, rel=1e-3)
    assert [video.stat().st_mtime_ns for video in videos] == written


def test_the_median_over_videos_leaves_out_what_a_video_does_not_have(head: HeadModel) -> None:
    mesh, face = ExpressionMesh(head), face_vertices(head)
    offs = {Case(Take.ACTIONS): 1.0, Case(Take.ACTIONS, motion=1): 2.0, Case(Take.STILL): 4.0}
    found = [
        case_result(head, as_measured(head, case, jaw_off=np.radians(off)), mesh, face)
        for case, off in offs.items()
    ]
    medians = medians_of(found)
    assert medians["jaw_rms_deg"] == pytest.approx(2, abs=1e-4)
    assert medians["jaw_correlation"] == pytest.approx(1)  # of the two whose jaw moves
    assert medians_of(found[2:]).keys() == {
        "rotation_deg", "jaw_rms_deg", "mesh_mm", "error_percent"
    }  # fmt: skip
    assert [case.clean for case in offs] == [True, True, False]


def test_a_face_counts_once_in_however_many_videos_it_is(head: HeadModel) -> None:
    mesh, face = ExpressionMesh(head), face_vertices(head)
    offs = {
        Case(Take.ACTIONS): 1.0,
        Case(Take.ACTIONS, motion=1): 1.0,
        Case(Take.ACTIONS, motion=2): 3.0,
        Case(Take.ACTIONS, face=1): 4.0,
        Case(Take.ACTIONS, face=2, width=320, height=240): 6.0,
        Case(Take.ACTIONS, face=3, noisy=True): 9.0,
        Case(Take.ACTIONS, appearance=AppearanceKind.TEETH): 2.0,
        Case(Take.ACTIONS, face=1, appearance=AppearanceKind.BEARD): 7.0,
    }
    found = [
        case_result(head, as_measured(head, case, jaw_off=np.radians(off)), mesh, face)
        for case, off in offs.items()
    ]
    medians = selected_medians(found, list(offs))
    off = {name: one["jaw_rms_deg"] for name, one in medians.items()}
    expected = {
        "each face once": 4.0,
        "each video once": 3.0,
        "each face at 240 lines": 6.0,
        "second appearance": 4.5,
    }
    assert off == pytest.approx(expected, abs=1e-3)
    assert selected_medians([], []) == {}


def test_a_second_appearance_changes_the_face_only(head: HeadModel) -> None:
    plain = make_truth(head, Case(Take.TALK, face=6, motion=6))
    for kind in (AppearanceKind.TEETH, AppearanceKind.GLASSES, AppearanceKind.BEARD):
        case = Case(Take.TALK, face=6, motion=6, appearance=kind)
        varied = make_truth(head, case)
        for name in ("expression", "jaw"):
            np.testing.assert_array_equal(
                getattr(varied.simulated.motion, name),
                getattr(plain.simulated.motion, name),
                err_msg=name,
            )
        np.testing.assert_array_equal(varied.scene.shape, plain.scene.shape)
        np.testing.assert_array_equal(varied.rotation, plain.rotation)
        worn = varied.scene.appearance
        assert worn.teeth is not None
        assert (worn.glasses is not None) == (kind is AppearanceKind.GLASSES)
        assert (worn.beard is not None) == (kind is AppearanceKind.BEARD)
        assert worn == make_truth(head, case).scene.appearance
        assert f"with {kind}" in case.name
        assert case.clean


def test_the_videos_of_plain_faces_keep_their_names(head: HeadModel, tmp_path: Path) -> None:
    """So that films rendered before there was a second appearance are used again."""
    name = "open-head-2_still_64x48_face_0_motion_0_e000fda98a.mp4"
    case = Case(Take.STILL, width=64, height=48, seconds=0.2)
    head = dataclasses.replace(head, sha256="0")
    assert truth_video(head, make_truth(head, case), tmp_path).name == name
    other = dataclasses.replace(case, appearance=AppearanceKind.GLASSES)
    path = truth_video(head, make_truth(head, other), tmp_path)
    assert "with_glasses" in path.name


def test_the_bench_films_ten_faces_in_a_second_appearance() -> None:
    varied = [case for case in CASES if case.varied]
    assert len({case.face for case in varied}) == 10
    plain = {(c.take, c.face, c.motion, c.seconds, c.width) for c in CASES if not c.varied}
    assert {(c.take, c.face, c.motion, c.seconds, c.width) for c in varied} <= plain
    for kind in (AppearanceKind.GLASSES, AppearanceKind.BEARD):
        assert sum(case.appearance is kind for case in varied) >= 2
