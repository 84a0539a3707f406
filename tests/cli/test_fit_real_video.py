"""`facedyn fit` and what follows it, on real recordings."""

import json
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session
from facedyn_app.records import INVALID_REASONS
from tests.cli.conftest import Run


def test_fit_reports_what_the_session_file_holds(run: Run, shared: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.npz"
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    result = run("fit", video, "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    session = load_session(out)
    assert facts["n_frames"] == len(session.motion.seconds) == 72
    assert facts["n_valid"] == int(session.motion.valid.sum()) >= 71
    assert 0.0 < facts["error_percent_face"] < 1.5
    seconds = facts["seconds_per_stage"]
    assert facts["fit_fps"] * seconds["fit"] == pytest.approx(72.0)
    assert facts["total_fps"] * seconds["total"] == pytest.approx(72.0)
    assert facts["total_fps"] < facts["fit_fps"]
    assert facts["head_id"] == session.head_id
    assert facts["simulated"] is False
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["s.npz"]


def test_the_mean_with_the_mirrored_video_and_the_optical_flow_are_told_by_the_session(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    kept = {}
    asked = {"plain": ("--no-mirrored-mean",), "mean": (), "flow": ("--optical-flow",)}
    for name, options in asked.items():
        out = tmp_path / f"{name}.npz"
        result = run("fit", video, "-o", out, *options)
        assert result.exit_code == 0, result.stderr
        kept[name] = load_session(out)
    told = {name: (session.info.settings or {})["landmarks"] for name, session in kept.items()}
    assert told["plain"]["mirrored_mean"] is False
    assert told["mean"] == told["plain"] | {"mirrored_mean": True}
    assert told["flow"] == told["mean"] | {"optical_flow": True}
    assert [kept[name].mirrored_mean for name in asked] == [False, True, True]
    for name in ("mean", "flow"):
        motion, plain = kept[name].motion, kept["plain"].motion
        assert motion.valid.sum() >= 71
        both = motion.valid & plain.valid
        channel = plain.names.index("eyeBlinkLeft")
        blinks = [one.expression[both, channel] for one in (motion, plain)]
        assert not np.array_equal(*blinks)
        assert np.corrcoef(*blinks)[0, 1] > 0.8


def test_what_is_wrong_with_a_video_is_said_and_kept(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    """A mirrored selfie with a gap, its rate set by hand."""
    data = bytearray((shared / "cases" / "01_hflip.mp4").read_bytes())
    video, out = tmp_path / "selfie.mp4", tmp_path / "s.npz"
    with av.open(str(shared / "cases" / "01_hflip.mp4")) as container:
        places = [(one.pos, one.size) for one in container.demux(video=0) if one.size]
    for at, size in places[36:48]:  # from one keyframe to the next
        data[at : at + size] = bytes(size)
    video.write_bytes(data)
    result = run("fit", video, "-o", out, "--fps", 50, "--json")
    assert result.exit_code == 0, result.stderr
    session = load_session(out)
    notes = session.info.notes
    assert list(notes) == [
        "Even steps at 50 frames/s, as asked for.",
        "The file asks to be shown mirrored: left and right are the person's.",
        "12 of 100 pictures cannot be decoded: the file is damaged there.",
    ]
    assert json.loads(result.stdout)["warnings"] == [f"'selfie.mp4': {note}" for note in notes]
    assert session.mirrored
    np.testing.assert_allclose(session.motion.seconds, np.arange(100) / 50, atol=1e-9)
    assert session.invalid_reason is not None
    gap = session.invalid_reason == INVALID_REASONS.index("damaged picture")
    assert np.flatnonzero(gap).tolist() == list(range(36, 48))
    assert int(session.motion.valid.sum()) == 88


def test_a_call_whose_picture_changes_its_shape_has_the_shape_of_its_face(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    out = tmp_path / "call.npz"
    result = run("fit", shared / "cases" / "07_call.webm", "-o", out)
    assert result.exit_code == 0, result.stderr
    session = load_session(out)
    assert "changes its shape" in session.info.notes[0]
    assert int(session.motion.valid.sum()) >= 149
    share = session.error_px / session.face_px
    parts = [float(np.nanmean(share[first : first + 50])) for first in (0, 50, 100)]
    assert max(parts) < 0.009  # stretched, the upright part has 0.031
    away = [
        float(np.nanmedian(session.motion.translation[first : first + 50, 2])) for first in (0, 50)
    ]
    assert away[1] == pytest.approx(away[0], rel=0.03)


def test_a_video_without_a_face_is_refused(run: Run, shared: Path, tmp_path: Path) -> None:
    video = shared / "data" / "videos" / "pyfeat_no_face.mp4"
    result = run("fit", video, "-o", tmp_path / "s.npz")
    assert result.exit_code == 3
    assert "pyfeat_no_face.mp4" in result.stderr
    assert not (tmp_path / "s.npz").exists()


def test_mediapipes_own_graph_is_told_by_the_session(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    out, own = tmp_path / "s.npz", ("--engine", "mediapipe", "--max-faces", "1")
    result = run("fit", video, "-o", out, *own)
    assert result.exit_code == 0, result.stderr
    session = load_session(out)
    assert session.info.settings is not None
    told = session.info.settings["landmarks"]
    assert (told["engine"], told["max_faces"]) == ("mediapipe", 1)
    assert session.motion.valid.sum() >= 71
    assert not session.mirrored_mean


def test_people_are_enrolled_by_the_engine_that_is_named(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    library, consent = tmp_path / "library", ("--consent", "A test.")
    result = run("enrol", "Ada", video, "--library", library, *consent, "--engine", "mediapipe")
    assert result.exit_code == 0, result.stderr
    with Library.open(library) as opened:
        (entry,) = opened.sessions()
        told = opened.load(entry).info.settings
    assert told is not None
    assert told["landmarks"]["engine"] == "mediapipe"
