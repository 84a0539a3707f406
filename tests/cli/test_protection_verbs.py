"""`facedyn library protect` and what belongs to it; every verb on a protected library."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.protection.held import lock_all, unlock
from facedyn_app.library.protection.key_file import DATABASES
from facedyn_app.passphrase import ask_by

Run = Callable[..., Any]
PASSPHRASE, OTHER = "seven wet umbrellas", "eight dry parasols"
CONSENT = "agreed in writing on 3 May, study seventeen"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    for name in ("", "_NEW", "_FILE"):
        monkeypatch.delenv(f"FACEDYN{name}_PASSPHRASE", raising=False)
    lock_all()
    yield
    lock_all()
    ask_by(None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Has the passphrase."""
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\nand a second line\n")
    return tmp_path / "passphrase"


@pytest.fixture
def library(run: Run, corpus: Path, tmp_path: Path) -> Path:
    """A library of three simulated speakers, not protected."""
    done = run("import", corpus, "--library", tmp_path / "library", "--consent", CONSENT)
    assert done.exit_code == 0, done.output
    return tmp_path / "library"


def told(done: Any, code: int = 0) -> dict[str, Any]:
    """The answer; from then on everything is locked again, as in a process of its own."""
    lock_all()
    assert done.exit_code == code, done.output
    return dict(json.loads(done.stdout))


def on_disk(*folders: Path) -> bytes:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return b"".join(path.name.encode() + path.read_bytes() for path in files)


def test_no_passphrase_is_asked_for_that_nothing_could_take(
    run: Run, library: Path, file: Path, tmp_path: Path
) -> None:
    to = ("--library", library, "--json")
    error = told(run("library", "passphrase", *to), 3)["error"]
    assert error["sentence"] == f"The library '{library}' is not protected."
    nowhere = ("--library", tmp_path / "nowhere", "--json")
    error = told(run("library", "protect", *nowhere), 3)["error"]
    assert error["sentence"] == f"There is no library in '{tmp_path / 'nowhere'}'."
    told(run("library", "protect", *to, "--passphrase-file", file))
    error = told(run("library", "protect", *to), 3)["error"]
    assert error["sentence"] == f"The library '{library}' is protected already."


def test_from_protection_to_none(run: Run, library: Path, file: Path, tmp_path: Path) -> None:
    to = ("--library", library, "--json")
    made = told(run("library", "protect", *to, "--passphrase-file", file))
    assert (made["protected"], made["opens"], made["generation"]) == (
        True,
        ["passphrase", "recovery"],
        1,
    )
    refused = told(run("sessions", *to), 3)["error"]
    assert "is locked" in refused["sentence"]
    assert "--passphrase-file" in refused["hint"]
    assert len(told(run("sessions", *to, "--passphrase-file", file))["sessions"]) == 9
    (tmp_path / "new").write_text(OTHER)
    (tmp_path / "recovery").write_text(made["recovery_key"].lower())
    new = ("--new-passphrase-file", tmp_path / "new")
    told(run("library", "passphrase", *to, "--passphrase-file", tmp_path / "recovery", *new))
    told(run("sessions", *to, "--passphrase-file", file), 3)
    by_new = ("--passphrase-file", tmp_path / "new")
    assert told(run("library", "rekey", *to, *by_new))["generation"] == 2
    assert "recovery_key" in told(run("library", "recovery", *to, *by_new))
    assert told(run("library", "unprotect", *to, *by_new))["protected"] is False
    assert len(told(run("sessions", *to))["sessions"]) == 9
    told(run("library", "rekey", *to), 3)


