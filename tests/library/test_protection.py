"""Protection at rest: what opens a library, what does not, and what its files say to a stranger."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import FacedynError, InputError, OutputError
from facedyn_app.library.backup import restore_backup, unlock_backup, write_backup
from facedyn_app.library.exchange import export_speakers, import_speakers
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import (
    change_passphrase,
    protect_library,
    protection_of,
    rekey_library,
    renew_recovery_key,
    unprotect_library,
)
from facedyn_app.library.protection.held import (
    LockedError,
    WrongPassphraseError,
    lock_all,
    lock_library,
    unlock,
)
from facedyn_app.library.protection.key_file import DATABASES, KEY_FILE, Cost, read_key_file
from facedyn_app.library.protection.sealed import SealError, seal, unseal
from facedyn_app.library.protection.turning import orthogonal_matrix, turned
from facedyn_app.progress import ignore
from facedyn_app.records import Embedding, Session

pytestmark = pytest.mark.usefixtures("no_keys_held")
MakeSession = Callable[..., Session]
CHEAP = Cost(n=1024)
NAME, CONSENT, NOTE = (
    "Annabella Tracefield",
    "given in writing on 3 May, study 17",
    "left side palsy",
)
PASSPHRASE = "seven wet umbrellas"


@pytest.fixture
def plain(tmp_path: Path, make_session: MakeSession) -> Path:
    """A library that is not protected: somebody with two sessions."""
    folder = tmp_path / "library"
    with Library.open(folder) as library:
        for number in range(2):
            library.enrol(NAME, make_session(seed=number, sha256=f"{number:02d}" * 32), CONSENT)
    return folder


@pytest.fixture(params=DATABASES)
def protected(plain: Path, request: pytest.FixtureRequest) -> Path:
    """The same one protected, by SQLCipher and without."""
    protect_library(plain, PASSPHRASE, database=request.param, cost=CHEAP)
    lock_all()
    return plain


def content(folder: Path) -> bytes:
    """All that a thief reads of a folder, the names of files included."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"".join(path.name.encode() + path.read_bytes() for path in files)


def names(folder: Path) -> list[str]:
    with Library.open(folder, create=False) as library:
        return [one.name for one in library.speakers()]


def numbers(folder: Path) -> list[np.ndarray]:
    with Library.open(folder, create=False) as library:
        return [library.load(entry).motion.expression for entry in library.sessions()]


def test_all_that_was_there_is_there(plain: Path, make_session: MakeSession) -> None:
    before = numbers(plain)
    with Library.open(plain) as library:
        head = library.audit.check()
    for database in DATABASES:
        protect_library(plain, PASSPHRASE, database=database, cost=CHEAP)
        assert names(plain) == [NAME]
        for one, other in zip(numbers(plain), before, strict=True):
            np.testing.assert_array_equal(one, other)
        unprotect_library(plain)
        assert names(plain) == [NAME]
    with Library.open(plain) as library:
        assert library.audit.check(head.head).faults == ()
        done = [line.action for line in library.audit.lines()]
        assert done[-4:] == ["protect", "unprotect"] * 2
        entry = library.enrol("Bo", make_session(seed=9, sha256="99" * 32), "yes")
        assert entry.id == 3  # numbers go on: none is given twice


def test_nothing_is_in_its_files_that_names_anybody(plain: Path, make_session: MakeSession) -> None:
    session = make_session(seed=0)
    motion = session.motion.expression[20].tobytes()
    needles = (NAME.encode(), CONSENT.encode(), motion, "Tracefield".encode("utf-32-le"))
    assert all(needle in content(plain) for needle in needles[:3])  # the search finds what is there
    for database in DATABASES:
        protect_library(plain, PASSPHRASE, database=database, cost=CHEAP)
        with Library.open(plain) as library:
            library.enrol("Bo Hiddenham", make_session(seed=7, sha256="77" * 32), "a consent by Bo")
        found = content(plain)
        assert not any(needle in found for needle in (*needles, b"Hiddenham", b"SQLite format"))
        with Library.open(plain) as library:
            library.forget("Bo Hiddenham")
        unprotect_library(plain)


def test_what_opens_it(protected: Path) -> None:
    for wrong in (
        "",
        "seven wet umbrella",
        "SEVEN WET UMBRELLAS",
        "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH",
    ):
        with pytest.raises(WrongPassphraseError):
            unlock(protected, wrong)
        with pytest.raises(LockedError, match="is locked"):
            Library.open(protected)
    unlock(protected, PASSPHRASE)
    assert names(protected) == [NAME]
    assert lock_library(protected)
    assert not lock_library(protected)
    with pytest.raises(LockedError):
        Library.open(protected)


