"""The system's keyring: it opens a library without being asked; without one a passphrase does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from facedyn_app.errors import InputError, OutputError
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import (
    protect_library,
    protection_of,
    rekey_library,
    set_keyring,
    unprotect_library,
)
from facedyn_app.library.protection.held import LockedError, lock_all, lock_library, unlock
from facedyn_app.library.protection.key_file import Cost
from facedyn_app.records import Session

PASSPHRASE, CHEAP = "seven wet umbrellas", Cost(n=1024)
MakeSession = Callable[..., Session]


class Drawer(KeyringBackend):
    """A keyring that is this process's alone, in place of the system's."""

    priority: ClassVar[float] = 1
    entries: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def drawer() -> Iterator[dict[tuple[str, str], str]]:
    before = keyring.get_keyring()
    keyring.set_keyring(Drawer())  # type: ignore[no-untyped-call]  # keyring's own
    Drawer.entries.clear()
    yield Drawer.entries
    keyring.set_keyring(before)


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Path]:
    with Library.open(tmp_path / "library") as opened:
        opened.enrol("Ann", make_session(), "consent of Ann")
    yield tmp_path / "library"
    lock_all()


def opens(library: Path) -> bool:
    lock_all()
    try:
        with Library.open(library) as opened:
            return [one.name for one in opened.speakers()] == ["Ann"]
    except LockedError:
        return False


def test_it_opens_by_itself(library: Path, drawer: dict[tuple[str, str], str]) -> None:
    protect_library(library, PASSPHRASE, keyring=True, cost=CHEAP)
    assert opens(library)
    (key,) = drawer.values()
    assert key.encode() not in b"".join(p.read_bytes() for p in library.rglob("*") if p.is_file())
    rekey_library(library, PASSPHRASE)
    (new,) = drawer.values()
    assert new != key
    assert opens(library)
    assert lock_library(library)
    with pytest.raises(LockedError):  # who locks it by hand wants to be asked
        Library.open(library)
    unlock(library, PASSPHRASE)
    set_keyring(library, wanted=False)
    assert not drawer
    assert not opens(library)
    unlock(library, PASSPHRASE)
    set_keyring(library, wanted=True)
    assert opens(library)
    drawer.clear()  # of another account, or lost
    assert not opens(library)
    unlock(library, PASSPHRASE)
    unprotect_library(library)
    assert opens(library)


def test_the_keyring_alone(library: Path, drawer: dict[tuple[str, str], str]) -> None:
    recovery = protect_library(library, None, keyring=True, cost=CHEAP)
    assert protection_of(library).opens == ("recovery", "keyring")
    assert opens(library)
    with pytest.raises(InputError, match="Nothing but the keyring"):
        set_keyring(library, wanted=False)
    new = rekey_library(library, None)
    assert opens(library)
    drawer.clear()
    assert not opens(library)
    with pytest.raises(LockedError):
        unlock(library, recovery)
    unlock(library, new)


BARE = """
import sys
from pathlib import Path
from facedyn_app.errors import FacedynError
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library
from facedyn_app.library.protection.held import lock_all, unlock
from facedyn_app.library.protection.key_file import Cost

folder = Path(sys.argv[1])
try:
    protect_library(folder, sys.argv[2], keyring=True, cost=Cost(n=1024))
except FacedynError as error:
    print(error)
protect_library(folder, sys.argv[2], cost=Cost(n=1024))
lock_all()
unlock(folder, sys.argv[2])
with Library.open(folder) as library:
    print(library.speakers()[0].name)
"""


def test_a_bare_server_has_none(library: Path) -> None:
    """The keyring package's own setting says that there is none, as on a machine without one."""
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    command = [sys.executable, "-c", BARE, str(library), PASSPHRASE]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    first, second = told.stdout.splitlines()
    assert first.startswith("The system has no keyring that can be used.")
    assert second == "Ann"


def test_what_the_keyring_had_is_missing_there(
    library: Path, drawer: dict[tuple[str, str], str], caplog: pytest.LogCaptureFixture
) -> None:
    from keyring.backends.fail import Keyring

    protect_library(library, PASSPHRASE, keyring=True, cost=CHEAP)
    keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]  # keyring's own
    assert not opens(library)
    assert "opens by its passphrase" in caplog.text
    unlock(library, PASSPHRASE)
    with pytest.raises(OutputError):
        set_keyring(library, wanted=True)
