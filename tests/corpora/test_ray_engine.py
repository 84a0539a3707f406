"""A corpus on a Ray cluster of this machine: the bytes of the local engine, whatever is lost."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.corpora.clips import (
    begin,
    check_equal,
    environment,
    records,
    wait_for,
    write_clips,
    write_manifest,
)

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("ray", reason="the optional extra 'cluster' is not installed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

Tell = Callable[[str], str]


@contextmanager
def cluster(n_head: int, n_second: int, path: str = "") -> Iterator[tuple[str, Tell]]:
    """A cluster's address, and a way to have something of it killed (`run_cluster`)."""
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    command = [sys.executable, "-m", "tests.corpora.run_cluster", folder]
    process = subprocess.Popen(
        [*command, str(n_head), str(n_second), path],
        cwd=ROOT,
        env=environment(Path(folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    sending, answers = process.stdin, process.stdout

    def tell(what: str) -> str:
        sending.write(f"{what}\n")
        sending.flush()
        return answers.readline().strip()

    try:
        address = answers.readline().strip()
        assert address, "the cluster did not start"
        yield address, tell
    finally:
        sending.close()
        process.wait(timeout=60)
        answers.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_clips(tmp_path_factory.mktemp("clips"), 3)


def _local(folder: Path, manifest: Path, n_workers: int = 1) -> Path:
    process = begin(folder, "fit-corpus", manifest, "-o", folder / "local", "--workers", n_workers)
    _, stderr = process.communicate(timeout=600)
    assert process.returncode == 0, stderr
    return folder / "local"


def test_a_cluster_gives_the_bytes_of_one_machine(clips: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    manifest = write_manifest(tmp_path / "corpus.csv", [*clips, broken])
    out = tmp_path / "ray"
    with cluster(2, 0) as (address, _):
        work = ("fit-corpus", manifest, "-o", out, "--engine", "ray", "--workers", "1")
        process = begin(tmp_path, *work, "--address", address)
        stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert "fitted: 3 of 4 items" in stdout
    assert "broken.mp4" in stdout
    check_equal(out, _local(tmp_path, manifest))


def _refused(folder: Path, manifest: Path, address: str) -> tuple[str, float]:
    """The sentence on a cluster that cannot be used, and after how many seconds it came."""
    began = time.monotonic()
    work = ("fit-corpus", manifest, "-o", folder / "out", "--engine", "ray", "--address", address)
    process = begin(folder, *work, RAY_TMPDIR=str(folder))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 3, stderr
    assert not (folder / "out").exists()
    return stderr, time.monotonic() - began


def test_an_address_where_nobody_answers_is_told_within_seconds(
    clips: list[Path], tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        stderr, seconds = _refused(tmp_path, manifest, address)
    assert f"No Ray cluster answers at '{address}': Connection refused." in stderr
    assert seconds < 45
    assert "This machine belongs to no Ray cluster." in _refused(tmp_path, manifest, "auto")[0]
    assert "'here' is no address" in _refused(tmp_path, manifest, "here")[0]


def test_what_is_no_ray_cluster_is_told_too(clips: list[Path], tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")
                connection.close()

        thread = Thread(target=answer)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        stderr, seconds = _refused(tmp_path, manifest, address)
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert f"What answers at '{address}' is no Ray cluster." in stderr
    assert seconds < 45


@pytest.mark.slow
def test_another_version_on_a_worker_is_refused_by_name(clips: list[Path], tmp_path: Path) -> None:
    """The second node has a copy of the program that calls itself another version."""
    other = tmp_path / "other"
    shutil.copytree(ROOT / "facedyn_app", other / "facedyn_app")
    for name in ("models", "resources"):
        (other / name).symlink_to(ROOT / name)
    first = other / "facedyn_app" / "__init__.py"
    first.write_text(first.read_text().replace('__version__ = "', '__version__ = "9.'))
    manifest = write_manifest(tmp_path / "corpus.csv", clips)
    out = tmp_path / "out"
    with cluster(0, 1, str(other)) as (address, _):
        work = ("-m", "facedyn_app", "fit-corpus", manifest, "-o", out, "--engine", "ray")
        command = [sys.executable, *map(str, work), "--address", address]
        done = subprocess.run(
            command,
            cwd=tmp_path,  # a worker looks for modules where the work was begun, too
            env=environment(tmp_path, PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 3, done.stderr
    assert "has facedyn 9." in done.stderr
    assert "the work was begun with" in done.stderr
    assert records(out) == []


@pytest.mark.slow
def test_forty_clips_while_a_worker_and_a_node_are_killed(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "corpus.csv", write_clips(tmp_path / "clips", 40))
    out = tmp_path / "ray"
    with cluster(1, 1) as (address, tell):
        work = ("fit-corpus", manifest, "-o", out, "--engine", "ray", "--address", address)
        process = begin(tmp_path, *work)
        wait_for(lambda: len(records(out)) >= 8, process, 400)
        until = time.monotonic() + 60
        while not tell("worker"):
            assert time.monotonic() < until
        wait_for(lambda: len(records(out)) >= 16, process, 400)
        assert tell("node") == "gone"
        n_then = len(records(out))
        stdout, stderr = process.communicate(timeout=900)
    assert process.returncode == 0, stderr
    assert "fitted: 40 of 40 items" in stdout
    assert n_then < 40
    done = [one["item"] for one in records(out)]
    assert len(done) == len(set(done)) == 40
    assert max(one["tries"] for one in records(out)) > 1
    check_equal(out, _local(tmp_path, manifest, 2))
