"""`facedyn import` of other programs' measurements, and the verbs that follow on such a library."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from tests.headmodel.flame_files import flame_arrays
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table

CONSENT = ("--consent", "made up for this test, 3 May 2025")


def imported(run: Any, folder: Path, library: Path, *more: str) -> dict[str, Any]:
    done = run("import", folder, "--library", library, *CONSENT, *more, "--json")
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two people with two tables each that move, one of two faces, one that is no table."""
    folder = tmp_path / "corpus"
    rng = np.random.default_rng(0)
    for person, pace in (("ada", 3.0), ("bob", 8.0)):
        (folder / person).mkdir(parents=True)
        for take in range(2):
            rows = openface_rows(500)
            wander = np.cumsum(0.3 * rng.normal(size=len(rows)))  # no take is like another
            for row, phase in zip(rows, wander, strict=True):
                row[5] = 2 + np.sin(pace * float(row[2]) + phase) + 0.1 * rng.normal()
                row[6] = 2 + np.cos(0.5 * pace * float(row[2]) + phase) + 0.1 * rng.normal()
            write_table(folder / person / f"take{take}.csv", OPENFACE_NAMES, rows)
    two = [
        row for pair in zip(openface_rows(60), openface_rows(60, 1), strict=True) for row in pair
    ]
    write_table(folder / "bob" / "two.csv", OPENFACE_NAMES, two)
    write_table(folder / "bob" / "survey.csv", ("question", "answer"), [[1, 2]])
    (folder / "bob" / "notes.txt").write_text("nothing")
    return folder


def test_folders_are_people_and_tables_recordings(run: Any, tables: Path, tmp_path: Path) -> None:
    facts = imported(run, tables, tmp_path / "library")
    assert (facts["n_speakers"], facts["n_added"]) == (2, 4)
    reasons = {Path(one["path"]).name: one["reason"] for one in facts["left_out"]}
    assert "holds 2 faces" in reasons["two.csv"]
    assert "no column that is known" in reasons["survey.csv"]
    again = imported(run, tables, tmp_path / "library")
    assert (again["n_added"], again["n_already_there"]) == (0, 4)
    with Library.open(tmp_path / "library", create=False) as library:
        assert {entry.head_id for entry in library.sessions()} == {"openface-2"}
        assert [entry.name for entry in library.sessions("ada")] == ["take0", "take1"]


def test_the_openface_layout_takes_each_face_for_a_person(
    run: Any, tables: Path, tmp_path: Path
) -> None:
    facts = imported(run, tables, tmp_path / "library", "--layout", "openface")
    assert facts["n_added"] == 6
    assert facts["left_out"] == []
    with Library.open(tmp_path / "library", create=False) as library:
        names = [speaker.name for speaker in library.speakers()]
    assert names == ["ada", "bob", "bob face 0", "bob face 1"]


def test_other_programs_are_passed_over_in_a_layout(run: Any, tables: Path, tmp_path: Path) -> None:
    done = run("import", tables, "--library", tmp_path / "library", *CONSENT, "--layout", "flame")
    assert done.exit_code == 3
    assert "no recordings" in done.stderr