def test_the_environment_gives_it_too(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEDYN_PASSPHRASE", PASSPHRASE)
    told(run("library", "protect", "--library", library, "--json"))
    assert told(run("library", "check", "--library", library, "--json"))["sound"] is True
    monkeypatch.setenv("FACEDYN_PASSPHRASE", OTHER)
    error = told(run("library", "check", "--library", library, "--json"), 3)["error"]
    assert "does not open" in error["sentence"]


def test_nobody_can_be_asked(run: Run, library: Path) -> None:
    error = told(run("library", "protect", "--library", library, "--json"), 3)["error"]
    assert "No passphrase is given" in error["sentence"]


@pytest.mark.parametrize("database", DATABASES)
def test_the_same_answer_and_nothing_on_the_disk(
    run: Run,
    library: Path,
    corpus: Path,
    recognizer: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: str,
) -> None:
    """Identified as without protection; name, consent, embeddings are in no file."""
    to = ("--library", library, "--json")
    probe = corpus / "speaker00001" / "session02.npz"
    ask = ("identify", probe, *to, "--recognizer", recognizer)
    before = told(run(*ask))
    embedding = next((library / "embeddings").glob("*.embeddings.bytes")).read_bytes()[:64]
    needles = (b"speaker00001", CONSENT.encode(), embedding)
    assert all(needle in on_disk(library) for needle in needles)
    monkeypatch.setenv("FACEDYN_PASSPHRASE", PASSPHRASE)
    told(run("library", "protect", *to, "--database", database))
    after = told(run(*ask))
    for one, other in zip(after["matches"], before["matches"], strict=True):
        assert one["name"] == other["name"]
        assert one["score"] == pytest.approx(other["score"], abs=2e-3)
    own = (library, tmp_path / "home", tmp_path / "temp")
    assert not any(needle in on_disk(*own) for needle in needles)
    assert any((library / "embeddings").iterdir())
    told(run("library", "rekey", *to))
    assert [one["name"] for one in told(run(*ask))["matches"]] == [
        one["name"] for one in before["matches"]
    ]
    forgotten = told(run("speakers", "forget", "speaker00001", *to, "--yes"))
    assert forgotten["found"] == []


def test_backup_and_restore(
    run: Run, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEDYN_PASSPHRASE", PASSPHRASE)
    out, again = tmp_path / "out.backup", tmp_path / "again"
    told(run("library", "protect", "--library", library, "--json"))
    assert told(run("backup", "--library", library, "-o", out, "--json"))["encrypted"] is True
    assert b"speaker00001" not in out.read_bytes()
    monkeypatch.delenv("FACEDYN_PASSPHRASE")
    error = told(run("restore", out, "--library", again, "--json"), 3)["error"]
    assert error["sentence"] == f"The backup '{out}' is locked."
    monkeypatch.setenv("FACEDYN_PASSPHRASE", OTHER)
    error = told(run("restore", out, "--library", again, "--json"), 3)["error"]
    assert error["sentence"] == f"This does not open the backup '{out}'."
    assert not again.exists()
    monkeypatch.setenv("FACEDYN_PASSPHRASE", PASSPHRASE)
    assert told(run("restore", out, "--library", again, "--json"))["n_sessions"] == 9
    assert told(run("library", "check", "--library", again, "--json"))["sound"] is True


def test_speakers_are_carried_sealed_or_said_to_be_open(
    run: Run, library: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(run("library", "protect", "--library", library, "--passphrase-file", file, "--json"))
    export = ("speakers", "export", "speaker00001", "--library", library, "--json")
    own = ("--passphrase-file", file)
    assert "No passphrase" in told(run(*export, "-o", tmp_path / "a", *own), 3)["error"]["sentence"]
    opened = told(run(*export, "-o", tmp_path / "open", "--open", *own))
    assert opened["encrypted"] is False
    assert CONSENT.encode() in (tmp_path / "open").read_bytes()
    (tmp_path / "way").write_text("a word for the way")
    way = ("--file-passphrase-file", tmp_path / "way")
    assert told(run(*export, "-o", tmp_path / "sealed", *way, *own))["encrypted"] is True
    assert CONSENT.encode() not in (tmp_path / "sealed").read_bytes()
    take = ("speakers", "import", tmp_path / "sealed", "--library", tmp_path / "other", "--json")
    told(run(*take), 3)
    monkeypatch.setenv("FACEDYN_FILE_PASSPHRASE", "another one")
    told(run(*take), 3)
    assert told(run(*take, *way))["speakers"][0]["n_sessions"] == 3


def test_training_leaves_nothing_to_read(
    run: Run, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recognizer, and the motion and checkpoint of a training that was stopped, are sealed."""
    from facedyn_app.progress import Cancelled, Progress
    from facedyn_app.recognizer.files import load_recognizer
    from facedyn_app.recognizer.split import TestSessions
    from facedyn_app.settings import NetworkSettings, Settings, TrainSettings
    from facedyn_app.workflows.train import TrainingPlan, train_on_library

    monkeypatch.setenv("FACEDYN_PASSPHRASE", PASSPHRASE)
    told(run("library", "protect", "--library", library, "--json"))
    unlock(library, PASSPHRASE)
    settings = Settings(
        network=NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=16),
        train=TrainSettings(speakers_per_batch=3, max_steps=2, warmup_steps=1),
    )
    out = library / "recognizers" / "mine"

    def stop(progress: Progress) -> None:
        if progress.partial is not None:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_on_library(library, out, settings, TrainingPlan(TestSessions(last=True)), stop)
    work = library / "recognizers" / "mine.training"
    assert {path.name for path in work.iterdir()} >= {"tracks.f16", "tracks.json"}
    assert b"speaker0000" not in on_disk(work)
    assert b"expression" not in on_disk(work)
    refused = run("library", "rekey", "--library", library, "--json")
    assert "unfinished training" in told(refused, 3)["error"]["sentence"]
    unlock(library, PASSPHRASE)
    plan = TrainingPlan(TestSessions(last=True), resume=True)
    train_on_library(library, out, settings, plan, lambda _: None)
    assert b"head_id" not in on_disk(out)
    with Library.open(library) as opened:
        assert load_recognizer(out, opened.files).training["n_speakers"] == 3
    told(run("library", "rekey", "--library", library, "--json"))
    listed = told(run("recognizers", "--library", library, "--json"))["recognizers"]
    assert [one["fault"] for one in listed] == ["", ""]


def test_every_verb_with_a_library_takes_it(run: Run) -> None:
    for verb in (("identify",), ("speakers", "list"), ("export",), ("gui",), ("library", "rekey")):
        assert "--passphrase-file" in run(*verb, "--help").output
    assert "--passphrase-file" not in run("fit", "--help").output


def test_rights_of_what_is_written(library: Path, run: Run, file: Path) -> None:
    told(run("library", "protect", "--library", library, "--passphrase-file", file, "--json"))
    if os.name == "posix":
        files = [path for path in library.rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o077 for path in files} == {0}
