"""Real videos: what can be said of them without truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedyn_app.bench.measurement import measure_video
from facedyn_app.headmodel.model import HeadModel


@pytest.mark.slow
def test_a_video_in_which_the_face_leaves(head: HeadModel, shared: Path) -> None:
    video = shared / "data" / "videos" / "fex_e000_missing.mov"
    found = measure_video(head, video)
    assert (found.width, found.height) == (720, 480)
    assert 0.6 < found.valid_share < 0.85
    assert found.invalid["no face"] > 80
    assert 0.1 < found.error_percent < 2
    assert 0 < found.rotation_jitter_deg < 2
    assert 0 < found.jitter < 0.1
