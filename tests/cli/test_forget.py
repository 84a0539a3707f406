"""`facedyn speakers forget`: what will go is said, then it is gone from every folder."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.locks import holding

Run = Callable[..., Any]
NAMES = ("Annabel", "Annabel-Marie", "Bo")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All folders that the program writes are in here."""
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    return home


@pytest.fixture
def library(run: Run, home: Path, corpus: Path, recognizer: Path, tmp_path: Path) -> Path:
    """Two sessions of three speakers, compared with each other; a recognizer trained on them."""
    folder = tmp_path / "library"
    for speaker, name in enumerate(NAMES):
        files = sorted((corpus / f"speaker{speaker:05d}").iterdir())[:2]
        own = [tmp_path / f"{name}_{file.name}" for file in files]
        for file, copy in zip(files, own, strict=True):
            shutil.copy(file, copy)
        assert run("enrol", name, *own, "--library", folder, "--consent", name).exit_code == 0
    probe = tmp_path / "annabel-later.npz"
    shutil.copy(sorted((corpus / "speaker00000").iterdir())[2], probe)
    asked = run("verify", "Annabel", probe, "--library", folder, "--recognizer", recognizer)
    assert asked.exit_code == 0, asked.stderr
    trained_on(folder, recognizer)
    return folder


def trained_on(library: Path, recognizer: Path) -> None:
    """A recognizer and an unfinished training in the library, as training leaves them."""
    with Library.open(library, create=False) as opened:
        tokens = [entry.file_name[:12] for entry in opened.sessions()]
    shutil.copytree(recognizer, library / "recognizers" / "mine")
    config = library / "recognizers" / "mine" / "config.json"
    content = json.loads(config.read_text())
    content["training"]["sessions"] = tokens
    config.write_text(json.dumps(content))
    for folder, name in (("old.training", "Annabel"), ("other.training", "Bo")):
        (library / "recognizers" / folder).mkdir()
        index = {"sessions": [{"speaker": name, "rows": 3}]}
        (library / "recognizers" / folder / "tracks.json").write_text(json.dumps(index))


def written_elsewhere(home: Path, tmp_path: Path) -> None:
    """What log, window and a training that was killed have written of Annabel."""
    log = home / "facedyn" / "log"
    log.mkdir(parents=True, exist_ok=True)
    (log / "facedyn.log").write_text(
        "WARNING: The session 'x' of 'Annabel' is left out\n"
        "WARNING: The session 'x' of 'Annabel-Marie' is left out\n"
        "ERROR: '/data/Annabel 1.mov' cannot be read\n"
    )
    (home / "facedyn" / "window.ini").write_text(
        "[recent]\nfiles=/data/annabel_1.mov, /data/bo.mov\nlast=/data/Annabel/visit.mov\nsize=3\n"
    )
    stale = tmp_path / "temp" / "facedyn-train-x"
    stale.mkdir()
    (stale / "tracks.json").write_text(json.dumps({"sessions": [{"speaker": "Annabel"}]}))


def everything(*folders: Path) -> dict[Path, bytes]:
    paths = [path for folder in folders for path in folder.rglob("*")]
    return {path: path.read_bytes() for path in paths if path.is_file()}