def test_flame_parameters_come_in_with_their_head(
    run: Any, tiny_head: HeadModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    head = tmp_path / "flame.npz"
    np.savez(head, **flame_arrays(tiny_head))
    frames = tmp_path / "corpus" / "ada" / "monday" / "flame_param"
    frames.mkdir(parents=True)
    whole: dict[str, Any] = {
        "expr": np.ones((40, 50)),
        "jaw_pose": np.zeros((40, 3)),
        "shape": np.ones((1, 300)),
    }
    for k in range(40):
        one: dict[str, Any] = {
            name: values[k : k + 1] for name, values in whole.items() if name != "shape"
        }
        np.savez(frames / f"{k:05d}.npz", **one, shape=whole["shape"])
    np.savez(tmp_path / "corpus" / "ada" / "tuesday.npz", **whole)
    write_table(tmp_path / "corpus" / "ada" / "x.csv", OPENFACE_NAMES, openface_rows(50))
    more = ("--layout", "flame", "--head", str(head), "--fps", "25")
    facts = imported(run, tmp_path / "corpus", tmp_path / "library", *more)
    assert (facts["n_added"], facts["n_fps_assumed"], facts["left_out"]) == (2, 0, [])
    with Library.open(tmp_path / "library", create=False) as library:
        entries = library.sessions("ada")
        assert [entry.name for entry in entries] == ["monday", "tuesday"]
        assert len({entry.head_id for entry in entries}) == 1
        assert entries[0].head_id.startswith("flame-300-50@")
        monday, tuesday = (library.load(entry) for entry in entries)
    np.testing.assert_array_equal(monday.motion.expression, tuesday.motion.expression)
    assert monday.motion.seconds[-1] == pytest.approx(39 / 25)


def test_tables_beside_no_folder_are_one_persons(run: Any, tables: Path, tmp_path: Path) -> None:
    facts = imported(run, tables / "ada", tmp_path / "library")
    assert (facts["n_speakers"], facts["n_added"]) == (1, 2)
    with Library.open(tmp_path / "library", create=False) as library:
        assert [speaker.name for speaker in library.speakers()] == ["ada"]


def test_enrol_drift_and_reports_live_without_shape(run: Any, tables: Path, tmp_path: Path) -> None:
    library = ("--library", tmp_path / "library")
    takes = [tables / "ada" / f"take{k}.csv" for k in range(2)]
    done = run("enrol", "ada", *takes, *library, *CONSENT)
    assert done.exit_code == 0, done.stderr
    done = run("dnr", *library, "--speaker", "ada")
    assert done.exit_code == 3
    assert "no drift can be told" in done.stderr
    assert run("dnr", *library).exit_code == 0
    done = run("identify", takes[0], *library)
    assert done.exit_code == 3
    assert "'open-head-2'" in done.stderr
    assert "'openface-2'" in done.stderr
    for options in ((), ("--speaker", "ada")):
        page = tmp_path / "page.html"
        done = run("report", *options, *library, "-o", page)
        assert done.exit_code == 0, done.stderr
        # the letters of a picture say anything: its axis bears the day
        words = re.sub(r"data:image/png;base64,[\w+/=]*", "", page.read_text())
        assert "ada" in words
        assert "nan" not in words.lower()


def test_a_recognizer_is_trained_on_such_a_library(run: Any, tables: Path, tmp_path: Path) -> None:
    imported(run, tables, tmp_path / "library")
    library, out = ("--library", tmp_path / "library"), tmp_path / "recognizer"
    done = run("train", *library, "-o", out, "--steps", "2", "--test-sessions", "none")
    assert done.exit_code == 0, done.stderr
    assert json.loads((out / "config.json").read_text())["head_id"] == "openface-2"
    done = run("identify", tables / "ada" / "take1.csv", *library, "--recognizer", out, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["head_id"] == "openface-2"


@pytest.mark.parametrize(
    ("corpus", "n_recordings", "n_people", "channel_set"),
    [
        ("react", 157, 45, "openface-2"),
        ("calls", 84, 28, "openface-2"),
        ("react_landmarks", 157, 45, "openface-lmk16"),
        ("livelink", 1, 1, "arkit-52"),
    ],
)
def test_the_corpora_beside_the_checkout_come_in_whole(
    run: Any,
    shared: Path,
    tmp_path: Path,
    corpus: str,
    n_recordings: int,
    n_people: int,
    channel_set: str,
) -> None:
    folder = shared / "corpora" / corpus
    if not folder.is_dir():
        pytest.skip(f"the corpus {corpus} is absent from ../shared")
    facts = imported(run, folder, tmp_path / "library")
    assert (facts["n_added"], facts["n_speakers"]) == (n_recordings, n_people)
    assert facts["left_out"] == []
    with Library.open(tmp_path / "library", create=False) as library:
        entries = library.sessions()
    assert {entry.head_id for entry in entries} == {channel_set}
    assert min(entry.n_valid / entry.n_frames for entry in entries) > 0.8