def test_an_open_library_goes_on_when_it_is_locked(protected: Path) -> None:
    unlock(protected, PASSPHRASE)
    with Library.open(protected) as library:
        lock_library(protected)
        library.load(library.sessions()[0])
        library.set_setting("a", "b")


def test_another_passphrase(protected: Path) -> None:
    with pytest.raises(LockedError):
        change_passphrase(protected, "eight dry parasols")
    unlock(protected, PASSPHRASE)
    with pytest.raises(InputError, match="at least 8"):
        change_passphrase(protected, "short")
    before = content(protected / "sessions")
    change_passphrase(protected, "eight dry parasols")
    assert content(protected / "sessions") == before
    lock_all()
    with pytest.raises(WrongPassphraseError):
        unlock(protected, PASSPHRASE)
    unlock(protected, "eight dry parasols")
    assert names(protected) == [NAME]


def test_recovery_key(plain: Path) -> None:
    first = protect_library(plain, PASSPHRASE, cost=CHEAP)
    lock_all()
    unlock(plain, f" {first.lower()} ")
    change_passphrase(plain, "eight dry parasols")  # who has forgotten the other one
    second = renew_recovery_key(plain)
    lock_all()
    with pytest.raises(WrongPassphraseError):
        unlock(plain, first)
    unlock(plain, second)
    assert names(plain) == [NAME]


def test_a_recovery_key_is_taken_however_it_was_written_down(plain: Path) -> None:
    key = protect_library(plain, PASSPHRASE, cost=CHEAP)
    for copied in (
        key.replace("-", " "),
        key.replace("-", "").lower(),
        key.replace("-", " \u2013 "),
    ):
        lock_all()
        unlock(plain, copied)
        assert names(plain) == [NAME]
    lock_all()
    with pytest.raises(WrongPassphraseError):
        unlock(plain, key.replace("-", "")[:-1])


def test_a_passphrase_may_look_like_a_recovery_key_in_words(plain: Path) -> None:
    words = "four wide cats walk home past blue door"
    assert [len(word) for word in words.split()] == [4] * 8
    protect_library(plain, words, cost=CHEAP)
    lock_all()
    unlock(plain, words)
    assert names(plain) == [NAME]


def test_new_keys(protected: Path) -> None:
    unlock(protected, PASSPHRASE)
    before, numbers_before = content(protected / "sessions"), numbers(protected)
    with pytest.raises(WrongPassphraseError):
        rekey_library(protected, "something else")
    assert content(protected / "sessions") == before
    recovery = rekey_library(protected, PASSPHRASE)
    assert protection_of(protected).generation == 2
    for one, other in zip(numbers(protected), numbers_before, strict=True):
        np.testing.assert_array_equal(one, other)
    after = content(protected / "sessions")
    assert after != before
    for opens in (PASSPHRASE, recovery):
        lock_all()
        unlock(protected, opens)
        assert names(protected) == [NAME]


def test_an_older_key_file_opens_no_files_under_new_keys(protected: Path) -> None:
    old = (protected / KEY_FILE).read_bytes()
    unlock(protected, PASSPHRASE)
    rekey_library(protected, PASSPHRASE)
    (protected / KEY_FILE).write_bytes(old)
    lock_all()
    unlock(protected, PASSPHRASE)
    with pytest.raises(InputError):
        Library.open(protected)


