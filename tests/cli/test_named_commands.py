"""Commands that sentences and pages tell a user to type are commands that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from facedyn_app.cli.app import MODULES, VERBS

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"['`]facedyn ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
PLACES = {
    "the program": sorted((ROOT / "facedyn_app").rglob("*.py")),
    "the pages": [ROOT / "README.md", *sorted((ROOT / "resources" / "handbook").glob("*.md"))],
}


def acts_of(verb: str, below: str) -> set[str]:
    """What may follow a verb; whatever does where it has no acts of its own."""
    module = import_module(f"facedyn_app.cli.{MODULES.get(verb, verb)}")
    command = typer.main.get_command(module.app)
    if not isinstance(command, TyperGroup):
        return {below}
    return set(command.list_commands(command.context_class(command)))


@pytest.mark.parametrize("place", PLACES)
def test_they_exist(place: str) -> None:
    found = {names for path in PLACES[place] for names in NAMED.findall(path.read_text("utf-8"))}
    assert len(found) > 10
    wrong = []
    for verb, below in sorted(found):
        if verb not in VERBS or (below and below not in acts_of(verb, below)):
            wrong.append(f"facedyn {verb} {below}".strip())
    assert not wrong, wrong
