"""`facedyn fit` and what follows it, on real recordings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session

Run = Callable[..., Any]


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


def test_the_mean_with_the_mirrored_video_is_told_by_the_session(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    kept = {}
    for name, options in {"plain": (), "mean": ("--mirrored-mean",)}.items():
        out = tmp_path / f"{name}.npz"
        result = run("fit", video, "-o", out, *options)
        assert result.exit_code == 0, result.stderr
        kept[name] = load_session(out)
    told = {name: session.meta["settings"]["landmarks"] for name, session in kept.items()}
    assert told["plain"]["mirrored_mean"] is False
    assert told["mean"] == told["plain"] | {"mirrored_mean": True}
    assert kept["mean"].motion.valid.sum() >= 71
    assert not np.array_equal(kept["mean"].motion.expression, kept["plain"].motion.expression)


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
    told = session.meta["settings"]["landmarks"]
    assert (told["engine"], told["max_faces"]) == ("mediapipe", 1)
    assert session.motion.valid.sum() >= 71
    result = run("fit", video, "-o", tmp_path / "m.npz", "--mirrored-mean", *own)
    assert result.exit_code == 2
    assert "--mirrored-mean does not go with --engine mediapipe" in result.stderr


def test_people_are_enrolled_by_the_engine_that_is_named(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    library, consent = tmp_path / "library", ("--consent", "A test.")
    result = run("enrol", "Ada", video, "--library", library, *consent, "--engine", "mediapipe")
    assert result.exit_code == 0, result.stderr
    with Library.open(library) as opened:
        (entry,) = opened.sessions()
        told = opened.load(entry).meta["settings"]["landmarks"]
    assert told["engine"] == "mediapipe"
