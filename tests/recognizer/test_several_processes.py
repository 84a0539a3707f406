"""Training under `torchrun`: two processes make one recognizer, and go on with one's training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, os, sys
from contextlib import suppress
from pathlib import Path
import torch
torch.set_num_threads(1)
from facedyn_app.progress import Cancelled
from facedyn_app.recognizer.checkpoint import CheckpointDir
from facedyn_app.recognizer.training import train
from tests.recognizer.conftest import held_out_trials, labelled, small_settings
from facedyn_app.recognizer.batches import Augmentation
still = Augmentation(noise=0.0, drop=0.0, stretch=0.0, recentre_share=0.0)
settings = small_settings(6, check_steps=3, margin_weight=0.5)
def stop(progress):
    if len(sys.argv) > 2 and progress.stage == "training" and progress.done >= int(sys.argv[2]):
        raise Cancelled
work = CheckpointDir(Path(sys.argv[1]) / "work", "these")
found = None
with suppress(Cancelled):
    found = train(labelled(range(12), range(2)), held_out_trials(), settings, augmentation=still,
                  checkpoint_dir=work, on_progress=stop)
if found is None:
    sys.exit()
weights = {k: v.double().sum().item() for k, v in found.network.state_dict().items()}
rank = os.environ.get("RANK", "0")
out = {"weights": weights, "curve": found.training["curve"]}
(Path(sys.argv[1]) / f"rank{rank}.json").write_text(json.dumps(out))
"""


def run(folder: Path, n_processes: int, stop_at: int | None = None) -> None:
    """Train, or go on with what is in the folder, to the end or to a step."""
    folder.mkdir(exist_ok=True)
    script = folder / "script.py"
    script.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    runner = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={n_processes}"]
    options = runner if n_processes > 1 else []
    arguments = [script, folder] if stop_at is None else [script, folder, str(stop_at)]
    subprocess.run([sys.executable, *options, *arguments], env=environment, check=True, cwd=ROOT)


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    run(alone, 1)
    run(together, 2)
    one = json.loads((alone / "rank0.json").read_text())
    first, second = (json.loads((together / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    for name, total in one["weights"].items():
        assert first["weights"][name] == pytest.approx(total, abs=2e-2), name
    assert [look["step"] for look in first["curve"]] == [3, 6]
    for mine, theirs in zip(one["curve"], first["curve"], strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 1)])
def test_a_training_goes_on_with_another_number_of_processes(
    tmp_path: Path, first: int, then: int
) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    run(whole, 1)
    run(parted, first, stop_at=4)
    assert not list(parted.glob("rank*.json"))
    run(parted, then)
    one, other = (json.loads((folder / "rank0.json").read_text()) for folder in (whole, parted))
    assert [look["step"] for look in other["curve"]] == [3, 6]
    for mine, theirs in zip(one["curve"], other["curve"], strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=0.02)
    for name, total in one["weights"].items():
        assert other["weights"][name] == pytest.approx(total, abs=2e-2), name