def test_while_somebody_has_it_open_nothing_changes(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedyn_app.library.protecting.WAIT_SECONDS", 0.1)
    with Library.open(plain), pytest.raises(InputError, match="in use"):
        protect_library(plain, PASSPHRASE, cost=CHEAP)
    assert not protection_of(plain).protected
    assert names(plain) == [NAME]


def test_stopped_midway_nothing_has_changed(plain: Path) -> None:
    def stop(_progress: object) -> None:
        raise KeyboardInterrupt

    before = sorted(path.name for path in plain.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        protect_library(plain, PASSPHRASE, cost=CHEAP, on_progress=stop)
    assert sorted(path.name for path in plain.rglob("*")) == before
    assert names(plain) == [NAME]


def test_files_cannot_be_swapped_or_changed(protected: Path) -> None:
    one, other = sorted((protected / "sessions").iterdir())
    unlock(protected, PASSPHRASE)
    kept = one.read_bytes()
    for changed in (
        other.read_bytes(),
        kept[:-1],
        kept + b"x",
        kept[:40] + b"\0" + kept[41:],
        b"PK\3\4",
        b"",
    ):
        one.write_bytes(changed)
        with Library.open(protected) as library:
            entry = next(e for e in library.sessions() if e.file_name == one.name)
            with pytest.raises(InputError, match="cannot be used"):
                library.load(entry)
    one.write_bytes(kept)
    assert len(numbers(protected)) == 2


def test_a_damaged_key_file_is_said(protected: Path) -> None:
    path = protected / KEY_FILE
    whole = json.loads(path.read_text())
    for change in (
        {"version": 99},
        {"format": "other"},
        {"database": "paper"},
        {"kdf": {"name": "scrypt", "n": 2**40, "r": 8, "p": 1}},
        {"kdf": {"name": "scrypt", "n": 1000, "r": 8, "p": 1}},
        {"passphrase": {"salt": "", "nonce": "", "key": ""}},
        {"generation": "1"},
    ):
        path.write_text(json.dumps({**whole, **change}))
        with pytest.raises(InputError, match="protection"):
            Library.open(protected)
    path.write_text("[" * 5000)
    with pytest.raises(InputError, match="damaged"):
        Library.open(protected)
    # facts beside the slots cannot be changed unseen
    path.write_text(json.dumps({**whole, "generation": 5}))
    with pytest.raises(WrongPassphraseError):
        unlock(protected, PASSPHRASE)


def test_its_backup_is_encrypted_and_opens_as_it_did(protected: Path, tmp_path: Path) -> None:
    unlock(protected, PASSPHRASE)
    out = tmp_path / "out.backup"
    with Library.open(protected) as library:
        write_backup(library, out, ignore)
    assert NAME.encode() not in out.read_bytes()
    lock_all()
    with pytest.raises(LockedError):
        restore_backup(out, tmp_path / "again", ignore)
    assert not (tmp_path / "again").exists()
    with pytest.raises(WrongPassphraseError):
        unlock_backup(out, "not this")
    unlock_backup(out, PASSPHRASE)
    restore_backup(out, tmp_path / "again", ignore)
    assert names(tmp_path / "again") == [NAME]
    assert len(numbers(tmp_path / "again")) == 2


@pytest.mark.parametrize("passphrase", [None, "a word for the way"])
def test_speakers_carried(protected: Path, tmp_path: Path, passphrase: str | None) -> None:
    unlock(protected, PASSPHRASE)
    out = tmp_path / "one.speakers"
    with Library.open(protected) as library:
        export_speakers(library, [NAME], out, ignore, passphrase)
    assert (NAME.encode() in out.read_bytes()) is (passphrase is None)
    with Library.open(tmp_path / "other") as other:
        if passphrase is not None:
            with pytest.raises(LockedError, match="is sealed"):
                import_speakers(other, out, ignore)
            with pytest.raises(WrongPassphraseError):
                import_speakers(other, out, ignore, ask=lambda: "a word for the day")
        import_speakers(other, out, ignore, ask=lambda: passphrase)
    assert names(tmp_path / "other") == [NAME]
    np.testing.assert_array_equal(numbers(tmp_path / "other")[0], numbers(protected)[0])


def test_sealing() -> None:
    key = bytes(range(32))
    for n_bytes in (0, 1, 2**20 - 1, 2**20, 2**20 + 1, 5 * 2**19):
        plain = bytes(n_bytes)
        sealed = seal(plain, key, "a/b")
        assert unseal(sealed, key, "a/b") == plain
        for wrong in ((sealed, key, "a/c"), (sealed, bytes(32), "a/b"), (sealed[:-16], key, "a/b")):
            with pytest.raises(SealError):
                unseal(*wrong)
    two = seal(bytes(2**21), key, "x")
    piece = 2**20 + 16
    swapped = two[:32] + two[32 + piece : 32 + 2 * piece] + two[32 : 32 + piece]
    with pytest.raises(SealError):
        unseal(swapped, key, "x")


def test_turning_keeps_cosines() -> None:
    matrix = orthogonal_matrix(bytes(32), 300).astype(np.float64)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(300), atol=1e-5)
    np.testing.assert_array_equal(matrix, orthogonal_matrix(bytes(32), 300))
    # the same on every machine and under every version of numpy
    assert matrix[0, 0] == pytest.approx(0.0202518, abs=1e-6)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 40)).astype(np.float32)
    embedding = Embedding(vectors, np.zeros((50, 2)))
    one, other = (turned(embedding, (30, 10), key).vectors for key in (bytes(32), b"1" * 32))
    for block in (slice(0, 30), slice(30, 40)):
        np.testing.assert_allclose(
            one[:, block] @ one[:, block].T, vectors[:, block] @ vectors[:, block].T, atol=0.05
        )
        # of another library: no more alike than strangers are
        alike = np.sum(one[:, block] * other[:, block], axis=1)
        lengths = np.linalg.norm(one[:, block], axis=1) * np.linalg.norm(other[:, block], axis=1)
        assert abs(float(np.mean(alike / lengths))) < 0.2