def test_nothing_is_left_anywhere(run: Run, home: Path, library: Path, tmp_path: Path) -> None:
    written_elsewhere(home, tmp_path)
    with Library.open(library, create=False) as opened:
        gone = [entry.file_name for entry in opened.sessions("Annabel")]
        stays = [entry.file_name for entry in opened.sessions() if entry.file_name not in gone]
    killed = library / "sessions" / "feed.npz"
    shutil.copy(library / "sessions" / gone[0], killed)

    result = run("speakers", "forget", "Annabel", "--library", library, "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["speaker"], facts["n_sessions"], facts["found"]) == ("Annabel", 2, [])
    assert facts["marked_recognizers"] == ["mine"]
    left = everything(library, home, tmp_path / "temp")
    assert facts["searched_files"] == len(left)

    for path, content in left.items():
        for name in (b"Annabel", "Annabel".encode("utf-32-le")):
            marie = "-Marie".encode("utf-32-le") if name[1] == 0 else b"-Marie"
            rest = content.replace(name + marie, b"").replace(name + b"_Marie", b"")
            rest = rest.replace(name + b"-Marie_session", b"")
            assert name not in rest, path
        assert not any(one[:12].encode() in content for one in gone), path
    assert sorted(path.name for path in (library / "sessions").iterdir()) == sorted(stays)
    assert [p.name for p in (library / "recognizers").iterdir() if p.suffix == ".training"] == [
        "other.training"
    ]
    training = json.loads((library / "recognizers" / "mine" / "config.json").read_text())
    told = training["training"]["sessions"]
    assert told == ["forgotten"] * 2 + [name[:12] for name in stays]
    assert training["training"]["forgotten_sessions"] == 2
    assert (home / "facedyn" / "window.ini").read_text() == (
        "[recent]\nfiles=/data/bo.mov\nsize=3\n"
    )
    assert (home / "facedyn" / "log" / "facedyn.log").read_text() == (
        "WARNING: The session 'x' of 'forgotten speaker 1' is left out\n"
        "WARNING: The session 'x' of 'Annabel-Marie' is left out\n"
        "ERROR: 'a forgotten recording' cannot be read\n"
    )
    assert list((tmp_path / "temp").iterdir()) == []
    with Library.open(library, create=False) as opened:
        trail = [line.what for line in opened.audit.lines()]
    assert "forgotten speaker 1, session 1" in trail
    assert "Annabel-Marie, session 3" in trail
    assert "a forgotten recording against 'forgotten speaker 1'" in trail


def test_it_is_said_first_and_not_done_unasked(run: Run, library: Path) -> None:
    before = everything(library)
    result = run("speakers", "forget", "Annabel", "--library", library)
    assert result.exit_code == 3
    for line in (
        "the speaker 'Annabel', with consent, tags and notes",
        "the session #1 'Annabel_session00'",
        "the session #2 'Annabel_session01'",
        "old.training'",
        "in the training list of the recognizer 'mine': their sessions",
        "Nothing is forgotten yet. Say '--yes' to do it.",
    ):
        assert line in result.stderr
    assert "other.training" not in result.stderr
    assert everything(library) == before


def test_what_is_left_is_said(run: Run, home: Path, library: Path) -> None:
    note = home / "facedyn" / "notes.txt"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("Annabel came late")
    result = run("speakers", "forget", "Annabel", "--library", library, "--yes")
    assert result.exit_code == 0
    assert "forgotten: Annabel, 2 sessions\nsearched " in result.stdout
    assert f"  {note}: the name\n" in result.stdout


def test_a_session_alone(run: Run, library: Path) -> None:
    with Library.open(library, create=False) as opened:
        first, second = opened.sessions("Annabel")
    result = run("speakers", "forget", "--session", "1", "--library", library, "--yes", "--json")
    facts = json.loads(result.stdout)
    assert (facts["speaker"], facts["n_sessions"], facts["found"]) == (None, 1, [])
    with Library.open(library, create=False) as opened:
        assert opened.sessions("Annabel") == [second]
    for path, content in everything(library).items():
        assert first.file_name[:12].encode() not in content, path
        assert b"Annabel_session00" not in content, path


def test_while_a_training_on_the_person_runs_nothing_goes(run: Run, library: Path) -> None:
    before = everything(library)
    with holding(library / "recognizers" / "old.training", ""):
        result = run("speakers", "forget", "Annabel", "--library", library, "--yes")
        assert run("speakers", "forget", "Bo", "--library", library, "--yes").exit_code == 0
    assert result.exit_code == 3
    assert "A training on this person runs in" in result.stderr
    assert (
        before.items()
        >= {
            path: content
            for path, content in everything(library).items()
            if path.name == "tracks.json"
        }.items()
    )
    with Library.open(library, create=False) as opened:
        assert len(opened.sessions("Annabel")) == 2


@pytest.mark.parametrize("arguments", [[], ["Annabel", "--session", "1"]])
def test_one_of_both_is_named(run: Run, library: Path, arguments: list[str]) -> None:
    result = run("speakers", "forget", *arguments, "--library", library, "--yes")
    assert result.exit_code == 3
    assert "Name a speaker or a session" in result.stderr
