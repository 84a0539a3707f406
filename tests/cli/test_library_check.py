"""`facedyn library check`: exit codes, words and JSON."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_a_file_of_nobody_is_told_and_swept(run: Run, corpus: Path, tmp_path: Path) -> None:
    file = sorted((corpus / "speaker00000").iterdir())[0]
    to = ("--library", tmp_path / "lib")
    assert run("enrol", "Ada", file, *to, "--consent", "consent of Ada").exit_code == 0
    assert run("library", "check", *to).stdout == "1 session: sound\n"
    (session,) = (tmp_path / "lib" / "sessions").iterdir()
    shutil.copy(session, session.with_name("feed.npz"))
    told = run("library", "check", *to)
    assert told.exit_code == 3
    assert "1 session: not sound\nof nobody" in told.stdout
    assert "sessions/feed.npz" in told.stdout
    facts = json.loads(run("library", "check", *to, "--sweep", "--json").stdout)
    assert (facts["sound"], facts["unreferenced"]) == (True, [])
    assert facts["swept"] == ["sessions/feed.npz"]
    assert list((tmp_path / "lib" / "sessions").iterdir()) == [session]


def test_a_damaged_session_and_no_library(run: Run, corpus: Path, tmp_path: Path) -> None:
    file = sorted((corpus / "speaker00000").iterdir())[0]
    to = ("--library", tmp_path / "lib")
    assert run("enrol", "Ada", file, *to, "--consent", "consent of Ada").exit_code == 0
    (session,) = (tmp_path / "lib" / "sessions").iterdir()
    session.write_bytes(b"PK")
    facts = json.loads(run("library", "check", *to, "--json").stdout)
    assert facts["sound"] is False
    assert facts["damaged"][0].startswith("Ada, session00 (#1): The session file")
    missing = run("library", "check", "--library", tmp_path / "none")
    assert missing.exit_code == 3
    assert "There is no library" in missing.stderr
