"""`facedyn events`: out to a table and to ELAN, and back in."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.events import Event
from facedyn_app.library.session_file import load_session, save_session
from tests.sessions import resting_session

EVENTS = (Event("exclude", 0.1, 0.5), Event("task", 1.0, 2.0, "smile", "wide", "left"))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "s.npz"
    save_session(replace(resting_session(np.arange(90) / 30.0), events=EVENTS), path)
    return path


@pytest.mark.parametrize("ending", ["csv", "eaf"])
def test_what_goes_out_comes_back_in_equal(
    run: Any, session: Path, tmp_path: Path, ending: str
) -> None:
    out, other = tmp_path / f"e.{ending}", tmp_path / "other.npz"
    save_session(resting_session(np.arange(90) / 30.0), other)
    done = run("events", "export", session, "-o", out, "--json")
    assert json.loads(done.stdout)["n_events"] == 2
    done = run("events", "import", other, out, "--json")
    assert json.loads(done.stdout)["n_events"] == 2
    assert load_session(other).events == EVENTS


def test_new_events_replace_the_old_or_are_added(run: Any, session: Path, tmp_path: Path) -> None:
    table = tmp_path / "e.csv"
    table.write_text("kind,start_s,end_s\nnote,2.5,2.5\n", encoding="utf-8")
    assert run("events", "import", session, table, "--add").exit_code == 0
    assert load_session(session).events == (*EVENTS, Event("note", 2.5, 2.5))
    assert run("events", "import", session, table).exit_code == 0
    assert load_session(session).events == (Event("note", 2.5, 2.5),)


def test_the_list_says_what_is_marked(run: Any, session: Path) -> None:
    done = run("events", "list", session)
    assert "task smile, left: wide" in done.stdout
    assert json.loads(run("events", "list", session, "--json").stdout)["events"][0] == {
        "kind": "exclude",
        "start": 0.1,
        "end": 0.5,
    }


def test_what_cannot_be_used_leaves_the_session_as_it_was(
    run: Any, session: Path, tmp_path: Path
) -> None:
    before = session.read_bytes()
    (tmp_path / "e.csv").write_text("kind,start_s\nnote,soon\n", encoding="utf-8")
    (tmp_path / "e.txt").write_text("", encoding="utf-8")
    for name, words in (
        ("e.csv", "row 2 is wrong"),
        ("e.txt", ".csv or .eaf"),
        ("no.csv", "no.csv"),
    ):
        done = run("events", "import", session, tmp_path / name)
        assert done.exit_code == 3
        assert words in done.stderr
    assert session.read_bytes() == before


def test_a_table_of_frames_has_one_of_events_beside_it(
    run: Any, session: Path, tmp_path: Path
) -> None:
    done = run("export", session, "-o", tmp_path / "t.csv", "--json")
    assert json.loads(done.stdout)["events"] == str(tmp_path / "t_events.csv")
    assert (tmp_path / "t_events.csv").read_text(encoding="utf-8").count("\n") == 3
