"""What the two engines agree on is measured on the same frames."""

from __future__ import annotations

import pytest

from facedyn_app.bench.engine_agreement import measure_engine_agreement
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.workflows.demo import demo_videos


def test_the_engines_are_compared_over_the_frames_of_both() -> None:
    reports: list[Progress] = []

    def report(progress: Progress) -> None:
        reports.append(progress)
        if len(reports) == 2:
            raise Cancelled

    video = demo_videos()[0].path
    with pytest.raises(Cancelled):
        measure_engine_agreement(video, 1, report)
    found = measure_engine_agreement(video, 1)
    assert found.n_frames >= found.n_bundle >= found.n_both > 0.98 * found.n_frames
    assert 0 < found.points_percent < 1.5
    assert found.scores_r is not None
    assert found.scores_r > 0.8
