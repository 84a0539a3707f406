"""Six hundred damaged inputs: each is read, or refused with a sentence that names it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Session
from tests.fuzz import damage
from tests.fuzz.good_inputs import make_good
from tests.library.conftest import _made_session

pytestmark = pytest.mark.slow

SEED, N_PROCESSES = 20260, 2
WAYS: dict[str, tuple[damage.Damage, ...]] = {
    "settings": (*damage.BYTES, *damage.PLACES, *damage.TEXTS),
    "known_heads": (*damage.BYTES, *damage.PLACES, *damage.TEXTS),
    "recognizer": (damage.in_recognizer,),
    "import": (damage.in_corpus,),
    "candor": (damage.in_candor,),
}
SHARES = {
    "session": 90, "track": 160, "head": 70, "recognizer": 90, "library": 120, "settings": 20,
    "known_heads": 15, "import": 25, "candor": 10,
}  # fmt: skip
TEXT_ENDINGS, ZIP_ENDINGS = (".csv", ".json", ".jsonl"), (".npz",)


def ways(reader: str, path: Path) -> tuple[damage.Damage, ...]:
    """What may be done to a good input."""
    if reader == "library":
        tampered = tuple(damage.tampered(statements) for statements in damage.SQL)
        return (*tampered, *(damage.damaged_pages, damage.in_library) * 28)
    if reader in WAYS:
        return WAYS[reader]
    own: tuple[damage.Damage, ...] = ()
    if path.suffix in TEXT_ENDINGS:
        own = damage.TEXTS
    elif path.suffix in ZIP_ENDINGS:
        own = (*damage.NPZ, damage.zip_bomb)
    return (*own, *own, *damage.BYTES, *damage.PLACES, damage.badly_named)


def make_cases(folder: Path, good: dict[str, list[Path]]) -> list[dict[str, str]]:
    """The damaged inputs, each alone in a folder of its own."""
    rng = np.random.default_rng(SEED)
    cases = []
    for reader, n in SHARES.items():
        for k in range(n):
            source = good[reader][k % len(good[reader])]
            choices = ways(reader, source)
            # every way of a database is tried in turn, other ways by chance
            number = k if reader == "library" else int(rng.integers(len(choices)))
            way = choices[number % len(choices)]
            place = folder / f"{reader}{k:03d}"
            place.mkdir()
            path = place / source.name
            shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
            way(path, rng)
            raw = os.fsencode(path)
            if way is damage.badly_named:
                raw = os.fsencode(place) + b"/" + next(iter(os.listdir(os.fsencode(place))))
            cases.append({"reader": reader, "way": way.__name__, "path": raw.hex()})
    return cases


def read_all(folder: Path, cases: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What comes of reading each; in several processes."""
    running = []
    for k in range(N_PROCESSES):
        listed = folder / f"cases{k}.jsonl"
        listed.write_text("\n".join(json.dumps(case) for case in cases[k::N_PROCESSES]))
        environment = {**os.environ, "TZ": "America/New_York", "OMP_NUM_THREADS": "1"}
        with (folder / f"results{k}.jsonl").open("w") as out:
            script = [sys.executable, "-m", "tests.fuzz.run_readers", str(listed)]
            running.append(subprocess.Popen(script, stdout=out, env=environment))
    for process in running:
        assert process.wait() == 0
    texts = [(folder / f"results{k}.jsonl").read_text() for k in range(N_PROCESSES)]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def fault(case: dict[str, Any]) -> str:
    """What is wrong with an outcome; empty where nothing is."""
    if case["outcome"] == "fault":
        return str(case["words"])
    sentence = case["words"]
    if case["outcome"] == "refused":
        place = os.fsdecode(bytes.fromhex(case["path"])).split("/")[-2]
        if place not in sentence and "library" not in sentence:
            return f"names no file: {sentence}"
        if not sentence.endswith((".", "!", "?")):
            return f"no sentence: {sentence}"
    return ""


def test_damaged_inputs_are_read_or_refused(tmp_path: Path, tiny_head: HeadModel) -> None:
    make_session: Callable[..., Session] = _made_session
    good = make_good(tmp_path / "good", tiny_head, make_session)
    cases = make_cases(tmp_path, good)
    assert len(cases) == 600
    whole = [
        {"reader": reader, "way": "none", "path": os.fsencode(path).hex()}
        for reader, paths in good.items()
        for path in paths
        if reader not in ("candor", "head")
    ]
    results = read_all(tmp_path, [*cases, *whole])
    for case in results:
        if case["way"] == "none":
            assert case["outcome"] == "good", case
    faults = [
        f"{case['reader']} {case['way']} {Path(os.fsdecode(bytes.fromhex(case['path'])))}: {found}"
        for case in results
        if (found := fault(case))
    ]
    assert len(results) == 600 + len(whole)
    assert not faults, "\n".join(faults)
