"""`facedyn backup`, `restore`, `speakers export` and `import`: answers, exit codes, Ctrl+C."""

import json
from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.simulate.corpus import simulate_sessions
from tests.cli.conftest import Run

CONSENT = "simulated speakers need none"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of two speakers."""
    with Library.open(tmp_path / "library") as opened:
        for number, name in enumerate(("Ann", "Bo")):
            opened.enrol(name, next(simulate_sessions(number, 1, 4.0)), CONSENT)
    return tmp_path / "library"


def test_a_library_goes_into_a_file_and_comes_back(run: Run, library: Path, tmp_path: Path) -> None:
    file, again = tmp_path / "library.backup", tmp_path / "again"
    result = run("backup", "--library", library, "-o", file, "--json")
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    assert (facts["n_speakers"], facts["n_sessions"]) == (2, 2)
    verified = run("audit", "verify", "--library", library, "--head", facts["audit_head"], "--json")
    assert json.loads(verified.stdout)["n_since_head"] == 1
    result = run("restore", file, "--library", again, "--json")
    restored = json.loads(result.stdout)
    assert (restored["audit_sound"], restored["audit_faults"]) == (True, [])
    assert restored["audit_head"] == facts["audit_head"]
    listed = [
        json.loads(run("speakers", "list", "--library", one, "--json").stdout)["speakers"]
        for one in (library, again)
    ]
    assert listed[0] == listed[1]


def test_what_cannot_be_is_one_sentence(run: Run, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "library.backup"
    inside = run("backup", "--library", library, "-o", library / "x.backup")
    assert inside.exit_code == 3
    assert "is in the library itself." in inside.stderr
    assert run("backup", "--library", tmp_path / "none", "-o", file).exit_code == 3
    run("backup", "--library", library, "-o", file)
    result = run("restore", file, "--library", library)
    assert result.exit_code == 3
    assert "holds something already." in result.stderr
    file.write_bytes(file.read_bytes()[:-1])
    result = run("restore", file, "--library", tmp_path / "again", "--json")
    assert result.exit_code == 3
    assert "is not whole" in json.loads(result.stdout)["error"]["sentence"]
    assert not (tmp_path / "again").exists()


def test_an_older_backup_is_replaced_and_nothing_else(
    run: Run, library: Path, tmp_path: Path
) -> None:
    file, film = tmp_path / "library.backup", tmp_path / "film.mp4"
    film.write_bytes(b"a recording")
    backup = ("backup", "--library", library, "-o")
    made = [json.loads(run(*backup, file, "--json").stdout)["audit_head"] for _ in range(2)]
    assert len(set(made)) == 2
    restored = json.loads(run("restore", file, "--library", tmp_path / "new", "--json").stdout)
    assert made[1] == restored["audit_head"]
    carry = ("speakers", "export", "Ann", "--library", library, "-o")
    for command, there in ((backup, film), (carry, film), (carry, file)):
        before = there.read_bytes()
        result = run(*command, there)
        assert result.exit_code == 3
        assert "is there already and is not replaced" in result.stderr
        assert there.read_bytes() == before


def test_speakers_go_to_another_library_with_consent(
    run: Run, library: Path, tmp_path: Path
) -> None:
    file, other = tmp_path / "ann.speakers", tmp_path / "other"
    told = [{"name": "Ann", "consent": CONSENT, "n_sessions": 1}]
    result = run("speakers", "export", "Ann", "--library", library, "-o", file, "--json")
    assert json.loads(result.stdout)["speakers"] == told
    assert run("speakers", "import", tmp_path / "none", "--library", other).exit_code == 3
    assert not other.exists()
    result = run("speakers", "import", file, "--library", other, "--json")
    assert json.loads(result.stdout)["speakers"] == told
    result = run("speakers", "import", file, "--library", other)
    assert result.exit_code == 3
    assert "There is a speaker 'Ann' in the library already." in result.stderr
