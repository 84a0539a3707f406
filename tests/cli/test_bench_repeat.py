"""`facedyn bench repeat`: known answers for exact mirror images and for halves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.clinical_script import (
    Script,
    ScriptedBlink,
    act,
    mirrored_truth,
    session_of_truth,
)
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import save_session
from facedyn_app.records import SourceFile
from tests.cli.conftest import Run

SCRIPT = Script(tuple(ScriptedBlink(1.0 + 2.0 * k) for k in range(4)), ("smile",), seconds=12.0)


@pytest.fixture
def files(head: HeadModel, tmp_path: Path) -> tuple[Path, Path]:
    """A true session of a face of both sides alike, and that of its mirror image."""
    simulated = act(SCRIPT, head.expression_names, 30.0, np.random.default_rng(0))
    made = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
    made = replace(made, info=replace(made.info, source=SourceFile("a.mp4", "ab" * 32), face=1))
    paths = tmp_path / "a.npz", tmp_path / "a-mirrored.npz"
    save_session(made, paths[0])
    save_session(mirrored_truth(made), paths[1])
    return paths


def test_an_exact_mirror_image_gives_mirrored_answers(run: Run, files: tuple[Path, Path]) -> None:
    answer = run("bench", "repeat", files[0], "--mirror", files[1], "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    (differences, sides), (mirrored, _) = facts["plain"], facts["with_mirror"]
    assert differences["n"] == 10
    assert sides["n"] == 20
    for one in (differences, sides, mirrored):
        assert one["mean_within"] == one["n"]
    # with both fits the program's own difference is gone: the answers are the same
    assert mirrored["value_within"] == mirrored["both_within"] == mirrored["n"]
    assert differences["turned"] == 0


def test_halves_that_differ_are_told_in_their_unit(run: Run, files: tuple[Path, Path]) -> None:
    facts = json.loads(run("bench", "repeat", files[0], "--json").stdout)
    assert facts["plain"] == []
    by_name = {(one["statistic"], one["measure"]): one for one in facts["halves"]}
    smile = by_name["range", "commissure_excursion"]
    assert (smile["unit"], smile["n"]) == ("mm", 2)
    assert smile["rms"] > 1.0  # there is one smile, and it is in one half
    assert smile["sem"] == pytest.approx(0.5 * smile["rms"])
    assert by_name["rest", "fissure_height"]["rms"] < 0.5
    assert "correlation" in run("bench", "repeat", files[0]).stdout


def test_a_mirrored_fit_for_each_or_none(run: Run, files: tuple[Path, Path]) -> None:
    answer = run("bench", "repeat", *files, "--mirror", files[1])
    assert answer.exit_code == 3
    assert "1 mirrored fits" in answer.stderr
