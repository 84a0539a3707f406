"""No verb of the command line asks for a socket, but for the display's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")


def run_all(folder: Path, recognizer: Path, how: str) -> dict[str, Any]:
    """How every verb ended; the user's own folders are in `folder`."""
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    own = {name: str(folder / "home") for name in names}
    environment = {**os.environ, **own, "OMP_NUM_THREADS": "1"}
    if "DISPLAY" not in environment:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.cli.offline_run", str(folder), str(recognizer), how]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=3000
    )
    assert done.returncode == 0, done.stderr
    told = dict(json.loads(done.stdout))
    if told["refused"]:
        pytest.skip(f"sockets cannot be refused here: {told['refused']}")
    return told


def check_all(told: dict[str, Any]) -> None:
    assert told["guarded"] == {
        "local": 0,
        "internet": -signal.SIGSYS,
        "internet 6": -signal.SIGSYS,
    }
    for row in told["rows"]:
        ended = row["code"] is not None
        assert ended or row["cut"], row
        assert not ended or row["code"] == row["expected"], row
    named = {tuple(row["verb"]) for row in told["rows"]}
    assert named == {tuple(verb) for verb in told["verbs"]}


def test_no_verb_asks_for_a_socket(tmp_path: Path, recognizer: Path) -> None:
    check_all(run_all(tmp_path, recognizer, "cut"))


@pytest.mark.slow
def test_no_verb_asks_for_a_socket_to_its_end(tmp_path: Path, recognizer: Path) -> None:
    check_all(run_all(tmp_path, recognizer, "whole"))
