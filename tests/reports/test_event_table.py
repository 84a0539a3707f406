"""Tables of events: what is written comes back equal, and frames say what is marked in them."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.reports.event_table import read_event_table, write_event_table
from facedyn_app.reports.session_columns import table_columns
from facedyn_app.reports.session_page import event_rows
from tests.sessions import resting_session

EVENTS = (
    Event("exclude", 0.0333667, 0.5),
    Event("task", 1.0, 2.5, "smile", 'as "wide"\nas they, can', "left"),
    Event("=cmd", 3.0, 3.0, "'quoted", "=1+1", "right"),
)


def test_what_is_written_comes_back_equal(tmp_path: Path) -> None:
    write_event_table(EVENTS, tmp_path / "e.csv")
    assert read_event_table(tmp_path / "e.csv") == EVENTS


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    write_event_table(EVENTS, tmp_path / "e.csv")
    with (tmp_path / "e.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith("=")] == []


def test_a_table_of_moments_needs_no_more_than_kind_and_begin(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("start_s,kind\n2,b\n1.5,a\n", encoding="utf-8")
    assert read_event_table(tmp_path / "e.csv") == (Event("a", 1.5, 1.5), Event("b", 2.0, 2.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind,start_s,end_s\nnote,2,1\n", "row 2 is wrong: it ends"),
        ("kind,start_s,end_s\nnote,now,1\n", "row 2 is wrong"),
        ("a,b\n1,2\n", "no columns 'kind'"),
        ('kind,start_s\n"note', "no table of events"),
    ],
)
def test_what_is_no_table_of_events_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_event_table(tmp_path / "e.csv")


def test_frames_say_what_is_marked_in_them_and_which_are_excluded() -> None:
    session = resting_session(np.arange(4) / 2.0)
    assert "events" not in table_columns(session)
    events = (Event("exclude", 0.5, 1.0), Event("task", 1.0, 1.5, "smile"), Event("note", 0.2, 0.2))
    columns = table_columns(replace(session, events=events))
    assert columns["excluded"].tolist() == [0, 1, 1, 0]
    assert columns["events"].tolist() == ["note", "exclude", "exclude; task smile", "task smile"]


def test_a_report_lists_what_is_marked() -> None:
    rows = event_rows((Event("note", 0.25, 0.25, "", "yawns"), EVENTS[1]))
    assert rows[0] == ("0.25 s", "note: yawns")
    assert rows[1] == ("1.00 to 2.50 s", 'task smile, left: as "wide" as they, can')
