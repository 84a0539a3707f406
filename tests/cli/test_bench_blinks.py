"""`facedyn bench blinks`: its table, its JSON, and the sentences for what does not do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.blinks_by_eye import COLUMNS
from facedyn_app.bench.clinical_script import Script, ScriptedBlink, act, session_of_truth
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import save_session
from facedyn_app.records import SourceFile
from tests.cli.conftest import Run

SCRIPT = Script(tuple(ScriptedBlink(1.0 + 2.0 * k) for k in range(4)), seconds=10.0)


@pytest.fixture
def session(head: HeadModel, tmp_path: Path) -> Path:
    simulated = act(SCRIPT, head.expression_names, 30.0, np.random.default_rng(0))
    made = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
    made = replace(made, info=replace(made.info, source=SourceFile("a.mp4", "ab" * 32), face=1))
    save_session(made, tmp_path / "a.npz")
    return tmp_path / "a.npz"


def _table(path: Path, video: str) -> Path:
    """Three of the four blinks that are put in, each some frames after second 1, 3 and 5."""
    rows = [f"{video},{32 + 60 * k},{36 + 60 * k},{42 + 60 * k},blink,complete" for k in range(3)]
    path.write_text("\n".join([",".join(COLUMNS), *rows]))
    return path


def test_what_was_seen_and_what_was_found(run: Run, session: Path, tmp_path: Path) -> None:
    seen = _table(tmp_path / "seen.csv", "a.mp4")
    answer = run("bench", "blinks", seen, session, "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)["all"]
    assert (facts["n_seen"], facts["n_found"], len(facts["onsets"])) == (3, 4, 3)
    assert (facts["precision"], facts["recall"]) == (0.75, 1.0)
    text = run("bench", "blinks", seen, session).stdout
    assert "off by" in text
    assert "a.mp4: found, not seen, at frame 21" in text


def test_a_recording_that_nobody_looked_at(run: Run, session: Path, tmp_path: Path) -> None:
    answer = run("bench", "blinks", _table(tmp_path / "seen.csv", "b.mp4"), session)
    assert answer.exit_code == 3
    assert "none of the videos in which blinks were noted" in answer.stderr
    assert run("bench", "blinks", tmp_path / "gone.csv", session).exit_code == 3
