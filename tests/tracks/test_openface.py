"""OpenFace's tables: units, reasons, pose and gaze against known answers, several faces."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.errors import InputError
from facedyn_app.records import INVALID_REASONS
from facedyn_app.tracks.reading import Kind, kind_of, only_session, read_sessions
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table

POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")
GAZE = tuple(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz")


def reasons(session: object) -> list[str]:
    """Why each frame is not valid."""
    return [INVALID_REASONS[k] for k in getattr(session, "invalid_reason")]  # noqa: B009


def test_intensities_of_0_to_5_become_0_to_1(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", OPENFACE_NAMES, openface_rows(50))
    (session,) = read_sessions([path])
    assert session.head_id == "openface-2"
    assert session.motion.names == ("AU01", "AU12")
    np.testing.assert_allclose(session.motion.expression[:, 0], 0.002 * np.arange(50), atol=1e-7)
    np.testing.assert_allclose(session.motion.expression[:, 1], 0.5)
    np.testing.assert_allclose(session.motion.seconds, 0.04 * np.arange(50), atol=1e-9)
    assert session.info.fps == pytest.approx(25.0)
    assert session.info.fps_assumed is False
    assert session.motion.valid.all()
    assert session.shape.size == session.shape_chunks.size == 0
    assert np.isnan(session.motion.rotation).all()


def test_what_a_file_is_shows_in_it_not_in_its_name(tmp_path: Path) -> None:
    path = write_table(tmp_path / "notes.mp3", OPENFACE_NAMES, openface_rows(5))
    assert kind_of(path) is Kind.OPENFACE
    other = write_table(tmp_path / "openface_AU01_r.csv", ["time", "weight"], [[0, 1]])
    assert kind_of(other) is None
    with pytest.raises(InputError, match="no column that is known"):
        read_sessions([other])


def test_failed_and_unsure_rows_are_invalid_with_their_reason(tmp_path: Path) -> None:
    rows = openface_rows(40)
    rows[3][4] = 0
    rows[5][3] = 0.2
    rows[7][5] = "nan"
    rows[9][2] = rows[8][2]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", OPENFACE_NAMES, rows)])
    told = reasons(session)
    assert (told[3], told[5], told[7], told[9]) == (
        "tracking failed",
        "low confidence",
        "missing value",
        "repeated time",
    )
    assert session.motion.valid.sum() == 36
    assert np.isnan(session.motion.expression[[3, 5, 7, 9]]).all()
    assert session.confidence is not None
    assert session.confidence[5] == pytest.approx(0.2)


def test_missing_frames_are_filled_in_as_such(tmp_path: Path) -> None:
    rows = openface_rows(60)
    left = rows[:20] + rows[30:]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", OPENFACE_NAMES, left)])
    assert len(session.motion.seconds) == 60
    assert reasons(session)[20:30] == ["missing frame"] * 10
    np.testing.assert_allclose(session.motion.seconds, 0.04 * np.arange(60), atol=1e-6)


def test_uneven_times_are_kept_as_they_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = np.round(np.cumsum(rng.uniform(0.05, 0.1, 80)), 3)
    rows = [[k, 0, times[k], 1.0, 1, 1.0, 1.0] for k in range(80)]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", OPENFACE_NAMES, rows)])
    np.testing.assert_array_equal(session.motion.seconds, times)


def test_pose_and_gaze_turn_to_the_heads_own_frame(tmp_path: Path) -> None:
    """A head that nods, looking on into the camera: its eyes turn up by as much."""
    down = 0.3  # OpenCV's x axis points right: a positive turn takes the nose (-z) downwards
    turn = Rotation.from_euler("XYZ", [down, 0.2, 0.1]).as_matrix()
    straight = turn @ np.array([0.0, 0.0, -1.0])
    into_camera = np.array([0.0, 0.0, -1.0])
    names = (*OPENFACE_NAMES, *POSE, *GAZE)
    first = [0, 0, 600, down, 0.2, 0.1, *straight, *straight]
    second = [10, -20, 600, down, 0, 0, *into_camera, *into_camera]
    rows = openface_rows(2)
    path = write_table(tmp_path / "a.csv", names, [rows[0] + first, rows[1] + second])
    (session,) = read_sessions([path])
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze[0], 0.0, atol=1e-6)
    np.testing.assert_allclose(session.motion.translation[1], [0.01, -0.02, 0.6], atol=1e-7)
    facing = np.diag([1.0, -1.0, -1.0])
    ours = facing @ Rotation.from_rotvec(session.motion.rotation[0]).as_matrix() @ facing
    np.testing.assert_allclose(ours, turn, atol=1e-6)
    # nose down in the picture, eyes at the camera: both eyes are turned up by the nod
    nose = facing @ Rotation.from_rotvec(session.motion.rotation[1]).as_matrix() @ [0.0, 0.0, 1.0]
    assert session.motion.gaze[1, 0, 1] == pytest.approx(np.sign(nose[1]) * down, abs=1e-6)
    np.testing.assert_allclose(session.motion.gaze[1, :, 0], 0.0, atol=1e-6)


def test_the_subjects_left_eye_is_the_one_on_the_right_of_the_picture(tmp_path: Path) -> None:
    to_the_pictures_right = [np.sin(0.2), 0.0, -np.cos(0.2)]
    straight = [0.0, 0.0, -1.0]
    names = (*OPENFACE_NAMES, *POSE, *GAZE)
    row = openface_rows(1)[0] + [0, 0, 600, 0, 0, 0, *straight, *to_the_pictures_right]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", names, [row])])
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze[0], [[0.2, 0.0], [0.0, 0.0]], atol=1e-6)


def test_single_pictures_have_no_times_which_is_said(tmp_path: Path) -> None:
    names = ("face", "confidence", "AU01_r", "AU45_r")
    paths = [write_table(tmp_path / f"{k}.csv", names, [[0, 0.95, k / 10, 0.0]]) for k in range(30)]
    (session,) = read_sessions(paths)
    assert session.info.fps_assumed is True
    assert "30 frames a second are assumed" in session.info.notes[0]
    np.testing.assert_allclose(session.motion.expression[:, 0], np.arange(30) / 50, atol=1e-7)
    (stated,) = read_sessions(paths, fps=10.0)
    assert stated.info.fps_assumed is False
    assert stated.motion.seconds[-1] == pytest.approx(2.9)


def test_several_faces_are_several_sessions_or_one_sentence(tmp_path: Path) -> None:
    rows = [
        row for pair in zip(openface_rows(30), openface_rows(30, 2), strict=True) for row in pair
    ]
    path = write_table(tmp_path / "a.csv", OPENFACE_NAMES, rows)
    sessions = read_sessions([path])
    assert [len(one.motion.seconds) for one in sessions] == [30, 30]
    assert [one.info.face for one in sessions] == [1, 3]
    with pytest.raises(InputError, match=r"holds 2 faces \(face_id 0, 2\)"):
        only_session(sessions, path)


def test_openface_3_is_told_by_its_columns(tmp_path: Path) -> None:
    names = ("frame", "timestamp", "emotion", "gaze_yaw", "gaze_pitch", "AU1", "AU12")
    path = write_table(tmp_path / "a.csv", names, [[k, k / 25, 1, 0, 0, 0.5, 1] for k in range(9)])
    (session,) = read_sessions([path])
    assert session.head_id == "openface-3"
    assert session.motion.names == ("AU01", "AU12")
    np.testing.assert_allclose(session.motion.expression[0], [0.5, 1.0])


def test_openface_3_units_numbered_by_the_networks_outputs(tmp_path: Path) -> None:
    names = ("timestamp", *(f"AU0{k}_r" for k in range(1, 9)))
    path = write_table(
        tmp_path / "a.csv", names, [[k / 25, *np.arange(1, 9) / 10] for k in range(9)]
    )
    (session,) = read_sessions([path])
    assert session.head_id == "openface-3"
    found = dict(zip(session.motion.names, session.motion.expression[0].tolist(), strict=True))
    assert found["AU06"] == pytest.approx(0.2)
    assert found["AU12"] == pytest.approx(0.3)
    assert found["AU02"] == pytest.approx(0.6)


def test_presence_without_intensity_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("frame", "AU01_c"), [[1, 1], [2, 0]])
    with pytest.raises(InputError, match="not how strongly"):
        read_sessions([path])
