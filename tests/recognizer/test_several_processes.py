"""Training under `torchrun`: two processes make one recognizer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from facedyn_app.recognizer.training import train
from tests.recognizer.conftest import held_out_trials, labelled, small_settings
from facedyn_app.recognizer.batches import Augmentation
still = Augmentation(noise=0.0, drop=0.0, stretch=0.0, recentre_share=0.0)
settings = small_settings(6, check_steps=3, margin_weight=0.5)
found = train(labelled(range(12), range(2)), held_out_trials(), settings, augmentation=still)
weights = {k: v.double().sum().item() for k, v in found.network.state_dict().items()}
rank = os.environ.get("RANK", "0")
out = {"weights": weights, "curve": found.training["curve"]}
(Path(sys.argv[1]) / f"rank{rank}.json").write_text(json.dumps(out))
"""


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    alone, together = tmp_path / "alone", tmp_path / "together"
    runner = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    for folder, options in ((alone, []), (together, runner)):
        folder.mkdir()
        subprocess.run(
            [sys.executable, *options, script, folder], env=environment, check=True, cwd=ROOT
        )
    one = json.loads((alone / "rank0.json").read_text())
    first, second = (json.loads((together / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    for name, total in one["weights"].items():
        assert first["weights"][name] == pytest.approx(total, abs=2e-2), name
    assert [look["step"] for look in first["curve"]] == [3, 6]
    for mine, theirs in zip(one["curve"], first["curve"], strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=0.02)
