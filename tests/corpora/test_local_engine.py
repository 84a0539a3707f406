"""A corpus on one machine: the same bytes however it is divided, and what is lost is done again."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run, window  # noqa: F401 - fixtures
from tests.corpora.clips import (
    begin,
    check_equal,
    records,
    sessions,
    wait_for,
    write_clips,
    write_manifest,
)

pytestmark = pytest.mark.usefixtures("one_thread")
POISON = """
import multiprocessing, os, signal, sys

def deadly(event, arguments):
    if event == "open" and "clip01" in str(arguments[0]) and multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(deadly)
"""
FULL = """
import multiprocessing, resource, sys

def full(event, arguments):
    if event == "open" and "clip" in str(arguments[0]) and multiprocessing.parent_process():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

sys.addaudithook(full)
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_clips(tmp_path_factory.mktemp("clips"), 4)


def _children(number: int) -> list[int]:
    """The workers of a process."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()
            line = (place / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if int(state[1]) == number and b"spawn_main" in line:
            found.append(int(place.name))
    return found


def test_shards_and_a_merge_are_one_run_and_one_fit(
    run: Any,  # noqa: F811
    clips: list[Path],
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    manifest = write_manifest(tmp_path / "corpus.csv", [*clips[:3], broken])
    one = run("fit-corpus", manifest, "-o", tmp_path / "one", "--workers", "2", "--json")
    assert one.exit_code == 0, one.stderr
    facts = json.loads(one.stdout)
    assert (facts["n_items"], facts["n_done"], facts["n_failed"]) == (4, 3, 1)
    assert "broken.mp4" in facts["failed"][0]["reason"]

    shards = [tmp_path / f"shard{number}" for number in (1, 2)]
    for number, shard in enumerate(shards, start=1):
        done = run("fit-corpus", manifest, "-o", shard, "--shard", f"{number}/2", "--workers", "1")
        assert done.exit_code == 0, done.stderr
    merged = run("merge", *shards, "-o", tmp_path / "merged", "--json")
    assert json.loads(merged.stdout)["n_done"] == 3
    check_equal(tmp_path / "one", tmp_path / "merged")

    assert run("fit", clips[0], "-o", tmp_path / "alone.npz", "--device", "cpu").exit_code == 0
    name = "sessions/S0/clip00.npz"
    assert (tmp_path / "alone.npz").read_bytes() == sessions(tmp_path / "merged")[name]

    status = json.loads(run("corpus", "status", tmp_path / "merged", "--json").stdout)
    assert (status["n_done"], status["n_failed"], status["n_waiting"]) == (3, 1, 0)
    assert "broken.mp4" in run("corpus", "status", tmp_path / "merged").stdout
    imported = run(
        *("import", tmp_path / "merged" / "sessions", "--library", tmp_path / "library"),
        *("--consent", "given for a test", "--json"),
    )
    assert json.loads(imported.stdout)["n_added"] == 3, imported.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--shard", "3/2"), 2, "is no I/N"),
        (("--engine", "cloud"), 2, "cloud"),
        (("--head", "nobody's"), 3, "nobody's"),
        (("--device", "cuda"), 3, "CUDA"),
    ],
)
def test_wrong_options_are_told_before_anything_begins(
    run: Any,  # noqa: F811
    clips: list[Path],
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    done = run("fit-corpus", manifest, "-o", tmp_path / "out", *arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_killed_run_goes_on_and_a_killed_worker_is_replaced(
    clips: list[Path], tmp_path: Path
) -> None:
    import resource

    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    out = tmp_path / "out"
    work = ("fit-corpus", manifest, "-o", out, "--workers", "1", "--json")
    first = begin(tmp_path, *work)
    wait_for(lambda: _children(first.pid), first, 120)
    os.kill(_children(first.pid)[0], signal.SIGKILL)  # before it has read what it is to do
    wait_for(lambda: records(out), first, 120)
    workers = _children(first.pid)
    first.kill()
    first.wait()
    first.communicate()
    n_before = len(records(out))
    assert 1 <= n_before < 4
    until = time.monotonic() + 60
    while any(Path(f"/proc/{one}").exists() for one in workers):  # they see that they are alone
        assert time.monotonic() < until
        time.sleep(0.1)

    second = begin(tmp_path, *work)
    wait_for(lambda: len(records(out)) > n_before, second, 120)
    full = len(records(out))
    resource.prlimit(second.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    stdout, _ = second.communicate(timeout=120)
    n_kept = len(records(out))
    if n_kept < 4:  # else it was through before its disk was full
        assert second.returncode == 3
        assert "cannot be written: File too large" in json.loads(stdout)["error"]["sentence"]
    assert n_kept >= full

    third = begin(tmp_path, *work)
    wait_for(lambda: _children(third.pid), third, 120)
    os.kill(_children(third.pid)[0], signal.SIGKILL)
    stdout, stderr = third.communicate(timeout=120)
    assert third.returncode == 0, stderr
    done = [one["item"] for one in records(out)]
    assert len(done) == len(set(done)) == 4
    assert {one["state"] for one in records(out)} == {"done"}
    assert not list(out.rglob("*.part"))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_ctrl_c_is_answered_by_one_word_even_while_workers_start(
    clips: list[Path], tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    work = begin(tmp_path, "fit-corpus", manifest, "-o", tmp_path / "out", "--workers", "1")
    wait_for(lambda: _children(work.pid), work, 120)
    for number in (*_children(work.pid), work.pid):  # as a terminal sends it, to all of them
        os.kill(number, signal.SIGINT)
    _, stderr = work.communicate(timeout=120)
    assert work.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == "Cancelled."


@pytest.mark.skipif(sys.platform != "linux", reason="signals and limits are Linux's")
def test_what_kills_its_worker_fails_with_a_reason_and_nothing_else_does(
    clips: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(POISON)
    path = f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', os.getcwd())}"
    manifest = write_manifest(tmp_path / "corpus.csv", clips[:2])
    out = tmp_path / "out"
    process = begin(tmp_path, "fit-corpus", manifest, "-o", out, "--workers", "1", PYTHONPATH=path)
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 0, stderr
    good, bad = sorted(records(out), key=lambda one: str(one["item"]))
    assert (good["state"], good["tries"]) == ("done", 1)
    assert (bad["state"], bad["tries"]) == ("failed", 3)
    assert "clip01.mp4': a worker's process has ended by signal 9" in bad["reason"]
    assert "It was tried 3 times." in stdout


@pytest.mark.skipif(sys.platform != "linux", reason="signals and limits are Linux's")
def test_a_full_folder_for_temporary_files_is_said(clips: list[Path], tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(FULL)
    path = f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', os.getcwd())}"
    manifest = write_manifest(tmp_path / "corpus.csv", clips[:1])
    process = begin(tmp_path, "fit-corpus", manifest, "-o", tmp_path / "out", PYTHONPATH=path)
    _, stderr = process.communicate(timeout=240)
    assert process.returncode == 3
    assert "Not one of the 1 recordings" in stderr
    assert "cannot be written: File too large" in stderr
    assert "It was tried 3 times." in stderr
