"""Live Link Face, MediaPipe and py-feat: known answers, times, faces."""

import json
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.channel_sets import ARKIT_NAMES
from facedyn_app.records import INVALID_REASONS
from facedyn_app.tracks.reading import Kind, kind_of, read_sessions
from tests.tracks.tables import write_table

LIVE_LINK = ("Timecode", "BlendshapeCount", "JawOpen", "EyeBlinkLeft")
EYES = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")


def code(k: int, start: int = 0, rate: int = 60) -> str:
    """The timecode of frame k at a rate, half a frame late."""
    seconds, frame = divmod(k, rate)
    seconds += start
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}.500"


def test_timecodes_with_sub_frames_become_seconds(tmp_path: Path) -> None:
    rows = [[code(k, 3), 61, k / 200, 0.25] for k in range(150)]
    path = write_table(tmp_path / "a.csv", LIVE_LINK, rows)
    assert kind_of(path) is Kind.LIVE_LINK
    (session,) = read_sessions([path])
    assert session.head_id == "arkit-52"
    assert session.motion.names == ("eyeBlinkLeft", "jawOpen")
    np.testing.assert_allclose(session.motion.seconds, np.arange(150) / 60, atol=1e-9)
    np.testing.assert_allclose(session.motion.expression[:, 1], np.arange(150) / 200, atol=1e-7)


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
def test_the_rate_of_a_timecode_is_taken_from_it(tmp_path: Path, rate: int) -> None:
    rows = [[code(k, 0, rate), 61, 0.1, 0.2] for k in range(3 * rate)]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", LIVE_LINK, rows)])
    np.testing.assert_allclose(session.motion.seconds, np.arange(3 * rate) / rate, atol=1e-9)
    assert session.info.fps_assumed is False


def test_a_take_may_go_past_midnight(tmp_path: Path) -> None:
    rows = [[code(k, 24 * 3600 - 1), 61, 0.1, 0.2] for k in range(180)]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", LIVE_LINK, rows)])
    np.testing.assert_allclose(session.motion.seconds, np.arange(180) / 60, atol=1e-9)


def test_a_moment_does_not_tell_the_timecodes_rate(tmp_path: Path) -> None:
    rows = [[code(k), 61, 0.1, 0.2] for k in range(20)]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", LIVE_LINK, rows)])
    assert session.info.fps_assumed is True
    assert "60 are assumed" in session.info.notes[0]


def test_frames_without_a_face_are_invalid(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", LIVE_LINK, [[code(k), 61, 0.1, 0.2] for k in range(90)])
    lines = path.read_text().splitlines()
    lines[11] = f"{code(10)},0,,"
    lines[21] = f"{code(20)},0"
    path.write_text("\n".join(lines))
    (session,) = read_sessions([path])
    assert session.invalid_reason is not None
    told = [INVALID_REASONS[k] for k in session.invalid_reason]
    assert (told[10], told[20]) == ("no face", "no face")
    assert session.motion.valid.sum() == 88
    assert len(session.motion.seconds) == 90


def test_eye_angles_are_to_the_left_and_up(tmp_path: Path) -> None:
    names = (*LIVE_LINK, *EYES)
    rows = [[code(k), 61, 0.1, 0.2, -0.3, 0.1, 0.0, 0.2, -0.4, 0.0] for k in range(70)]
    (session,) = read_sessions([write_table(tmp_path / "a.csv", names, rows)])
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze[5], [[0.3, -0.1], [-0.2, 0.4]], atol=1e-6)


def test_the_looks_of_the_real_take_agree_with_its_eye_angles(shared: Path) -> None:
    take = shared / "corpora" / "livelink" / "take_161_iPhone_cal.csv"
    if not take.is_file():
        pytest.skip("the Live Link take is absent from ../shared")
    from facedyn_app.headmodel.channel_sets import gaze_of_looks

    (session,) = read_sessions([take])
    assert len(session.motion.seconds) == 1846
    assert session.motion.seconds[-1] == pytest.approx(30.799, abs=1e-3)
    told = gaze_of_looks(session.motion.expression, session.motion.names)
    assert told is not None
    assert session.motion.gaze is not None
    for eye in (0, 1):
        for coordinate in (0, 1):
            measured = session.motion.gaze[:, eye, coordinate]
            assert np.corrcoef(told[:, eye, coordinate], measured)[0, 1] > 0.98


@pytest.mark.parametrize("timecode", ["now", "1:2:3", "", "00:00:00:00:00:00"])
def test_a_wrong_timecode_is_named(tmp_path: Path, timecode: str) -> None:
    rows = [[code(0), 61, 0.1, 0.2], [timecode, 61, 0.1, 0.2]]
    with pytest.raises(InputError, match=r"timecode .* in row 2"):
        read_sessions([write_table(tmp_path / "a.csv", LIVE_LINK, rows)])


def scores(k: int) -> dict[str, float]:
    return {"_neutral": 0.5, "jawOpen": k / 100, **dict.fromkeys(LOOKS, 0.0), "eyeLookOutLeft": 0.5}


