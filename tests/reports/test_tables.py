"""A session as a table: what stands in which cell."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import OutputError
from facedyn_app.library.session_meta import meta_of_info
from facedyn_app.progress import Cancelled, OnProgress, Progress, ignore
from facedyn_app.records import INVALID_REASONS, Session
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.kinds import TableFormat
from facedyn_app.reports.session_columns import table_columns
from facedyn_app.reports.tables import write_table
from tests.sessions import altered, resting_session

OPENFACE_COLUMNS = ("frame", "face_id", "timestamp", "confidence", "success")

N_FRAMES = 5


@pytest.fixture
def session() -> Session:
    """Five frames, the third without a face; a channel with a name that looks like a formula."""
    valid = np.arange(N_FRAMES) != 2

    def track(n: int, value: float) -> np.ndarray:
        values = np.full((N_FRAMES, n), value, np.float32)
        values[~valid] = np.nan
        return values

    reason = np.where(valid, 0, INVALID_REASONS.index("no face")).astype(np.uint8)
    return resting_session(
        np.arange(N_FRAMES) / 30.0,
        valid=valid,
        expression=np.concatenate([track(1, 0.25), track(1, -0.5)], axis=1),
        names=("jawOpen", "=1+1"),
        jaw=track(3, 0.125),
        rotation=track(3, 0.0625),
        translation=track(3, 2.0),
        error_px=track(1, 1.5)[:, 0],
        face_px=track(1, 200.0)[:, 0],
        face=2,
        invalid_reason=reason,
        confidence=np.where(valid, np.float32(0.75), np.float32(0.0)),
    )


def written(
    session: Session, path: Path, form: TableFormat, on_progress: OnProgress = ignore
) -> None:
    write_table(session, path, form, meta_of_info(session.info), on_progress)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_columns_are_those_of_openface(session: Session, tmp_path: Path) -> None:
    written(session, tmp_path / "s.csv", TableFormat.CSV)
    rows = read(tmp_path / "s.csv")
    assert len(rows) == N_FRAMES
    assert tuple(rows[0])[:5] == OPENFACE_COLUMNS
    first = [rows[3][name] for name in OPENFACE_COLUMNS]
    assert first == ["4", "2", "0.100000", "0.75", "1"]


def test_every_number_stands_under_its_name(session: Session, tmp_path: Path) -> None:
    written(session, tmp_path / "s.csv", TableFormat.CSV)
    row = read(tmp_path / "s.csv")[0]
    wanted = {
        "reason": "",
        "error_px": "1.5",
        "face_px": "200",
        "pose_Tx_m": "2",
        "pose_Rx_rad": "0.0625",
        "pose_Rz_rad": "-0.0625",
        "jaw_x_rad": "0.125",
        "jawOpen": "0.25",
        "'=1+1": "-0.5",
    }
    assert {name: row[name] for name in wanted} == wanted


def test_a_frame_without_a_fit_has_empty_cells_and_a_reason(
    session: Session, tmp_path: Path
) -> None:
    written(session, tmp_path / "s.csv", TableFormat.CSV)
    row = read(tmp_path / "s.csv")[2]
    assert (row["success"], row["confidence"], row["reason"]) == ("0", "0", "no face")
    assert {row[name] for name in ("jawOpen", "pose_Tx_m", "jaw_x_rad", "error_px")} == {""}


def test_gaze_has_columns_where_there_is_one(session: Session, tmp_path: Path) -> None:
    gaze = np.full((N_FRAMES, 2, 2), 0.5, np.float32)
    gaze[:, 1, 1] = -0.25
    written(altered(session, gaze=gaze, confidence=None), tmp_path / "s.csv", TableFormat.CSV)
    row = read(tmp_path / "s.csv")[0]
    assert (row["left_eye_yaw_rad"], row["right_eye_pitch_rad"]) == ("0.5", "-0.25")
    assert row["confidence"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\t=1", "\r=1"])
def test_no_text_is_read_as_a_formula(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert safe_cell(f"a{text}") == f"a{text}"


def test_a_cancelled_or_impossible_table_leaves_nothing(session: Session, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        written(session, tmp_path / "s.csv", TableFormat.CSV, stop)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError):
        written(session, tmp_path / "no folder" / "s.csv", TableFormat.CSV)


def test_parquet_keeps_numbers_names_and_what_the_session_is_of(
    session: Session, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    written(session, tmp_path / "s.parquet", TableFormat.PARQUET)
    table = parquet.read_table(tmp_path / "s.parquet")
    assert tuple(table.column_names) == tuple(table_columns(session))
    assert table["timestamp"].to_numpy() == pytest.approx(session.motion.seconds)
    assert table["success"].to_pylist() == [1, 1, 0, 1, 1]
    assert table["reason"].to_pylist() == ["", "", "no face", "", ""]
    np.testing.assert_array_equal(table["=1+1"].to_numpy(), session.motion.expression[:, 1])
    assert json.loads(table.schema.metadata[b"facedyn"])["head_id"] == "made"


def test_npz_has_an_array_a_column(session: Session, tmp_path: Path) -> None:
    written(session, tmp_path / "t.npz", TableFormat.NPZ)
    with np.load(tmp_path / "t.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == {*table_columns(session), "meta"}
        np.testing.assert_array_equal(arrays["jawOpen"], session.motion.expression[:, 0])
        assert arrays["reason"].tolist() == ["", "", "no face", "", ""]
        assert json.loads(str(arrays["meta"]))["face"] == 2


def test_a_channel_named_like_another_column_keeps_its_own(session: Session) -> None:
    names = ("expression frame", "frame")
    columns = table_columns(altered(session, names=names))
    assert columns["frame"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(columns["expression frame"], session.motion.expression[:, 0])
    np.testing.assert_array_equal(
        columns["expression expression frame"], session.motion.expression[:, 1]
    )


@pytest.mark.parametrize("name", ["meta", "file", "allow_pickle"])
def test_a_name_that_npz_cannot_have_is_refused(
    session: Session, tmp_path: Path, name: str
) -> None:
    with pytest.raises(OutputError, match=f"'{name}'"):
        written(altered(session, names=(name, "b")), tmp_path / "t.npz", TableFormat.NPZ)
    assert list(tmp_path.iterdir()) == []
