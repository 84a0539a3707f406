"""`facedyn bench realism`: simulated speakers, folders and libraries, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

SMALL = ("--speakers", "3", "--sessions", "2", "--seconds", "10")


def test_the_simulated_speakers(run: Run) -> None:
    answer = run("bench", "realism", *SMALL, "--json")
    assert answer.exit_code == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert facts["population"] == {"seed": 1, "n_speakers": 3, "n_sessions": 2, "seconds": 10.0}
    for corpus in facts["corpora"].values():
        assert corpus["simulated"]
        assert (corpus["n_people"], corpus["n_sessions"]) == (3, 6)
        assert set(corpus["shares"]["speed"]) == {"share", "interval_90", "people", "near"}
    assert set(facts["corpora"]) == {"as fitted", "true motion"}
    text = run("bench", "realism", *SMALL).stdout
    assert "as fitted: 3 simulated people, 6 sessions" in text
    assert "velocity correlation" in text


def test_a_folder_and_a_library_give_the_same(run: Run, tmp_path: Path) -> None:
    folder, library = tmp_path / "made", tmp_path / "library"
    assert run("simulate", folder, *SMALL).exit_code == 0
    imported = run("import", folder, "--library", library, "--consent", "simulated")
    assert imported.exit_code == 0, imported.stderr
    found = []
    for place in (folder, library):
        answer = run("bench", "realism", place, "--json")
        assert answer.exit_code == 0, answer.stderr
        facts = json.loads(answer.stdout)
        assert facts["population"] is None
        found.append(facts["corpora"][str(place)])
    assert found[0] == found[1]
    assert found[0]["simulated"]


def test_places_without_sessions(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("bench", "realism", empty).exit_code == 3
    videos = tmp_path / "videos" / "somebody"
    videos.mkdir(parents=True)
    (videos / "a.mp4").write_bytes(b"")
    answer = run("bench", "realism", tmp_path / "videos")
    assert answer.exit_code == 3
    assert "no session files or" in answer.stderr


def test_too_few_people(run: Run, tmp_path: Path) -> None:
    made = tmp_path / "made"
    two = ("--speakers", "2", "--sessions", "2", "--seconds", "5")
    assert run("simulate", made, *two).exit_code == 0
    answer = run("bench", "realism", made)
    assert answer.exit_code == 3
    assert "2 people" in answer.stderr