LOOKS = [name for name in ARKIT_NAMES if name.startswith("eyeLook")]


@pytest.mark.parametrize("form", ["dict", "list", "nested list", "flat"])
def test_json_lines_of_every_form_say_the_same(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.txt"
    lines = []
    for k in range(40):
        own = scores(k)
        pairs = [{"categoryName": name, "score": own[name]} for name in own]
        held = {"dict": own, "list": pairs, "nested list": [pairs]}.get(form)
        line = own if held is None else {"blendshapes": held}
        lines.append(json.dumps({"timestamp_ms": 40 * k, **line}))
    path.write_text("\n".join(lines))
    assert kind_of(path) is Kind.BLENDSHAPE_JSON
    (session,) = read_sessions([path])
    assert session.head_id == "arkit-52"
    assert "_neutral" not in session.motion.names
    jaw = session.motion.expression[:, session.motion.names.index("jawOpen")]
    np.testing.assert_allclose(jaw, np.arange(40) / 100, atol=1e-7)
    np.testing.assert_allclose(session.motion.seconds, 0.04 * np.arange(40), atol=1e-9)
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze[0], [[0.31, 0.0], [0.0, 0.0]], atol=1e-6)


def test_json_without_a_face_has_invalid_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    items = [{"frame": k, "blendshapes": [] if k == 7 else scores(k)} for k in range(20)]
    path.write_text(json.dumps(items))  # a list is read like lines
    (session,) = read_sessions([path], fps=10.0)
    assert np.flatnonzero(~session.motion.valid).tolist() == [7]
    assert session.motion.seconds[-1] == pytest.approx(1.9)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"blendshapes": {"jawOpen": "wide"}}', "line 2 holds 'wide', which is no number"),
        ('{"blendshapes": {"jawOpen": 0.', "line 2 is no JSON; it may have been cut off"),
        ("[]", "line 2 is no JSON object"),
        ('{"blendshapes": [[], []]}', "line 2 has the scores of several faces"),
    ],
)
def test_wrong_json_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"blendshapes": {"jawOpen": 0.5}}\n' + line)
    with pytest.raises(InputError, match=reason):
        read_sessions([path])


def test_a_table_of_scores_may_count_in_milliseconds(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "a.csv", ("timestamp", "jawOpen"), [[100_000 * k, 0.5] for k in range(40)]
    )
    assert kind_of(path) is Kind.BLENDSHAPES
    (session,) = read_sessions([path])
    assert session.motion.seconds[-1] == pytest.approx(100 * 39)
    assert "milliseconds" in session.info.notes[0]


def test_facedyns_own_table_is_no_measurement_of_another_program(tmp_path: Path) -> None:
    names = ("frame", "timestamp", "success", "jaw_x_rad", "eyeBlinkLeft")
    path = write_table(tmp_path / "a.csv", names, [[1, 0, 1, 0.1, 0.5]])
    assert kind_of(path) is None


PYFEAT = ("frame", "FaceRectX", "FaceScore", "AU01", "AU12", "Pitch", "Roll", "Yaw", "Identity")


def test_py_feat_counts_frames_and_names_people(tmp_path: Path) -> None:
    rows = [[k, 5, 0.9, 0.2, 0.7, 90, 0, 0, f"Person_{p}"] for k in range(20) for p in (0, 1)]
    path = write_table(tmp_path / "a.csv", PYFEAT, rows)
    assert kind_of(path) is Kind.PYFEAT
    sessions = read_sessions([path], fps=20.0)
    assert len(sessions) == 2
    assert sessions[0].head_id == "py-feat"
    np.testing.assert_allclose(sessions[1].motion.seconds, np.arange(20) / 20)
    np.testing.assert_allclose(sessions[0].motion.expression[0], [0.2, 0.7], atol=1e-7)
    np.testing.assert_allclose(sessions[0].motion.rotation[0], [np.pi / 2, 0, 0], atol=1e-6)


def test_py_feat_with_two_nameless_faces_is_refused(tmp_path: Path) -> None:
    rows = [[k // 2, 5, 0.9, 0.2, 0.7, 0, 0, 0] for k in range(20)]
    path = write_table(tmp_path / "a.csv", PYFEAT[:-1], rows)
    with pytest.raises(InputError, match="two faces, and it does not say whose"):
        read_sessions([path])


def test_py_feat_frames_without_a_face(tmp_path: Path) -> None:
    rows: list[list[object]] = [[k, 5, 0.9, 0.2, 0.7, 0, 0, 0] for k in range(20)]
    rows[3][2:5] = ["", "", ""]
    rows[4][2] = 0.1
    (session,) = read_sessions([write_table(tmp_path / "a.csv", PYFEAT[:-1], rows)])
    assert session.invalid_reason is not None
    told = [INVALID_REASONS[k] for k in session.invalid_reason[3:5]]
    assert told == ["no face", "low confidence"]
