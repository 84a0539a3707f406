"""What a kill at any moment leaves: at most the item in hand is lost, and nothing lies about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


def killed(folder: Path, seed: int, n_kills: int, *database: str) -> dict[str, Any]:
    """What `kill_run` tells; the user's own folders and temporary ones are in `folder`."""
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    own = {name: str(folder / "home") for name in names}
    (folder / "temp").mkdir()
    environment = {**os.environ, **own, "TMPDIR": str(folder / "temp"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.cli.kill_run", str(folder), str(seed), str(n_kills)]
    command += database
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_each_act_but_training_killed_once(tmp_path: Path) -> None:
    told = killed(tmp_path, 1, 9)
    assert (told["kills"], told["faults"]) == (9, [])


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    told = killed(tmp_path, 50, 50)
    assert (told["kills"], told["faults"]) == (50, [])
    assert told["swept"] > 0


def test_each_act_on_a_protected_library_killed_once(tmp_path: Path) -> None:
    told = killed(tmp_path, 2, 8, "sqlcipher")
    assert (told["kills"], told["faults"]) == (8, [])


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlcipher", "sealed"])
def test_fifty_kills_of_a_protected_library(tmp_path: Path, database: str) -> None:
    told = killed(tmp_path, 51, 50, database)
    assert (told["kills"], told["faults"]) == (50, [])
    assert told["swept"] > 0