def test_the_key_file_says_nothing_secret(protected: Path) -> None:
    key_file = read_key_file(protected)
    assert key_file is not None
    keys = key_file.opened_by(PASSPHRASE)
    assert keys is not None
    text = (protected / KEY_FILE).read_bytes()
    assert PASSPHRASE.encode() not in text
    assert keys.data not in text
    assert keys.data.hex().encode() not in text


def test_what_cannot_be_a_passphrase(plain: Path) -> None:
    for wrong in ("", "1234567", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-4567"):
        with pytest.raises(FacedynError):
            protect_library(plain, wrong, cost=CHEAP)
    with pytest.raises(InputError, match="by a passphrase or by the keyring"):
        protect_library(plain, None, cost=CHEAP)
    assert not protection_of(plain).protected


ENROL = """
import sys
from pathlib import Path
from facedyn_app.library.library import Library
from facedyn_app.library.protection.held import unlock
from tests.library.conftest import _made_session

folder, first = Path(sys.argv[1]), int(sys.argv[2])
unlock(folder, sys.argv[3])
for number in range(first, first + 5):
    with Library.open(folder) as library:
        session = _made_session(seed=number, sha256=f"{number:02d}" * 32)
        library.enrol(f"speaker {number}", session, "consent of all")
"""


def test_two_programs_on_one_sealed_database(plain: Path) -> None:
    protect_library(plain, PASSPHRASE, database="sealed", cost=CHEAP)
    running = [
        subprocess.Popen([sys.executable, "-c", ENROL, str(plain), str(first), PASSPHRASE])
        for first in (20, 40, 60)
    ]
    assert [one.wait(300) for one in running] == [0, 0, 0]
    wanted = {f"speaker {first + k}" for first in (20, 40, 60) for k in range(5)}
    assert set(names(plain)) == {NAME, *wanted}
    with Library.open(plain) as library:
        assert library.audit.check().faults == ()


def test_a_sealed_database_that_cannot_be_written(plain: Path) -> None:
    """The disk is full at the commit: the transaction is as if it had not been."""
    protect_library(plain, PASSPHRASE, database="sealed", cost=CHEAP)
    with Library.open(plain) as library:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(OutputError, match="cannot be written"):
                library.set_setting("kept", "no")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert library.setting("kept") is None
        library.set_setting("kept", "yes")
    with Library.open(plain) as library:
        assert library.setting("kept") == "yes"


WITHOUT = """
import logging, sys
from pathlib import Path

sys.modules["sqlcipher3"] = None  # as on a platform that has no wheel of it
logging.basicConfig(format="%(message)s", stream=sys.stdout)
from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library, protection_of
from facedyn_app.library.protection.held import lock_all, unlock
from facedyn_app.library.protection.key_file import Cost

plain, by_sqlcipher, given = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
protect_library(plain, given, cost=Cost(n=1024))
lock_all()
unlock(plain, given)
with Library.open(plain) as library:
    print(protection_of(plain).database, library.speakers()[0].name)
unlock(by_sqlcipher, given)
try:
    Library.open(by_sqlcipher)
except InputError as error:
    print(error.sentence)
"""


def test_without_sqlcipher(plain: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(plain, other)
    protect_library(other, PASSPHRASE, database="sqlcipher", cost=CHEAP)
    command = [sys.executable, "-c", WITHOUT, str(plain), str(other), PASSPHRASE]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0].startswith("There is no SQLCipher here")
    assert told[1] == f"sealed {NAME}"
    assert told[2].endswith("kept by SQLCipher, which this installation lacks.")
