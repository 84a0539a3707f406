"""`facedyn measure`: its text, its JSON, its tables, and the sentences for what does not do."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.clinical_script import (
    Script,
    ScriptedBlink,
    act,
    mirrored_truth,
    session_of_truth,
)
from facedyn_app.events import Event
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import save_session
from facedyn_app.records import Session, SourceFile
from facedyn_app.video import read_frames, write_video
from tests.cli.conftest import Run
from tests.sessions import altered

SCRIPT = Script(tuple(ScriptedBlink(1.0 + 2.0 * k) for k in range(4)), seconds=10.0)


@pytest.fixture(scope="module")
def session(head: HeadModel) -> Session:
    simulated = act(SCRIPT, head.expression_names, 30.0, np.random.default_rng(0))
    made = session_of_truth(simulated, np.zeros(head.n_shape), head.head_id)
    return replace(made, info=replace(made.info, source=SourceFile("a.mp4", "ab" * 32), face=1))


@pytest.fixture
def file(session: Session, tmp_path: Path) -> Path:
    path = tmp_path / "a.npz"
    save_session(session, path)
    return path


def test_as_text_and_as_json(run: Run, file: Path) -> None:
    answer = run("measure", file)
    assert answer.exit_code == 0, answer.stderr
    assert "blinks: 4 in 10 s" in answer.stdout
    assert "adult mean inter-pupillary distance" in answer.stdout
    assert "simulated" in answer.stdout
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert any(line.startswith("Palpebral fissure height rest mm ") for line in lines)
    assert any(line.startswith("Lip separation rest mm ") for line in lines)
    answer = run("measure", file, "--json", "--ipd", "60")
    (facts,) = json.loads(answer.stdout)["recordings"]
    assert facts["scale"]["entered"]
    assert facts["blink_summary"]["n"] == len(facts["blinks"]) == 4
    assert facts["sides"]["rest"]["fissure_height"]["left"]["value"] > 5.0


def test_tables_with_their_code_books(run: Run, file: Path, tmp_path: Path) -> None:
    for out in ("t.csv", "t.xlsx", "t.parquet"):
        answer = run("measure", file, "-o", tmp_path / out, "--json")
        assert answer.exit_code == 0, answer.stderr
        assert all(Path(path).is_file() for path in json.loads(answer.stdout)["files"])
    answer = run("measure", file, "-o", tmp_path / "b.csv", "--rows", "blink", "--decimal", ",")
    assert answer.exit_code == 0, answer.stderr
    lines = (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    assert ";" in lines[0]


def test_the_mirrored_fit_takes_the_programs_own_difference_off(
    run: Run, session: Session, file: Path, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirrored.npz"
    save_session(mirrored_truth(session), mirror)
    answer = run("measure", file, "--mirror", mirror, "--json")
    assert answer.exit_code == 0, answer.stderr
    (facts,) = json.loads(answer.stdout)["recordings"]
    assert all(one["mirrored"] for one in facts["sides"]["range"].values())
    for of_another in (
        {"source": SourceFile("b.mp4", "cd" * 32)},
        {"settings": {"landmarks": {"optical_flow": True}}},
    ):
        save_session(altered(mirrored_truth(session), **of_another), mirror)
        answer = run("measure", file, "--mirror", mirror)
        assert answer.exit_code == 3
        assert "belongs to none" in answer.stderr
        assert "fitted alike but for --mirrored" in answer.stderr


def test_visits_fitted_in_different_ways_are_named(
    run: Run, session: Session, tmp_path: Path
) -> None:
    ways = {"one": {"mirrored_mean": True}, "two": {"mirrored_mean": True, "optical_flow": True}}
    paths = [tmp_path / f"{name}.npz" for name in ways]
    for path, way in zip(paths, ways.values(), strict=True):
        save_session(altered(session, settings={"landmarks": way}), path)
    answer = run("measure", *paths, "-o", tmp_path / "t.csv")
    assert answer.exit_code == 0, answer.stderr
    assert "in different ways (landmarks; landmarks and skin)" in answer.stdout
    assert answer.stdout.count("Fitted to the landmarks alone") == 1
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["fitted_to"] for row in rows] == ["landmarks", "landmarks and skin"]
    assert "in different ways" not in run("measure", paths[0], paths[0]).stdout


def test_light_from_one_side_is_said(run: Run, session: Session, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.npz" for name in ("even", "side", "unknown")]
    for path, light in zip(paths, (1.0, 1.6, None), strict=True):
        ratio = None if light is None else np.full(len(session.motion.seconds), light, np.float32)
        save_session(replace(session, light_ratio=ratio), path)
    answer = run("measure", *paths, "-o", tmp_path / "t.csv")
    assert answer.exit_code == 0, answer.stderr
    assert "lit in different ways (even; left side 1.6 times as bright)" in answer.stdout
    assert answer.stdout.count("The light comes from one side (left side 1.6") == 1
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        ratios = [row["light_ratio"] for row in csv.DictReader(file)]
    assert [float(ratio) for ratio in ratios[:2]] == pytest.approx([1.0, 1.6])
    assert ratios[2] == ""


def test_tasks_are_measured_and_proposals_of_tasks_are_not(
    run: Run, session: Session, tmp_path: Path
) -> None:
    marked = [Event("task", 1.0, 3.0, "smile"), Event("proposed", 4.0, 6.0, "smile")]
    for kind, n_tasks in (("task", 1), ("proposed", 0)):
        events = tuple(one for one in marked if one.kind == kind)
        save_session(replace(session, events=events), tmp_path / f"{kind}.npz")
        answer = run("measure", tmp_path / f"{kind}.npz", "--json")
        assert answer.exit_code == 0, answer.stderr
        assert len(json.loads(answer.stdout)["recordings"][0]["tasks"]) == n_tasks
        text = run("measure", tmp_path / f"{kind}.npz").stdout
        assert text.count("Smile: oral commissure excursion") == n_tasks


def test_change_by_date(run: Run, session: Session, tmp_path: Path) -> None:
    paths = [tmp_path / "later.npz", tmp_path / "earlier.npz"]
    for path, month in zip(paths, (6, 2), strict=True):
        date = datetime(2026, month, 1, tzinfo=UTC)
        save_session(altered(session, recorded_at=date), path)
    answer = run("measure", *paths, "--rows", "change", "-o", tmp_path / "c.csv", "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert [one["recording"] for one in facts["recordings"]] == ["earlier.npz", "later.npz"]
    assert not any(one["told"] for one in facts["changes"])
    assert facts["notes"] == []


def test_what_has_changed_is_called_as_in_the_window(
    run: Run, head: HeadModel, tmp_path: Path
) -> None:
    paths = [tmp_path / "before.npz", tmp_path / "after.npz"]
    for path, palsy in zip(paths, (0.9, 0.0), strict=True):
        script = Script(tasks=("smile", "smile"), palsy=palsy)
        moved = act(script, head.expression_names, 30.0, np.random.default_rng(0))
        made = session_of_truth(moved, np.zeros(head.n_shape), head.head_id)
        save_session(replace(made, events=script.events), path)
    text = run("measure", *paths).stdout
    assert "change between the recordings, taken for one person's" in text
    told = [
        " ".join(line.split())
        for line in text.splitlines()
        if "before.npz after.npz" in " ".join(line.split())
    ]
    smile = "before.npz after.npz Smile: oral commissure excursion peak, left mm +"
    assert any(line.startswith(smile) for line in told), told
    assert not any("_" in line for line in told)


def test_visits_whose_files_bear_one_name_are_told_apart(
    run: Run, session: Session, tmp_path: Path
) -> None:
    paths = [tmp_path / visit / "s.npz" for visit in ("visit1", "visit2")]
    for path in paths:
        path.parent.mkdir()
        save_session(session, path)
    facts = json.loads(run("measure", *paths, "--json").stdout)
    assert [one["recording"] for one in facts["recordings"]] == ["visit1/s.npz", "visit2/s.npz"]
    assert (facts["changes"][0]["from"], facts["changes"][0]["to"]) == (
        "visit1/s.npz",
        "visit2/s.npz",
    )


def test_a_page_compares_the_first_recording_with_the_last(
    run: Run, session: Session, tmp_path: Path
) -> None:
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        save_session(session, path)
    page = tmp_path / "page.html"
    answer = run("measure", *paths, "--report", page, "--json")
    assert answer.exit_code == 0, answer.stderr
    assert json.loads(answer.stdout)["files"] == [str(page)]
    text = page.read_text(encoding="utf-8")
    assert "b.npz less a.npz" in text
    assert "Blinks a minute" in text
    answer = run("measure", paths[0], "--report", tmp_path / "one.html")
    assert answer.exit_code == 3
    assert "two sessions" in answer.stderr


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--report", "t.txt"], 2, "must end in .html or .pdf"),
        (["--ipd", "200"], 3, "no person's"),
        (["--rows", "change"], 3, "two recordings"),
        (["--rows", "task", "-o", "t.csv"], 3, "nothing for a row a task"),
        (["-o", "t.doc"], 2, "must end in"),
        (["--decimal", ",", "--separator", ","], 2, "must differ"),
        (["--separator", "|"], 2, "--separator must be"),
    ],
)
def test_what_does_not_do_is_said(
    run: Run,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(file.parent)
    answer = run("measure", file, *options)
    assert answer.exit_code == code
    assert sentence in " ".join(answer.stderr.replace("│", " ").split())
    assert not (file.parent / "t.csv").exists()


def test_a_video_is_to_be_fitted_first(run: Run, moving_video: Path) -> None:
    answer = run("measure", moving_video)
    assert answer.exit_code == 3
    assert "must be fitted first" in answer.stderr


def test_a_session_of_a_person_fitted_from_a_video(run: Run, shared: Path, tmp_path: Path) -> None:
    video = shared / "data" / "videos" / "pyfeat_single_face.mp4"
    assert run("fit", video, "-o", tmp_path / "p.npz").exit_code == 0
    answer = run("measure", tmp_path / "p.npz", "--json")
    (facts,) = json.loads(answer.stdout)["recordings"]
    assert facts["blink_summary"]["n"] == 1
    assert 4.0 < facts["sides"]["rest"]["fissure_height"]["left"]["value"] < 14.0


@pytest.mark.parametrize("left", [True, False])
def test_half_a_face_is_refused_with_a_sentence(
    run: Run, shared: Path, tmp_path: Path, left: bool
) -> None:
    frames = islice(read_frames(shared / "data" / "videos" / "talk_a.mp4"), 25)
    middle = 250  # px, the nose
    part = slice(None, middle) if left else slice(middle, None)
    halves = [np.ascontiguousarray(frame.image[:, part]) for frame in frames]
    write_video(tmp_path / "half.mp4", halves, 25.0, effort=8)
    answer = run("fit", tmp_path / "half.mp4", "-o", tmp_path / "half.npz")
    assert answer.exit_code == 3
    assert "must be visible from the front" in answer.stderr
    assert not (tmp_path / "half.npz").exists()
