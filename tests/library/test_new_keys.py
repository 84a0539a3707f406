"""New keys that a killed program has left on the way: the next opening brings them in, or none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library, rekey_library, unprotect_library
from facedyn_app.library.protection.held import lock_all, unlock
from facedyn_app.library.protection.key_file import KEY_FILE, Cost
from facedyn_app.library.protection.new_keys import NEW_KEYS, keys_alone
from facedyn_app.records import Session

PASSPHRASE, CHEAP = "seven wet umbrellas", Cost(n=1024)
MakeSession = Callable[..., Session]
Change = Callable[[Path], object]


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Path]:
    """A library with three sessions and what stands for a recognizer."""
    folder = tmp_path / "library"
    with Library.open(folder) as opened:
        for number in range(3):
            opened.enrol("Ann", make_session(seed=number, sha256=f"{number:02d}" * 32), "yes")
        (opened.recognizers_folder / "mine").mkdir()
        (opened.recognizers_folder / "mine" / "config.json").write_text('{"a": 1}')
    yield folder
    lock_all()


def protect(folder: Path) -> None:
    protect_library(folder, PASSPHRASE, cost=CHEAP)


def rekey(folder: Path) -> None:
    rekey_library(folder, PASSPHRASE)


def read_all(folder: Path) -> tuple[int, bytes]:
    """What a library holds, opened as by a program that has just begun."""
    lock_all()
    if (folder / KEY_FILE).exists() or (folder / NEW_KEYS / KEY_FILE).exists():
        with keys_alone(folder, 0.0):
            pass
        unlock(folder, PASSPHRASE)
    with Library.open(folder) as opened:
        sessions = [opened.load(entry) for entry in opened.sessions()]
        assert opened.audit.check().faults == ()
        config = opened.files.read(opened.recognizers_folder / "mine" / "config.json", 1000)
    return len(sessions), config


def files_of(folder: Path) -> list[Path]:
    """Files of a library by their names from it, in the order in which they take their places."""
    inside = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(inside, key=lambda path: (path.name == KEY_FILE, path))


@pytest.mark.parametrize(
    ("before", "change"),
    [(None, protect), (protect, rekey), (protect, unprotect_library)],
    ids=["protect", "rekey", "unprotect"],
)
def test_at_every_step_of_bringing_them_in(
    library: Path, tmp_path: Path, before: Change | None, change: Change
) -> None:
    """The state after n files have their places, for every n, made of the states before and after.

    Before the first one is the rename that decides; after the last one the folder is emptied.
    """
    if before is not None:
        before(library)
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copytree(library, old)
    change(library)
    shutil.copytree(library, new)
    protected = (new / KEY_FILE).exists()
    order = files_of(new)
    for n_done in range(len(order) + 2):
        killed = tmp_path / f"killed {n_done}"
        shutil.copytree(old, killed)
        for k, name in enumerate(order):
            place = killed / name if k < n_done else killed / NEW_KEYS / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(new / name, place)
        (killed / NEW_KEYS).mkdir(exist_ok=True)
        if n_done <= len(order):
            state = json.dumps({"protected": protected})
            (killed / NEW_KEYS / "state.json").write_text(state)
        elif not protected:
            (killed / KEY_FILE).unlink()
        assert read_all(killed) == (3, b'{"a": 1}')
        assert not (killed / NEW_KEYS).exists()
        assert (killed / KEY_FILE).exists() is protected
        assert files_of(killed) == order


def test_what_had_not_its_name_yet_goes(library: Path) -> None:
    protect(library)
    hidden = library / f"{NEW_KEYS}.facedyn-0123456789ab.part"
    (hidden / "sessions").mkdir(parents=True)
    (hidden / "library.sqlite").write_bytes(b"half")
    assert read_all(library) == (3, b'{"a": 1}')
    assert not hidden.exists()


def test_who_brings_them_is_alone(library: Path) -> None:
    with keys_alone(library, 0.0), pytest.raises(InputError, match="in use by another program"):
        Library.open(library, wait_seconds=0.1)
    with Library.open(library) as one, Library.open(library) as other:  # others share them
        assert len(one.sessions()) == len(other.sessions()) == 3
