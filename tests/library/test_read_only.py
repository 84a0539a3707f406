"""A library that may only be read: on a share, on a write-protected medium, of another account."""

import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.simulate.corpus import simulate_sessions

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the rights are those of POSIX")

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
"""Of Linux' `prctl`; without these two capabilities root is held to a file's rights like anyone."""

VERBS = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from facedyn_app.cli import make_app

place, out = map(Path, sys.argv[1:])
app = make_app(None, None, lambda page, path: path.write_text(page))
library = ["--library", str(place / "library")]
probe, kept = str(place / "probe.npz"), str(next((place / "library/sessions").iterdir()))
done = []
for verb in (
    ["sessions"], ["recognizers"], ["identify", probe], ["verify", "S-1", probe],
    ["dnr"], ["report", "--speaker", "S-1", "-o", str(out / "speaker.html")],
    ["report", kept, "-o", str(out / "session.html")],
    ["export", kept, "-o", str(out / "t.csv")],
    ["audit", "list"], ["audit", "verify"],
    ["backup", "-o", str(out / "library.backup")],
    ["sessions", "date", "S-1", "session", "unknown"],
    ["enrol", "S-3", probe, "--consent", "none needed"],
):
    with_library = [] if verb[0] == "export" else library
    result = CliRunner().invoke(app, [*verb, *with_library, "--json"])
    done.append([verb[:2], result.exit_code, result.stdout, result.stderr])
print(json.dumps(done))
"""

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.settings import Settings

qt = QApplication([])
place = Path(sys.argv[1])
app = AppController(Settings(), place / "library", None)
app.window.show()

def wait(done):
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if done() else None)
    timer.start(50)
    loop.exec()

wait(lambda: app.library.snapshot.speakers)
app.library.open_session(app.library.snapshot.speakers[0].sessions[0].key)
wait(lambda: app.state.recording is not None)
app.identification.identify()
wait(lambda: app.state.recording.identification is not None)
print(app.state.recording.identification.matches[0].name)
app.window.close()
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a library and a probe that nobody may write, and a writable one beside it."""
    folder = Path(tempfile.mkdtemp())
    locked = folder / "share"
    with Library.open(locked / "library") as library:
        for number in (1, 2):
            for session in simulate_sessions(number, 2, 12.0):
                library.enrol(f"S-{number}", session, "simulated speakers need none")
    save_session(next(simulate_sessions(1, 1, 12.0, seed=3)), locked / "probe.npz")
    (folder / "out").mkdir()
    folder.chmod(0o755)
    (folder / "out").chmod(0o777)
    lock(locked)
    yield folder
    for path in (locked, *locked.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


def lock(folder: Path) -> None:
    """Like `chmod -R a+rX,a-w`."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def drop_rights() -> None:
    """Let the program that this process becomes write only where the rights say so."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError("the capabilities cannot be dropped")


def without_rights(script: str, *arguments: Path) -> str:
    """What a script writes that runs without the right to write, with a home that is not there."""
    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), "/nonexistent")
    environment = {**os.environ, **home, "XDG_CACHE_HOME": "/nonexistent"}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root may write anywhere")
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        preexec_fn=drop_rights,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def hashes(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def set_version(library: Path, version: int) -> None:
    connection = sqlite3.connect(library / "library.sqlite")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.mark.parametrize("schema", [1, 2])
def test_the_verbs_that_read_need_no_right_to_write(place: Path, schema: int) -> None:
    set_version(place / "share" / "library", schema)
    lock(place / "share")
    before = hashes(place / "share")
    verbs = json.loads(without_rights(VERBS, place / "share", place / "out"))
    assert hashes(place / "share") == before
    *read, date, enrol = verbs
    for verb, code, out, err in read:
        assert code == 0, (verb, out, err)
        warned = err.count("may only be read")
        assert warned == (verb[0] not in ("sessions", "recognizers", "audit")), (verb, err)
    identified = json.loads(read[2][2])
    assert "S-1" in json.dumps(identified)
    for _, code, out, _ in (date, enrol):
        assert code != 0
        assert "cannot be written" in json.loads(out)["error"]["sentence"]
    names = {path.name for path in (place / "out").iterdir()}
    tables = {"t.csv", "t_shape.csv", "t_codebook.csv"}
    assert names == {"speaker.html", "session.html", "library.backup", *tables}


def test_the_window_needs_no_right_to_write(place: Path) -> None:
    before = hashes(place / "share")
    assert without_rights(WINDOW, place / "share") == "S-1\n"
    assert hashes(place / "share") == before


def test_folders_of_another_account_that_may_not_be_entered(place: Path) -> None:
    """The program makes the folder of embeddings for its owner alone."""
    library = place / "share" / "library"
    library.chmod(0o755)
    for name in ("embeddings", "recognizers"):
        (library / name).mkdir(exist_ok=True)
        (library / name).chmod(0)
    verbs = json.loads(without_rights(VERBS, place / "share", place / "out"))
    assert [code for _, code, _, _ in verbs[:8]] == [0] * 8, verbs
