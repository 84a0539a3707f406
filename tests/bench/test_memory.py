"""The memory that a recording takes does not grow with its length."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from facedyn_app.bench.memory import peak_mib


def test_the_peak_is_that_of_this_process() -> None:
    before = peak_mib()
    block = bytearray(b"x") * (300 << 20)
    assert peak_mib() >= 300
    assert peak_mib() >= before
    assert len(block) == 300 << 20


@pytest.mark.slow
def test_ten_minutes_take_hardly_more_than_two() -> None:
    command = [sys.executable, "-m", "facedyn_app", "bench", "memory"]
    done = subprocess.run(
        [*command, "--minutes", "2,10", "--json"], capture_output=True, check=True, text=True
    )
    short, long = json.loads(done.stdout)["recordings"]
    # in memory, the points of 8 minutes of 30 frames a second alone would be 55 MiB
    assert long["fitted_mib"] - short["fitted_mib"] < 40


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process inherits a peak")
def test_a_process_is_not_told_the_peak_of_who_started_it() -> None:
    large = np.ones(2**27)  # 1 GiB
    program = "from facedyn_app.bench.memory import peak_mib; print(peak_mib())"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert 10 < float(done.stdout) < large.nbytes / 2**20
