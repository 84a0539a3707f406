"""Recipes for Slurm, as far as a machine without it allows: its variables are set by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpora.clips import check_equal, environment, records, write_clips, write_manifest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "resources" / "slurm" / "fit_corpus.sh"
SUBMIT = ROOT / "resources" / "slurm" / "submit_corpus.py"


def _run(folder: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=ROOT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def _array_task(folder: Path, number: int, *rest: object, **more: str) -> tuple[int, str]:
    variables = {
        "SLURM_ARRAY_TASK_ID": str(number),
        "SLURM_ARRAY_TASK_MAX": "2",
        "SLURM_CPUS_PER_TASK": "1",
        **more,
    }
    done = _run(folder, "bash", SCRIPT, folder / "corpus.csv", folder / "out", *rest, **variables)
    return done.returncode, done.stdout + done.stderr


def test_a_job_of_an_array_does_its_shard(tmp_path: Path) -> None:
    code, said = _array_task(tmp_path, 2, "--device", "cpu", FACEDYN="echo")
    out = tmp_path / "out"
    assert (code, said.strip()) == (
        0,
        f"fit-corpus {tmp_path}/corpus.csv -o {out}/shard-2 --shard 2/2 --workers 1 --device cpu",
    )
    assert "--shard 2/8 " in _array_task(tmp_path, 2, FACEDYN="echo", N_SHARDS="8")[1]


def test_outside_an_array_it_says_how_it_is_used(tmp_path: Path) -> None:
    done = _run(tmp_path, "bash", SCRIPT, tmp_path / "corpus.csv", tmp_path / "out")
    assert done.returncode == 2
    assert "Usage: sbatch --array=1-N" in done.stderr


@pytest.mark.slow
def test_an_array_and_its_merge_are_one_run(tmp_path: Path) -> None:
    write_manifest(tmp_path / "corpus.csv", write_clips(tmp_path / "clips", 3))
    program = tmp_path / "facedyn"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m facedyn_app "$@"\n')
    program.chmod(0o755)
    for number in (1, 2, 2):
        code, said = _array_task(tmp_path, number, FACEDYN=str(program))
        assert code == 0, said
    shards = [tmp_path / "out" / f"shard-{number}" for number in (1, 2)]
    merged = tmp_path / "merged"
    assert _run(tmp_path, program, "merge", *shards, "-o", merged).returncode == 0
    work = ("fit-corpus", tmp_path / "corpus.csv", "-o", tmp_path / "one", "--workers", "1")
    assert _run(tmp_path, program, *work).returncode == 0
    check_equal(merged, tmp_path / "one")


@pytest.mark.slow
def test_submitit_does_the_shards_and_their_merge(tmp_path: Path) -> None:
    pytest.importorskip("submitit", reason="submitit is not installed")
    write_manifest(tmp_path / "corpus.csv", write_clips(tmp_path / "clips", 2))
    work = (tmp_path / "corpus.csv", tmp_path / "out", "--shards", "2", "--cpus", "1")
    done = _run(tmp_path, sys.executable, SUBMIT, *work, "--cluster", "local")
    assert done.returncode == 0, done.stderr
    assert "shard 2/2 ended with 0" in done.stdout
    assert len(records(tmp_path / "out" / "all")) == 2
