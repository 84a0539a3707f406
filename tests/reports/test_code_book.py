"""Code books: every column of every table is described, and the pose is in one frame."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.events import Event
from facedyn_app.headmodel.rotations import FACING_DIAGONAL
from facedyn_app.progress import ignore
from facedyn_app.records import Session
from facedyn_app.reports.code_book import Column
from facedyn_app.reports.event_table import EVENT_COLUMNS
from facedyn_app.reports.session_columns import SHAPE_COLUMNS, session_columns, table_columns
from facedyn_app.reports.study_columns import STUDY_TABLES
from facedyn_app.reports.tables import SCORES
from facedyn_app.workflows.export import export_table
from tests.sessions import altered, resting_session

HANDBOOK = Path(__file__).parents[2] / "resources" / "handbook" / "tables.md"
UNITS = {"m": "m", "rad": "rad", "px": "px"}


@pytest.fixture
def session() -> Session:
    made = resting_session(
        np.arange(4) / 25.0,
        expression=np.full((4, 2), 0.5, np.float32),
        names=("jawOpen", "=1+1"),
        rotation=np.tile(np.array([0.1, -0.4, 0.3], np.float32), (4, 1)),
        translation=np.tile(np.array([0.02, -0.03, 0.8], np.float32), (4, 1)),
        gaze=np.zeros((4, 2, 2), np.float32),
    )
    events = (Event("task", 0.0, 0.1, "smile"),)
    return replace(made, shape=np.array([0.5, -1.25, 2.0], np.float32), events=events)


def _book(path: Path) -> dict[str, list[dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: [row for row in rows if row["file"] == name] for name in {r["file"] for r in rows}
    }


def _head(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def test_the_book_names_the_columns_of_all_files_in_their_order(
    session: Session, tmp_path: Path
) -> None:
    found = export_table(session, tmp_path / "s.csv", ignore)
    assert found.code_book == tmp_path / "s_codebook.csv"
    book = _book(found.code_book)
    assert set(book) == {"s.csv", "s_shape.csv", "s_events.csv"}
    for name, rows in book.items():
        assert [row["name"] for row in rows] == _head(tmp_path / name)
        assert all(row["meaning"] for row in rows)


def test_units_are_those_at_the_names_ends(session: Session) -> None:
    for one in session_columns(session):
        column = one.column
        ending = column.name.rsplit("_", 1)[-1]
        assert column.unit == ("s" if column.name == "timestamp" else UNITS.get(ending, ""))


def test_the_shape_stands_beside_the_table(session: Session, tmp_path: Path) -> None:
    export_table(session, tmp_path / "s.parquet", ignore)
    with (tmp_path / "s_shape.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == [0.5, -1.25, 2.0]
    assert [row["coefficient"] for row in rows] == ["1", "2", "3"]
    assert {row["sd"] for row in rows} == {""}  # the session does not say how sure it is
    export_table(altered(session, shape=np.zeros(0, np.float32)), tmp_path / "t.csv", ignore)
    assert not (tmp_path / "t_shape.csv").exists()


def test_place_and_turn_of_the_head_are_in_the_cameras_frame(session: Session) -> None:
    columns = table_columns(session)
    turn = [columns[f"pose_R{axis}_rad"][0] for axis in "xyz"]
    place = [columns[f"pose_T{axis}_m"][0] for axis in "xyz"]
    x_head = np.array([0.03, 0.05, 0.09])
    by_table = Rotation.from_rotvec(turn).as_matrix() @ (FACING_DIAGONAL * x_head) + place
    own = Rotation.from_rotvec(session.motion.rotation[0]).as_matrix() @ x_head
    by_session = FACING_DIAGONAL * own + session.motion.translation[0]  # the legend of `records`
    np.testing.assert_allclose(by_table, by_session, atol=1e-7)


@pytest.mark.parametrize("columns", [SCORES, EVENT_COLUMNS, SHAPE_COLUMNS, *STUDY_TABLES.values()])
def test_the_handbook_has_every_column_with_its_meaning(columns: tuple[Column, ...]) -> None:
    lines = HANDBOOK.read_text(encoding="utf-8").splitlines()
    for column in columns:
        if column.name.endswith(("_low", "_high")):
            continue
        assert any(f"`{column.name}`" in line and column.meaning in line for line in lines), (
            column.name
        )


def test_the_handbook_has_the_columns_of_frames(session: Session) -> None:
    text = HANDBOOK.read_text(encoding="utf-8")
    for one in session_columns(session):
        if one.column.name not in session.motion.names:
            assert one.column.name in text
