"""How well two landmark tables made from unlike pictures agree: minutes, so marked slow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.headmodel.files.io import load_head
from facedyn_app.landmarks.tracking import Landmarker
from tests.headmodel.placement_check import compare_placements

MOST = 0.0015  # m


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["open head", "a head that names no materials", "ICT-FaceKit"])
def test_independently_made_tables_agree(kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "ICT-FaceKit":
        shared: Path = request.getfixturevalue("shared")
        head = load_head(shared / "data" / "heads" / "ict_facekit_light.npz")
    else:
        head = load_head("open-head-2")
        if kind != "open head":
            head = replace(head, region=None)
    with Landmarker() as landmarker:
        compared = compare_placements(head, landmarker.detect_image)
    assert len(compared.index) > 450
    assert compared.median < MOST
