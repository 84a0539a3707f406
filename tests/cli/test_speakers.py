"""`facedyn speakers`: what scripts and people are told, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def library(run: Run, corpus: Path, tmp_path: Path) -> Path:
    """A library with a session of each of three simulated speakers."""
    folder = tmp_path / "library"
    for speaker, name in enumerate(("Ada", "Bo", "Cy")):
        file = sorted((corpus / f"speaker{speaker:05d}").iterdir())[0]
        result = run("enrol", name, file, "--library", folder, "--consent", f"consent of {name}")
        assert result.exit_code == 0, result.stderr
    return folder


def listed(run: Run, library: Path) -> list[tuple[str, int]]:
    facts = json.loads(run("speakers", "list", "--library", library, "--json").stdout)
    return [(one["name"], len(one["sessions"])) for one in facts["speakers"]]


def test_everybody_is_listed_with_what_is_noted(run: Run, library: Path) -> None:
    assert run("speakers", "tag", "Ada", "pilot", "left", "--library", library).exit_code == 0
    of_session = ("--session", "session00", "--library", library)
    assert run("speakers", "note", "Ada", "tired", *of_session).exit_code == 0
    facts = json.loads(run("speakers", "list", "--library", library, "--json").stdout)
    ada = facts["speakers"][0]
    assert (ada["name"], ada["key"], ada["consent"]) == ("Ada", 1, "consent of Ada")
    assert (ada["tags"], ada["note"]) == (["pilot", "left"], "")
    (session,) = ada["sessions"]
    assert (session["key"], session["name"], session["note"]) == (1, "session00", "tired")
    text = run("speakers", "list", "--library", library).stdout
    assert "pilot, left" in text
    assert "#1  session00" in text


def test_rename_merge_and_move(run: Run, library: Path) -> None:
    to = ("--library", library)
    assert run("speakers", "rename", "Ada", "P-001", *to).stdout == "renamed: Ada is P-001 now\n"
    assert run("speakers", "merge", "Bo", "Cy", *to).exit_code == 0
    assert listed(run, library) == [("P-001", 1), ("Cy", 2)]
    moved = run("speakers", "move", "P-001/session00", "Cy", *to, "--json")
    assert json.loads(moved.stdout)["speaker"] == "Cy"
    assert listed(run, library) == [("P-001", 0), ("Cy", 3)]
    assert run("speakers", "move", "1", "P-001", *to).exit_code == 0
    assert listed(run, library) == [("P-001", 1), ("Cy", 2)]


def test_a_session_that_is_not_there_or_not_one_alone(run: Run, library: Path) -> None:
    missing = run("speakers", "move", "none", "Cy", "--library", library)
    assert missing.exit_code == 3
    assert "no session 'none'" in missing.stderr
    several = run("speakers", "move", "session00", "Cy", "--library", library)
    assert several.exit_code == 3
    assert "#1 of 'Ada', #2 of 'Bo', #3 of 'Cy'" in several.stderr


def test_near_names_are_asked_about(run: Run, corpus: Path, library: Path) -> None:
    more = (sorted((corpus / "speaker00000").iterdir())[1], "--library", library)
    near = run("enrol", "ada", *more, "--consent", "c")
    assert near.exit_code == 3
    assert "'ada' is nearly the name of 'Ada'" in near.stderr
    assert "'--new'" in near.stderr
    assert run("enrol", " Ada ", *more).exit_code == 0
    renamed = run("speakers", "rename", "Bo", "A d a", "--library", library)
    assert (renamed.exit_code, "nearly the name of 'Ada'" in renamed.stderr) == (3, True)
    assert listed(run, library) == [("Ada", 2), ("Bo", 1), ("Cy", 1)]
    assert run("speakers", "rename", "Bo", "A d a", "--new", "--library", library).exit_code == 0
    shared = run("enrol", "ada", *more, "--consent", "c", "--new")
    assert (shared.exit_code, "of 'Ada'" in shared.stderr) == (3, True)
    assert run("enrol", "ada", *more, "--consent", "c", "--new", "--again").exit_code == 0
    assert listed(run, library) == [("Ada", 2), ("A d a", 1), ("Cy", 1), ("ada", 1)]
