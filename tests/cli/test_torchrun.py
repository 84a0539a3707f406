"""`torchrun -m facedyn_app train`: the metrics of one process, from a training store."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.session_file import save_session
from facedyn_app.progress import ignore
from facedyn_app.workflows.export_tracks import export_tracks
from tests.recognizer.conftest import easy_session

ROOT = Path(__file__).resolve().parents[2]
N_SPEAKERS = 24
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for speaker in range(N_SPEAKERS):
        (tmp_path / "corpus" / f"{speaker:02d}").mkdir(parents=True)
        for number in range(3):
            path = tmp_path / "corpus" / f"{speaker:02d}" / f"{number}.npz"
            save_session(easy_session(speaker, number, seconds=15.0), path)
    export_tracks(tmp_path / "corpus", tmp_path / "store", ignore)
    return tmp_path / "store"


def train(store: Path, out: Path, *options: str, runner: tuple[str, ...] = ()) -> dict[str, Any]:
    """The answer of `facedyn train`."""
    own = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    home = {f"XDG_{kind}_HOME": str(store.parent / kind) for kind in ("CONFIG", "STATE", "CACHE")}
    command = [sys.executable, *runner, "-m", "facedyn_app", "train", "--library", str(store)]
    command += ["-o", str(out), "--device", "cpu", "--json", *options]
    done = subprocess.run(
        command,
        env={**os.environ, **own, **home},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = done.stdout.splitlines()  # one process of all tells
    return dict(json.loads(line))


@pytest.mark.slow
def test_two_processes_reach_what_one_does(store: Path, tmp_path: Path) -> None:
    steps = ("--steps", "24")
    alone = train(store, tmp_path / "one", *steps)
    together = train(store, tmp_path / "two", *steps, runner=TORCHRUN)
    for facts in (alone, together):
        assert facts["steps"] == 24
        assert facts["n_sessions"] == alone["n_sessions"]
    for name in ("top1_session", "top1_window"):
        one, other = (facts["metrics"]["test_sessions"][name] for facts in (alone, together))
        assert other == pytest.approx(one, abs=0.1), name
    losses = [facts["curve"][-1]["loss"] for facts in (alone, together)]
    assert losses[1] == pytest.approx(losses[0], rel=0.15)
