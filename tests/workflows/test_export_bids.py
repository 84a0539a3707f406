"""A library as a BIDS dataset: names and required fields, pseudonyms, numbers, whole or nothing."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.events import Event
from facedyn_app.library.library import Library
from facedyn_app.progress import Cancelled, Progress, ignore
from facedyn_app.records import Session, SourceFile
from facedyn_app.reports.bids_recording import NOT_KNOWN
from facedyn_app.workflows.export_bids import export_bids
from tests.sessions import random_session

NAMES = ("Ann Example", "Bo Example")
FILE = re.compile(
    r"sub-\d{3}_ses-\d{2}_task-face_tracksys-facedyn(_run-\d{2})?"
    r"_(motion\.tsv|motion\.json|channels\.tsv|events\.tsv)"
)
REQUIRED_COLUMNS = ["name", "component", "type", "tracked_point", "units"]
REQUIRED_FIELDS = {"TaskName", "SamplingFrequency", "TrackingSystemName"}


def _session(seed: int, recorded_at: datetime | None = None) -> Session:
    made = random_session(
        seed,
        np.arange(40) != 7,
        ("jawOpen", "=1+1"),
        3,
        source=SourceFile(f"Ann Example {seed}.mp4", f"{seed:064x}"),
        recorded_at=recorded_at,
    )
    events = (
        Event("task", 0.2, 0.9, "smile", "Ann Example smiled", "left"),
        Event("exclude", 1.0, 1.0),
    )
    return replace(made, events=events)


@pytest.fixture
def sessions() -> list[Session]:
    days = [datetime(2024, 3, day, 9, tzinfo=UTC) for day in (5, 5, 9)]
    return [_session(k, day) for k, day in enumerate([*days, None])]


@pytest.fixture
def library(sessions: list[Session], tmp_path: Path) -> Path:
    """Ann on two days, on the first one twice; Bo once, no day; a recording of nobody."""
    place = tmp_path / "library"
    with Library.open(place) as library:
        for name, session in zip((*[NAMES[0]] * 3, NAMES[1]), sessions, strict=True):
            library.enrol(name, session, "consent of Ann Example")
        library.add_session(_session(9))
    return place


@pytest.fixture
def dataset(library: Path, tmp_path: Path) -> Path:
    export_bids(library, tmp_path / "faces", ignore)
    return tmp_path / "faces"


def _table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def test_folders_and_files_have_the_names_that_bids_asks_for(dataset: Path) -> None:
    tops = {path.name for path in dataset.iterdir()}
    assert tops == {
        "dataset_description.json", "README", "participants.tsv", "participants.json",
        "sessions.json", "task-face_events.json", "task-face_tracksys-facedyn_channels.json",
        "sub-001", "sub-002",
    }  # fmt: skip
    motions = sorted(path.parent.relative_to(dataset) for path in dataset.rglob("*_motion.tsv"))
    assert [str(path) for path in motions] == [
        "sub-001/ses-01/motion", "sub-001/ses-01/motion", "sub-001/ses-02/motion",
        "sub-002/ses-01/motion",
    ]  # fmt: skip
    files = [path for path in dataset.rglob("motion/*") if path.is_file()]
    assert len(files) == 16
    for path in files:
        assert FILE.fullmatch(path.name), path.name
        assert path.name.startswith("_".join(path.parts[-4:-2]))
    assert sum("_run-" in path.name for path in files) == 8


def test_required_fields_and_columns(dataset: Path) -> None:
    about = json.loads((dataset / "dataset_description.json").read_text())
    assert about["Name"] == "faces"
    assert re.fullmatch(r"1\.\d+\.\d+", about["BIDSVersion"])
    for path in dataset.rglob("*_motion.json"):
        facts = json.loads(path.read_text())
        assert set(facts) >= REQUIRED_FIELDS
        assert facts["TrackingSystemName"] == "facedyn"
        assert facts["SamplingFrequency"] == 29.97
        head, *rows = _table(path.with_name(path.name.replace("motion.json", "channels.tsv")))
        assert head[:5] == REQUIRED_COLUMNS
        assert facts["MotionChannelCount"] == len(rows)
        kinds = [row[2] for row in rows]
        for kind in ("LATENCY", "POS", "ORNT", "JNTANG", "MISC"):
            assert facts[f"{kind}ChannelCount"] == kinds.count(kind) > 0
    described = json.loads((dataset / "task-face_tracksys-facedyn_channels.json").read_text())
    assert set(described) == set(head)
    assert {row[head.index("reference_frame")] for row in rows} - {NOT_KNOWN} == set(
        described["reference_frame"]["Levels"]
    )


def test_numbers_come_back_equal(dataset: Path, sessions: list[Session]) -> None:
    (path,) = dataset.glob("sub-001/ses-02/motion/*_motion.tsv")
    session = sessions[2]
    names = [row[0] for row in _table(path.with_name(path.name.replace("motion", "channels")))[1:]]
    rows = _table(path)
    assert len(rows) == len(session.motion.seconds)
    values = {
        name: np.array([float("nan") if cell == NOT_KNOWN else float(cell) for cell in column])
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    motion = session.motion
    np.testing.assert_array_equal(values["timestamp"], motion.seconds)
    np.testing.assert_array_equal(values["jawOpen"].astype(np.float32), motion.expression[:, 0])
    np.testing.assert_array_equal(values["'=1+1"].astype(np.float32), motion.expression[:, 1])
    np.testing.assert_array_equal(values["pose_Ty_m"].astype(np.float32), motion.translation[:, 1])
    np.testing.assert_array_equal(values["jaw_z_rad"].astype(np.float32), motion.jaw[:, 2])
    pitch = values["right_eye_pitch_rad"].astype(np.float32)
    np.testing.assert_array_equal(pitch, motion.gaze[:, 1, 1])  # type: ignore[index]
    quaternions = np.stack([values[f"pose_quat_{part}"] for part in "xyzw"], axis=1)
    assert np.isnan(quaternions[7]).all()
    turns = Rotation.from_quat(quaternions[motion.valid]).as_rotvec() * [1.0, -1.0, -1.0]
    np.testing.assert_allclose(turns, motion.rotation[motion.valid], atol=1e-6)
    facts = json.loads(path.with_suffix(".json").read_text())
    np.testing.assert_array_equal(np.array(facts["HeadShape"], np.float32), session.shape)


def test_events_have_onset_and_duration_and_no_free_text(dataset: Path) -> None:
    (path,) = dataset.glob("sub-002/ses-01/motion/*_events.tsv")
    assert _table(path) == [
        ["onset", "duration", "trial_type", "kind", "name", "side"],
        ["0.200", "0.700", "smile", "task", "smile", "left"],
        ["1.000", "0.000", "exclude", "exclude", NOT_KNOWN, NOT_KNOWN],
    ]


def test_people_stand_under_pseudonyms_and_dates_as_days(library: Path, tmp_path: Path) -> None:
    found = export_bids(library, tmp_path / "faces", ignore)
    assert found.people == (("sub-001", NAMES[0]), ("sub-002", NAMES[1]))
    assert (found.n_sessions, found.n_left_out, found.simulated) == (4, 1, False)
    dataset = tmp_path / "faces"
    for path in (path for path in dataset.rglob("*") if path.is_file()):
        assert "Example" not in path.name
        content = path.read_text(encoding="utf-8")
        assert "Example" not in content
        assert "2024-" not in content
        assert ".mp4" not in content
    assert _table(dataset / "participants.tsv")[1:] == [
        ["sub-001", "2", "0"],
        ["sub-002", "1", "0"],
    ]
    days = _table(dataset / "sub-001" / "sub-001_sessions.tsv")
    assert days == [["session_id", "days"], ["ses-01", "0"], ["ses-02", "4"]]
    assert _table(dataset / "sub-002" / "sub-002_sessions.tsv")[1] == ["ses-01", NOT_KNOWN]


def test_whole_or_nothing(library: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled

    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(Cancelled):
        export_bids(library, tmp_path / "faces", stop)
    for path in (library / "sessions").iterdir():
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError):
        export_bids(library, tmp_path / "faces", ignore)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_cannot_be_is_said(library: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(OutputError, match="holds something already"):
        export_bids(library, tmp_path / "full", ignore)
    (tmp_path / "s.npz").touch()
    with pytest.raises(InputError, match="is a file, not a library"):
        export_bids(tmp_path / "s.npz", tmp_path / "faces", ignore)
    with pytest.raises(InputError, match="no library"):
        export_bids(tmp_path / "full", tmp_path / "faces", ignore)
    Library.open(tmp_path / "empty").close()
    with pytest.raises(TooLittleError, match="no recording of anybody"):
        export_bids(tmp_path / "empty", tmp_path / "faces", ignore)
