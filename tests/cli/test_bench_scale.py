"""`facedyn bench scale` and `all` tell growth and write a page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.bench.scale import TASKS
from facedyn_app.cli.bench.scale import NAMES

Run = Callable[..., Any]


def test_the_tasks_are_those_that_can_be_measured() -> None:
    assert tuple(TASKS) == NAMES


def test_gallery_and_library_grow_as_is_told(run: Run) -> None:
    result = run("bench", "scale", "--quick", "--tasks", "gallery,sessions", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["growth"]
    assert [(one["task"], one["size_name"]) for one in found] == [
        ("ranking of a gallery", "speakers"),
        ("opening of a library", "sessions"),
    ]
    assert all(len(one["costs"]) == len(one["sizes"]) for one in found)
    assert all(min(one["costs"]) > 0 for one in found)


def test_an_unknown_task_is_refused(run: Run) -> None:
    assert run("bench", "scale", "--tasks", "gallery,speed").exit_code == 2


def test_the_page_is_refused_before_anything_is_measured(run: Run, tmp_path: Path) -> None:
    result = run("bench", "all", "--quick", "-o", tmp_path / "no" / "such" / "page.html")
    assert result.exit_code == 3


@pytest.mark.slow
def test_the_page_is_written(run: Run, tmp_path: Path) -> None:
    result = run("bench", "all", "--quick", "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for words in ("processor", "frames/s", "windows/s", "opening of a library", "exponent"):
        assert words in page
