"""Tables of the clinical measures: names, code book, signs, formats."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from pyarrow import parquet

from facedyn_app.bench.clinical_script import Script, ScriptedBlink, act, session_of_truth
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.change import measure_change
from facedyn_app.dynamics.clinical.session import ClinicalMeasures, measure_session
from facedyn_app.events import Event
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Session
from facedyn_app.reports.clinical_columns import Row, Table, table_of, variable_name
from facedyn_app.reports.clinical_files import write_clinical_table
from facedyn_app.reports.clinical_rows import (
    MeasuredSession,
    blink_table,
    change_table,
    recording_table,
    task_table,
)
from tests.sessions import altered

SETTINGS = ClinicalSettings(n_draws=50)
SCRIPT = Script((ScriptedBlink(0.6), ScriptedBlink(1.4)), ("smile", "eye_closure_tight"))


@pytest.fixture(scope="module")
def session(head: HeadModel) -> Session:
    simulated = act(SCRIPT, head.expression_names, 30.0, np.random.default_rng(0))
    return session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)


@pytest.fixture(scope="module")
def measures(head: HeadModel, session: Session) -> ClinicalMeasures:
    return measure_session(session, head, SETTINGS, events=SCRIPT.events)


@pytest.fixture
def measured(session: Session, measures: ClinicalMeasures) -> list[MeasuredSession]:
    return [MeasuredSession("=a.npz", session, measures)]


def _cells(table: Table, row: int = 0) -> dict[str, object]:
    names = [column.name for column in table.columns]
    return dict(zip(names, table.rows[row], strict=True))


def test_names_are_those_that_spss_and_r_take(measured: list[MeasuredSession]) -> None:
    for table in (recording_table(measured), task_table(measured), blink_table(measured)):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) for name in names)
        assert all(column.meaning for column in table.columns)


def test_a_name_begins_with_a_letter_and_ends_in_time() -> None:
    assert variable_name("2 eyes: left/right (mm)") == "v_2_eyes_left_right_mm"
    assert len(variable_name("a" * 100)) == 64


def test_a_row_a_recording_a_task_a_blink(measured: list[MeasuredSession]) -> None:
    recording = _cells(recording_table(measured))
    assert recording["blink_n"] == 2
    assert recording["blink_n_forced"] == 1
    assert recording["simulated"] == 1
    tasks = task_table(measured)
    assert [row[3] for row in tasks.rows] == ["smile", "eye_closure_tight"]
    smile = _cells(tasks)
    assert isinstance(smile["commissure_excursion_peak_left"], float)
    assert 5.0 < smile["commissure_excursion_peak_left"] < 20.0
    blinks = blink_table(measured)
    assert len(blinks.rows) == 3
    assert _cells(blinks)["blink_kind"] == "blink"


def test_what_cannot_be_told_is_empty_with_its_reason(measured: list[MeasuredSession]) -> None:
    recording = _cells(recording_table(measured))
    assert recording["commissure_excursion_range_told"] == 0
    assert recording["commissure_excursion_range_ratio"] is None
    assert recording["commissure_excursion_range_reason"] == "no difference that can be told"
    assert recording["asymmetry_index"] is None


def _recorded(
    session: Session, head: HeadModel, events: tuple[Event, ...] = ()
) -> dict[str, object]:
    found = measure_session(session, head, SETTINGS, events=events)
    return _cells(recording_table([MeasuredSession("a.npz", session, found)]))


def test_cells_of_bad_recordings_are_empty_and_say_why(session: Session, head: HeadModel) -> None:
    n_blinks, side = "blink_n", "fissure_height_rest_left"
    cells = _recorded(session, head, (Event("hidden", 0.0, 1e3, side="left"),))
    assert (cells[side], cells["blink_depth_left"]) == (None, None)
    assert cells["left_reason"] == "the left side is marked as hidden"
    assert cells[n_blinks] == 2
    slow = altered(session, seconds=session.motion.seconds * 3.0)  # 10 frames a second
    cells = _recorded(slow, head)
    assert cells[n_blinks] is None
    assert "10 frames a second are too few" in str(cells["blink_reason"])
    assert cells[side] is not None
    valid = session.motion.seconds < 1.0
    cells = _recorded(altered(session, valid=valid), head)
    assert cells[side] is None
    assert "2 s are needed" in str(cells["mm_reason"])
    nobody = altered(session, valid=np.zeros(len(valid), np.bool_))
    cells = _recorded(nobody, head)
    assert (cells[n_blinks], cells[side]) == (None, None)
    assert cells["blink_reason"]
    assert cells["mm_reason"]


def test_rows_of_other_columns_share_a_table() -> None:
    first, second = Row(), Row()
    first.add("a", 1.0)
    second.add("b", float("nan"))
    table = table_of([first, second])
    assert [column.name for column in table.columns] == ["a", "b"]
    assert table.rows == ((1.0, None), (None, None))


def test_csv_with_a_decimal_comma_and_its_code_book(
    measured: list[MeasuredSession], tmp_path: Path
) -> None:
    files = write_clinical_table(recording_table(measured), tmp_path / "t.csv", ";", ",")
    assert [path.name for path in files] == ["t.csv", "t_codebook.csv"]
    with files[0].open(encoding="utf-8") as text:
        rows = list(csv.reader(text, delimiter=";"))
    cells = dict(zip(*rows, strict=True))
    assert cells["recording"] == "'=a.npz"  # no formula
    assert re.fullmatch(r"\d+(,\d+)?", cells["ipd"])
    assert "," in cells["fissure_height_rest_left"]
    with files[1].open(encoding="utf-8") as text:
        book = list(csv.DictReader(text, delimiter=";"))
    assert [line["name"] for line in book] == rows[0]
    fissure = next(line for line in book if line["name"] == "fissure_height_rest_left")
    assert fissure["unit"] == "mm"
    assert "lids" in fissure["formula"]
    assert fissure["source"]


def test_excel_has_numbers_and_the_code_book(
    measured: list[MeasuredSession], tmp_path: Path
) -> None:
    table = recording_table(measured)
    (path,) = write_clinical_table(table, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["measures", "code book"]
    head, cells = book["measures"].iter_rows(values_only=True)
    assert dict(zip(head, cells, strict=True))["blink_n"] == 2
    assert book["code book"].max_row == len(table.columns) + 1
    assert "'=a.npz" in cells


def test_parquet_keeps_types(measured: list[MeasuredSession], tmp_path: Path) -> None:
    path, _ = write_clinical_table(recording_table(measured), tmp_path / "t.parquet")
    (row,) = parquet.read_table(path).to_pylist()
    assert row["blink_n"] == 2
    assert isinstance(row["fissure_height_rest_left"], float)
    assert row["asymmetry_index"] is None


def test_a_larger_smile_is_told_and_the_same_one_is_not(
    head: HeadModel, session: Session, measures: ClinicalMeasures
) -> None:
    smaller = session.motion.expression.copy()
    names = session.motion.names
    for side in ("Left", "Right"):
        smaller[:, names.index(f"mouthSmile{side}")] *= 0.3
    other = measure_session(
        altered(session, expression=smaller), head, SETTINGS, events=SCRIPT.events
    )
    changes = measure_change(measures, other, [measures, other], SETTINGS)
    smile = next(
        one
        for one in changes
        if (one.measure, one.statistic, one.side) == ("commissure_excursion", "range", "left")
    )
    assert smile.change.value < -3.0
    assert smile.smallest > 0.0
    same = measure_change(measures, measures, [measures], SETTINGS)
    assert not any(one.told for one in same)
    table = change_table([("a", "b", one) for one in changes])
    assert len(table.rows) == len(changes)
    assert _cells(table)["first"] == "a"


def test_the_rate_of_blinks_changes_with_a_poisson_interval(measures: ClinicalMeasures) -> None:
    rate = measure_change(measures, measures, [measures], SETTINGS)[-1]
    assert rate.measure == "blink_rate"
    assert rate.first.low < rate.first.value < rate.first.high
    # 2 events: exact 95 % interval 0.2422 to 7.2247
    assert rate.first.high / rate.first.value == pytest.approx(7.2247 / 2.0, rel=1e-3)
