"""`facedyn queue`, and enrolments and imports that were interrupted and are called again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.work_rows import NewWork, WorkKind
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.work_details import WorkDetails
from tests.cli.conftest import Run

CONSENT = "consent of all, for this test"


def told(run: Run, *arguments: object, code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return dict(json.loads(result.stdout))


def wait_for(corpus: Path, library: Path, n: int = 9) -> None:
    """Put recordings of the corpus into the queue, as an import that is killed leaves them."""
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
    paths = sorted(corpus.rglob("*.npz"))[:n]
    with Library.open(library) as opened:
        works = [NewWork(WorkKind.READ, path.parent.name, path, path.stem) for path in paths]
        opened.work.add(details, works)


def test_list_run_retry_cancel_clear(run: Run, corpus: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    wait_for(corpus, library)
    to = ("--library", library)
    listed = told(run, "queue", "list", *to)
    assert listed["counts"] == {
        "running": 0, "failed": 0, "waiting": 9, "cancelled": 0, "done": 0
    }  # fmt: skip
    assert listed["items"][0]["path"] == str(corpus / "speaker00000" / "session00.npz")
    assert {item["speaker"] for item in listed["items"]} == {
        f"speaker0000{k}" for k in range(3)
    }  # fmt: skip
    first = listed["items"][0]["id"]
    assert told(run, "queue", "cancel", first, *to)["n"] == 1
    assert told(run, "queue", "cancel", "--speaker", "speaker00002", *to)["n"] == 3
    assert told(run, "queue", "run", *to)["n_added"] == 5
    text = run("queue", "list", *to).stdout
    assert text.startswith("4 cancelled, 5 done\n")
    assert f"  {first} cancelled · speaker00000 · " in text
    assert told(run, "queue", "retry", *to)["n"] == 4
    ran = told(run, "queue", "run", *to)
    assert (ran["n_added"], ran["n_waiting"], ran["left_out"]) == (4, 0, [])
    assert told(run, "queue", "clear", *to)["n"] == 9
    assert told(run, "queue", "list", *to)["items"] == []
    error = told(run, "queue", "retry", "99", *to, code=3)["error"]
    assert error["sentence"] == "There is no item 99 in the queue."
    missing = told(run, "queue", "list", "--library", tmp_path / "none", code=3)
    assert "There is no library" in missing["error"]["sentence"]


def test_nothing_that_can_be_used_is_said_by_the_exit_code(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "Ada" / "gone.npz"
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
    with Library.open(tmp_path / "l") as opened:
        opened.work.add(details, [NewWork(WorkKind.READ, "Ada", gone)])
    ran = told(run, "queue", "run", "--library", tmp_path / "l", code=3)
    assert ran["left_out"][0]["path"] == str(gone)


def test_an_import_goes_on_with_what_waits_and_says_what_was_done(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    library = tmp_path / "l"
    wait_for(corpus, library, 4)
    assert told(run, "queue", "run", "--library", library)["n_added"] == 4
    facts = told(run, "import", corpus, "--library", library, "--consent", CONSENT)
    assert (facts["n_added"], facts["n_already_there"]) == (5, 4)


def enrol(run: Run, corpus: Path, library: Path, code: int = 0) -> dict[str, Any]:
    paths = sorted((corpus / "speaker00000").iterdir())
    return told(
        run, "enrol", "Ada", *paths, "--library", library, "--consent", CONSENT, code=code
    )  # fmt: skip


def test_an_interrupted_enrolment_goes_on_where_it_was(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    library, paths = tmp_path / "l", sorted((corpus / "speaker00000").iterdir())
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
    with Library.open(library) as opened:
        works = [NewWork(WorkKind.READ, "Ada", path) for path in paths]
        ids = opened.work.add(details, works).ids
    told(run, "queue", "cancel", *ids[1:], "--library", library)
    told(run, "queue", "run", "--library", library)
    told(run, "queue", "retry", "--library", library)
    facts = enrol(run, corpus, library)
    assert len(facts["sessions"]) == 2
    assert facts["warnings"] == [
        "1 of the 3 recordings were enrolled before an interruption; the others follow."
    ]
    with Library.open(library) as opened:
        assert len(opened.sessions("Ada")) == 3
    refused = enrol(run, corpus, library, code=3)["error"]  # nothing was interrupted: as ever
    assert "is already among the sessions of 'Ada'" in refused["sentence"]
    listed = told(run, "queue", "list", "--library", library)["counts"]
    assert (listed["done"], listed["waiting"]) == (3, 0)


def test_an_error_leaves_nothing_waiting_that_was_not_begun(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    library, paths = tmp_path / "l", sorted((corpus / "speaker00000").iterdir())
    told(run, "enrol", "Bo", paths[1], "--library", library, "--consent", CONSENT)
    error = enrol(run, corpus, library, code=3)["error"]
    assert "Bo" in error["sentence"]
    items = told(run, "queue", "list", "--library", library)["items"]
    assert [(Path(item["path"]).name, item["state"]) for item in items] == [
        (paths[1].name, "failed"),
        (paths[0].name, "done"),
    ]


def test_a_recording_named_twice_is_refused(run: Run, corpus: Path, tmp_path: Path) -> None:
    first, other = sorted((corpus / "speaker00000").iterdir())[:2]
    to = ("--library", tmp_path / "l", "--consent", CONSENT)
    error = told(run, "enrol", "Ada", first, other, first, *to, code=3)["error"]
    assert "is already among the sessions of 'Ada'" in error["sentence"]


def started(home: Path, *arguments: object) -> subprocess.Popen[str]:
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    environment = {**os.environ, **{name: str(home) for name in names}, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "facedyn_app", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_programs_share_a_queue(run: Run, corpus: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    details = WorkDetails(ImportStatement(CONSENT), FitOptions(None)).text()
    with Library.open(library) as opened:
        for path in sorted(corpus.rglob("*.npz")):  # an order each, so that each is taken alone
            opened.work.add(details, [NewWork(WorkKind.READ, path.parent.name, path)])
    arguments = ("queue", "run", "--library", library, "--json")
    both = [started(tmp_path / "home", *arguments) for _ in range(2)]
    facts = []
    for process in both:
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
        facts.append(json.loads(stdout))
    assert sum(one["n_added"] for one in facts) == 9
    assert [one["n_already_there"] for one in facts] == [0, 0]
    with Library.open(library) as opened:
        assert len({entry.source_sha256 for entry in opened.sessions()}) == 9
        assert len(opened.sessions()) == 9
        assert {item.tries for item in opened.work.items()} == {1}


@pytest.mark.skipif(os.name != "posix", reason="the system cannot kill so")
def test_what_a_killed_command_had_in_hand_is_said(run: Run, corpus: Path, tmp_path: Path) -> None:
    library = tmp_path / "l"
    wait_for(corpus, library)
    code = (
        "import sys, time; from pathlib import Path; "
        "from facedyn_app.library.library import Library; "
        "library = Library.open(Path(sys.argv[1])); work = library.work.working(); "
        "library.work.claim(work.__enter__(), [1, 2]); print('has', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, library], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"has\n"
    listed = told(run, "queue", "list", "--library", library)
    assert listed["counts"]["running"] == 2
    assert listed["items"][0]["worker"].startswith(f"process {process.pid} on ")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    time.sleep(0.1)
    checked = told(run, "library", "check", "--library", library)
    assert (checked["sound"], checked["given_back"], checked["waiting"]) == (True, 2, 9)
    again = told(run, "library", "check", "--library", library)
    assert again["given_back"] == 0
    text = run("library", "check", "--library", library).stdout
    assert "9 recordings wait in the queue" in text
    facts = told(run, "import", corpus, "--library", library, "--consent", CONSENT)
    assert facts["n_added"] == 9
