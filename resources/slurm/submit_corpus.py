"""A corpus as an array of jobs by submitit: shards, then their merge.

    python submit_corpus.py MANIFEST OUT --shards 8 --cpus 8 [--partition NAME]

Waits for the jobs and says how each ended. `--cluster local` runs them on this machine, to try it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import submitit


def fit_shard(manifest: str, out: str, shard: int, n_shards: int, n_workers: int) -> int:
    """Fit a shard of a corpus on the machine of its job."""
    command = [sys.executable, "-m", "facedyn_app", "fit-corpus", manifest]
    command += ["-o", f"{out}/shard-{shard}", "--shard", f"{shard}/{n_shards}"]
    return subprocess.run([*command, "--workers", str(n_workers)], check=False).returncode


def main() -> int:
    """Submit the jobs, wait for them, merge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--cpus", type=int, default=8)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--partition")
    parser.add_argument("--cluster", choices=("slurm", "local"), default="slurm")
    given = parser.parse_args()
    manifest, out = str(given.manifest.resolve()), str(given.out.resolve())

    executor = submitit.AutoExecutor(folder=given.out / "jobs", cluster=given.cluster)
    executor.update_parameters(
        name="facedyn",
        cpus_per_task=given.cpus,
        mem_gb=2 * given.cpus,
        timeout_min=round(60 * given.hours),
    )
    if given.partition:
        executor.update_parameters(slurm_partition=given.partition)
    numbers = range(1, given.shards + 1)
    with executor.batch():
        jobs = [
            executor.submit(fit_shard, manifest, out, number, given.shards, given.cpus)
            for number in numbers
        ]
    codes = [job.result() for job in jobs]
    for number, code in zip(numbers, codes, strict=True):
        print(f"shard {number}/{given.shards} ended with {code}")
    if any(codes):
        return max(codes)
    shards = [f"{out}/shard-{number}" for number in numbers]
    merge = [sys.executable, "-m", "facedyn_app", "merge", *shards, "-o", f"{out}/all"]
    return subprocess.run(merge, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
