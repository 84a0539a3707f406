"""Excluded frames: recognizer, drift and quality control leave them out, and say so."""

from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.dynamics.exclusion import excluded, without_excluded
from facedyn_app.dynamics.features import motion_features
from facedyn_app.dynamics.motion_range import measure_motion_range
from facedyn_app.dynamics.recording_conditions import exclusions, measure_conditions
from facedyn_app.dynamics.session_qc import assess_quality, invalid_counts, quality_line
from facedyn_app.events import Event
from facedyn_app.records import INVALID_REASONS, Session
from facedyn_app.settings import FeatureSettings, TrustSettings
from tests.sessions import resting_session

FPS = 30.0
MARKED = Event("exclude", 2.0, 3.999)
SECONDS = np.arange(10) / 10.0


def frames(*numbers: int) -> list[bool]:
    return [k in numbers for k in range(len(SECONDS))]


def test_nothing_is_excluded_by_tasks_and_notes() -> None:
    events = (Event("task", 0.0, 1.0, "smile"), Event("note", 0.5, 0.5), Event("pause", 0.0, 0.9))
    assert not excluded(events, SECONDS).any()
    assert not excluded((), SECONDS).any()


def test_an_excluded_range_has_both_its_ends() -> None:
    assert excluded([Event("exclude", 0.2, 0.4)], SECONDS).tolist() == frames(2, 3, 4)


def test_a_range_ends_with_its_frame_though_the_time_is_rounded() -> None:
    seconds = np.arange(300) / 29.97
    event = Event("exclude", float(seconds[20]), float(seconds[35]))
    assert np.flatnonzero(excluded([event], seconds)).tolist() == list(range(20, 36))


def test_what_lies_outside_all_included_ranges_is_excluded() -> None:
    events = [Event("include", 0.1, 0.3), Event("include", 0.6, 0.7), Event("exclude", 0.2, 0.2)]
    assert excluded(events, SECONDS).tolist() == frames(0, 2, 4, 5, 8, 9)


@pytest.fixture
def session() -> Session:
    """Ten seconds at rest, but for frames 60 to 119, in which the face moves and is bright."""
    moving = (np.arange(300) >= 60) & (np.arange(300) < 120)
    expression = np.where(moving, np.sin(np.arange(300)), 0.0).astype(np.float32)[:, None]
    return resting_session(
        np.arange(300) / FPS,
        expression=expression,
        shape_chunks=np.arange(10.0)[:, None] * np.ones((1, 2)),
        shape_chunk_seconds=np.arange(10) + 0.5,
        brightness=np.where(moving, np.float32(0.9), np.float32(0.5)),
        invalid_reason=np.zeros(300, np.uint8),
    )


def marked(session: Session, *events: Event) -> Session:
    return replace(session, events=events)


def test_a_session_without_exclusions_is_itself(session: Session) -> None:
    noted = marked(session, Event("note", 0.0, 5.0), Event("task", 1.0, 2.0, "smile"))
    assert without_excluded(noted) is noted


def test_excluded_frames_are_not_valid_and_have_their_reason(session: Session) -> None:
    kept = without_excluded(marked(session, MARKED))
    assert np.flatnonzero(~kept.motion.valid).tolist() == list(range(60, 120))
    assert kept.invalid_reason is not None
    assert INVALID_REASONS[kept.invalid_reason[60]] == "excluded by annotation"
    assert np.isnan(kept.motion.expression[60:120]).all()
    assert np.isfinite(session.motion.expression).all()


def test_chunks_with_an_excluded_frame_do_not_count_for_drift(session: Session) -> None:
    kept = without_excluded(marked(session, Event("exclude", 3.9, 4.1)))
    assert np.flatnonzero(np.isnan(kept.shape_chunks[:, 0])).tolist() == [3, 4]


def test_the_recognizer_does_not_see_excluded_motion(session: Session) -> None:
    seen = motion_features(marked(session, MARKED), FeatureSettings())
    assert np.abs(seen.values).max() == 0.0
    assert not ((seen.seconds > 2.0) & (seen.seconds < 3.99)).any()
    assert np.abs(motion_features(session, FeatureSettings()).values).max() > 0.5


def test_ranges_and_conditions_leave_out_what_is_excluded(session: Session) -> None:
    only = marked(session, MARKED)
    assert measure_motion_range(session).expression[0] > 0.1
    assert measure_motion_range(only).expression[0] == 0.0
    conditions = measure_conditions("visit", only)
    assert exclusions([conditions]) == ["Of 'visit' 20 % is excluded by annotation."]
    assert exclusions([measure_conditions("visit", session)]) == []
    assert (conditions.valid_share, conditions.light_change) == (1.0, 0.0)
    assert measure_conditions("visit", session).light_change > 0.5


def test_the_quality_is_of_what_is_left_and_says_how_much_is_not(session: Session) -> None:
    quality = assess_quality(marked(session, MARKED), TrustSettings())
    assert (quality.n_frames, quality.n_valid, quality.n_excluded) == (240, 240, 60)
    assert quality_line(quality).endswith("60 frames excluded by annotation")
    assert assess_quality(session, TrustSettings()).n_excluded == 0
    one = assess_quality(marked(session, Event("exclude", 0.0, 0.0)), TrustSettings())
    assert quality_line(one).endswith(" · 1 frame excluded by annotation")


def test_a_session_of_which_nothing_is_left_cannot_be_used(session: Session) -> None:
    quality = assess_quality(marked(session, Event("exclude", 0.0, 99.0)), TrustSettings())
    assert quality.verdict == "do not use"
    assert quality.reasons == (
        "No frame that is not excluded shows a face that could be followed.",
    )


@pytest.mark.parametrize("known", [True, False])
def test_excluded_frames_are_counted_by_their_reason(session: Session, known: bool) -> None:
    given = session if known else replace(session, invalid_reason=None)
    counts = invalid_counts(without_excluded(marked(given, MARKED)))
    assert counts == {"excluded by annotation": 60}
