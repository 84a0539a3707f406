import json
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.library.session_file import load_session
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.workflows.options import SimulatedCorpus
from facedyn_app.workflows.simulate import simulate_corpus
from tests.cli.conftest import Run

SMALL = ("--speakers", "2", "--sessions", "2", "--seconds", "5")


def test_a_corpus_is_a_folder_a_speaker(run: Run, tmp_path: Path) -> None:
    result = run("simulate", tmp_path / "made", *SMALL, "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts["files"] == [
        "speaker00000/session00.npz",
        "speaker00000/session01.npz",
        "speaker00001/session00.npz",
        "speaker00001/session01.npz",
    ]
    sessions = [load_session(tmp_path / "made" / name) for name in facts["files"]]
    assert all(session.simulated and session.motion.seconds[-1] <= 5.0 for session in sessions)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["made"]


def test_the_seed_makes_the_population(run: Run, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run("simulate", tmp_path / name, *SMALL, "--seed", seed).exit_code == 0
    a, b, c = (
        load_session(tmp_path / name / "speaker00000" / "session00.npz").motion.expression
        for name in "abc"
    )
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c, equal_nan=True)


def test_an_empty_folder_is_filled(run: Run, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    assert run("simulate", tmp_path / "made", *SMALL).exit_code == 0
    assert len(list((tmp_path / "made").rglob("*.npz"))) == 4


def test_a_cancelled_corpus_leaves_nothing(tmp_path: Path) -> None:
    def stop_at_the_third(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        simulate_corpus(tmp_path / "made", SimulatedCorpus(2, 2, 5.0, 0), stop_at_the_third)
    assert list(tmp_path.iterdir()) == []
