"""The program as a process of its own: what it imports, its log, its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facedyn_app.library.session_file import save_session
from facedyn_app.simulate.corpus import simulate_sessions

RUN = "from facedyn_app.cli import run_app\nrun_app({window}, print, print)"
FAILING = "def fail(*_, **__):\n    raise ZeroDivisionError('inside')\n"
LISTING = """
import sys
from facedyn_app.cli import run_app
sys.argv = ["facedyn", *sys.argv[1:]]
try:
    run_app(print, print, print)
finally:
    heavy = {"numpy", "torch", "mediapipe", "PySide6", "cv2", "scipy", "sqlalchemy", "av"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The user's own folders are in `tmp_path`."""
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    own = {name: str(tmp_path / "home") for name in names}
    return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}


def _python(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    done = _python(environment, "-c", LISTING, "--help")
    assert "identify" in done.stdout
    assert done.stderr.strip() == "[]"


def test_an_import_of_tables_does_without_networks(
    environment: dict[str, str], tmp_path: Path
) -> None:
    table = tmp_path / "corpus" / "Ann" / "a.csv"
    table.parent.mkdir(parents=True)
    rows = [f"{k / 30:.4f},{0.5 + 0.3 * (k % 7) / 7:.3f},{0.1 * (k % 5):.2f}" for k in range(150)]
    table.write_text("\n".join(["seconds,jawOpen,mouthSmileLeft", *rows]))
    arguments = ("import", str(table.parents[1]), "--library", str(tmp_path / "library"))
    done = _python(environment, "-c", LISTING, *arguments, "--consent", "given for a test")
    assert "imported: 1 session of 1 speaker" in done.stdout, done.stderr
    loaded = done.stderr.splitlines()[-1]
    assert "sqlalchemy" in loaded
    assert not any(name in loaded for name in ("torch", "mediapipe", "PySide6"))


def test_acts_on_kept_sessions_do_without_networks(
    environment: dict[str, str], tmp_path: Path
) -> None:
    sessions = [str(tmp_path / f"{number}.npz") for number in range(2)]
    for path, session in zip(sessions, simulate_sessions(0, 2, 10.0), strict=True):
        save_session(session, Path(path))
    library = ("--library", str(tmp_path / "library"))
    for verb in (
        ("enrol", "Ann", *sessions, *library, "--consent", "given for a test"),
        ("library", "check", *library),
        ("speakers", "consent", "Ann", *library),
        ("backup", *library, "-o", str(tmp_path / "library.backup")),
        ("export", sessions[0], "-o", str(tmp_path / "table.csv")),
    ):
        done = _python(environment, "-c", LISTING, *verb)
        assert done.returncode == 0, done.stderr
        loaded = done.stderr.splitlines()[-1]
        assert "numpy" in loaded
        assert not any(name in loaded for name in ("torch", "mediapipe", "PySide6", "'av'")), verb


def test_the_version_is_told(environment: dict[str, str]) -> None:
    done = _python(environment, "-m", "facedyn_app", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("facedyn ")


def test_a_fault_of_the_program_is_one_line_and_a_log(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = _python(environment, "-c", FAILING + RUN.format(window="fail"))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "ZeroDivisionError" in line
    (log,) = (tmp_path / "home").rglob("*.log")
    assert str(log) in line
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "inside" in text


def test_a_script_gets_a_fault_as_json(environment: dict[str, str]) -> None:
    done = _python(environment, "-c", FAILING + RUN.format(window="fail"), "demo", "--json")
    assert done.returncode == 1
    assert "ZeroDivisionError" in json.loads(done.stdout)["error"]["sentence"]


def test_a_run_without_a_fault_leaves_no_log(environment: dict[str, str], tmp_path: Path) -> None:
    done = _python(environment, "-m", "facedyn_app", "heads", "--json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["heads"]) >= 1
    assert list((tmp_path / "home").rglob("*.log")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_with_130_and_leaves_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "facedyn_app", "simulate", str(out / "made"), "--json"]
    command += ["--speakers", "5000"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        began = time.monotonic()
        while not list(out.rglob("*.npz")) and time.monotonic() - began < 60:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(stdout)["error"]["sentence"] == "Cancelled."
    assert stderr == "Cancelled.\n"
    assert list(out.iterdir()) == []
