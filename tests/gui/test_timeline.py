"""Timelines grow, find frames, and name their channels."""

from __future__ import annotations

import numpy as np
import pytest

from facedyn_app.gui.formatting import clock
from facedyn_app.gui.timeline import JAW_COLUMN, TimelineBuffer, timeline_of, trace_groups
from facedyn_app.gui.widgets.seek_bar import columns_of
from facedyn_app.records import Motion, PartialFit
from tests.gui.conftest import GAP, N_FRAMES, NAMES, made_session


def part(first: int, n: int) -> PartialFit:
    seconds = (first + np.arange(n)) / 25.0
    rows = np.zeros((n, 3))
    return PartialFit(
        motion=Motion(
            seconds=seconds,
            valid=np.arange(n) != 1,
            names=NAMES,
            expression=np.full((n, len(NAMES)), 0.25),
            jaw=np.full((n, 3), 0.1),
            rotation=rows,
            translation=rows,
        ),
        points=np.zeros((478, 2)),
    )


def test_a_buffer_grows_past_its_first_room_and_keeps_all_frames() -> None:
    buffer = TimelineBuffer(NAMES)
    for k in range(70):
        buffer.append(part(10 * k, 10))
    grown = buffer.timeline()
    assert grown.n_frames == 700
    np.testing.assert_allclose(grown.motion.seconds, np.arange(700) / 25.0)
    assert np.isnan(grown.motion.expression[1]).all()
    assert grown.motion.expression[2, 3] == 0.25


def test_a_buffer_of_the_last_seconds_keeps_those_and_does_not_grow() -> None:
    buffer, sizes = TimelineBuffer(NAMES, last_seconds=20.0), set()
    for k in range(1000):
        buffer.append(part(10 * k, 10))
        if k == 100:
            early = buffer.timeline()
        if k > 200:
            whole = buffer.timeline().motion.seconds.base
            assert whole is not None
            sizes.add(len(whole))
    kept = buffer.timeline()
    assert kept.rolling
    np.testing.assert_allclose(kept.motion.seconds, np.arange(9499, 10000) / 25.0)
    assert (kept.begins, kept.duration) == (kept.motion.seconds[0], kept.motion.seconds[-1])
    np.testing.assert_allclose(early.motion.seconds, np.arange(509, 1010) / 25.0)
    assert early.motion.expression[3, 3] == 0.25
    assert max(sizes) < 1500
    assert timeline_of(made_session()).begins == 0.0


def test_a_buffer_begins_anew_when_the_next_video_begins() -> None:
    buffer = TimelineBuffer(NAMES)
    buffer.append(part(100, 10))
    before = buffer.timeline()
    buffer.append(part(0, 10))
    assert buffer.timeline().n_frames == 10
    assert buffer.timeline().motion.seconds[0] == 0.0
    assert before.motion.seconds[0] == 4.0


def test_the_frame_on_screen_is_the_last_that_has_begun() -> None:
    timeline = timeline_of(made_session())
    assert timeline.frame_at(-1.0) == 0
    assert timeline.frame_at(0.0399) == 0
    assert timeline.frame_at(0.04) == 1
    assert timeline.frame_at(99.0) == N_FRAMES - 1


def test_error_is_percent_of_face_height_and_unknown_where_invalid() -> None:
    timeline = timeline_of(made_session())
    assert timeline.error_percent[0] == pytest.approx(0.5)
    assert np.isnan(timeline.error_percent[GAP]).all()


def test_the_jaw_is_shown_in_degrees() -> None:
    timeline = timeline_of(made_session())
    assert timeline.column(JAW_COLUMN)[10] == pytest.approx(np.degrees(0.1), rel=1e-5)


def test_arkit_channels_are_grouped_by_name_others_by_rank() -> None:
    groups = trace_groups(NAMES)
    assert [group.title for group in groups] == ["Jaw", "Blink", "Smile"]
    assert groups[2].channels == (("left", 2), ("right", 3))
    flame = trace_groups(tuple(f"expression{k}" for k in range(100)))
    assert [(group.title, group.unit) for group in flame] == [("Jaw", "deg"), ("Expression", "sd")]
    assert len(flame[1].channels) == 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "00:00.0"), (12.44, "00:12.4"), (59.96, "01:00.0"), (3725.5, "1:02:05.5")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_columns_hold_the_largest_value_of_their_frames() -> None:
    values = np.array([1.0, 5.0, np.nan, np.nan, 2.0, 3.0])
    np.testing.assert_array_equal(columns_of(values, 3), [5.0, np.nan, 3.0])
    np.testing.assert_array_equal(columns_of(np.array([1.0, 2.0]), 4), [1.0, 1.0, 2.0, 2.0])
