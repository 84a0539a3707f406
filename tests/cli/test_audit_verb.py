"""`facedyn audit`: who did what, whether that is as it was written; several programs at once."""

import getpass
import json
import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.simulate.corpus import simulate_sessions
from tests.cli.conftest import Run

N_PROCESSES, N_LINES = 4, 25


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of one speaker."""
    with Library.open(tmp_path / "library") as opened:
        opened.enrol("Ann", next(simulate_sessions(1, 1, 4.0)), "simulated speakers need none")
    return tmp_path / "library"


def test_it_lists_who_did_what_when(run: Run, library: Path) -> None:
    result = run("audit", "list", "--library", library, "--json")
    (line,) = json.loads(result.stdout)["lines"]
    assert line["at"].endswith("+00:00")
    del line["at"]
    head = json.loads(run("audit", "verify", "--library", library, "--json").stdout)["head"]
    assert line == {
        "number": 1,
        "who": getpass.getuser(),
        "action": "enrol",
        "what": "Ann, session 1",
        "hash": head,
    }
    text = run("audit", "list", "--library", library).stdout.splitlines()
    assert text[0].split() == ["line", "when", "who", "what", "of", "what"]
    assert text[1].endswith("enrol  Ann, session 1")


def test_it_says_whether_the_lines_are_as_they_were_written(run: Run, library: Path) -> None:
    result = run("audit", "verify", "--library", library)
    assert result.exit_code == 0
    said = result.stdout.splitlines()
    assert said[0] == "1 line: as written"
    head = said[1].removeprefix("head: ")
    assert "note the head elsewhere" in said[2]
    run("speakers", "rename", "Ann", "Bo", "--library", library)
    result = run("audit", "verify", "--library", library, "--head", head)
    assert result.exit_code == 0
    assert "the head that was noted is there, with 1 since" in result.stdout
    connection = sqlite3.connect(library / "library.sqlite")
    connection.execute("UPDATE audit SET who = 'somebody else' WHERE id = 1")
    connection.commit()
    connection.close()
    result = run("audit", "verify", "--library", library, "--json")
    assert result.exit_code == 3
    facts = json.loads(result.stdout)
    assert (facts["sound"], facts["n_lines"]) == (False, 2)
    assert facts["faults"] == [{"number": 1, "kind": "changed", "what": "line 1 was changed"}]
    result = run("audit", "verify", "--library", library, "--head", "f" * 64)
    assert result.exit_code == 3
    assert "no line has the hash that was noted" in result.stdout


def test_what_is_no_hash_and_no_library_is_refused(run: Run, library: Path, tmp_path: Path) -> None:
    result = run("audit", "verify", "--library", library, "--head", "12")
    assert result.exit_code == 3
    assert "'12' is no hash of an audit." in result.stderr
    assert run("audit", "list", "--library", tmp_path / "none").exit_code == 3


def _record(folder: Path, of: int) -> None:
    with Library.open(folder, create=False) as library:
        for number in range(N_LINES):
            library.audit.record("import", f"{of}.{number}")


def test_several_programs_keep_one_chain(library: Path) -> None:
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_record, args=(library, of)) for of in range(N_PROCESSES)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    with Library.open(library, create=False) as opened:
        lines, check = opened.audit.lines(), opened.audit.check()
    assert check.faults == ()
    assert check.n_lines == 1 + N_PROCESSES * N_LINES
    for of in range(N_PROCESSES):
        own = [line.what for line in lines if line.what.startswith(f"{of}.")]
        assert own == [f"{of}.{number}" for number in range(N_LINES)]


def test_what_is_done_with_kept_sessions_is_a_line(run: Run, library: Path, tmp_path: Path) -> None:
    with Library.open(library) as opened:
        opened.enrol("Ann", next(simulate_sessions(1, 1, 12.0, seed=5)), "as before")
    kept = next(library.glob("sessions/*.npz"))
    copied = tmp_path / "copied.npz"
    copied.write_bytes(kept.read_bytes())
    to = ("--library", library)
    for arguments in (
        ("export", kept, "-o", tmp_path / "table.csv"),
        ("export", copied, "-o", tmp_path / "other.csv"),
        ("export", library, "-o", tmp_path / "bids", "--layout", "bids"),
        ("measure", kept, copied),
        ("dnr", *to),
        ("report", kept, "-o", tmp_path / "a.html", *to),
        ("report", "--speaker", "Ann", "-o", tmp_path / "b.html", *to),
        ("report", "-o", tmp_path / "c.html", *to),
    ):
        assert run(*arguments).exit_code == 0, arguments
    lines = json.loads(run("audit", "list", *to, "--json").stdout)["lines"]
    with Library.open(library) as opened:
        number = next(one.id for one in opened.sessions() if one.file_name == kept.name)
    assert [(line["action"], line["what"]) for line in lines[2:]] == [
        ("export", f"session {number}, as csv"),
        ("export", "2 sessions of 1 speakers, as BIDS"),
        ("measure", f"session {number}, clinical measures"),
        ("measure", "drift of all speakers"),
        ("report", f"session {number}, a page"),
        ("report", "Ann"),
        ("report", "all speakers"),
    ]
