"""`facedyn protocols`: those that come along and the user's own."""

import json
from pathlib import Path
from typing import Any


def test_the_list_has_the_users_own_and_says_what_cannot_be_used(run: Any, tmp_path: Path) -> None:
    own = tmp_path / "home" / "facedyn" / "protocols"
    own.mkdir(parents=True)
    shown = json.loads(run("protocols", "show", "facial-tasks", "--json").stdout)
    (own / "mine.json").write_text(json.dumps({**shown, "id": "mine"}), encoding="utf-8")
    (own / "broken.json").write_text("{", encoding="utf-8")
    found = json.loads(run("protocols", "--json").stdout)
    assert [one["id"] for one in found["protocols"]] == ["facial-tasks", "mine"]
    assert "broken.json" in found["unusable"][0]
    assert found["own_folder"] == str(own)


def test_one_that_there_is_not_is_said(run: Any) -> None:
    done = run("protocols", "show", "mine")
    assert done.exit_code == 3
    assert "facial-tasks" in done.stderr
    assert "show_teeth" in run("protocols", "show", "facial-tasks").stdout
