"""Backup and restore: what comes back is equal; what was changed or is hostile is refused."""

import json
import os
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.library.annotations import all_annotations, annotate
from facedyn_app.library.archive_checks import is_safe_name
from facedyn_app.library.backup import restore_backup, write_backup
from facedyn_app.library.forgetting import forget, plan_forget
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import Cancelled, Progress, ignore
from facedyn_app.records import Session

MakeSession = Callable[..., Session]
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Two speakers with three sessions, tags, a date, and what stands for a recognizer."""
    with Library.open(tmp_path / "library") as opened:
        for number, name in enumerate(("Ann", "Ann", "Bo")):
            session = make_session(seed=number, sha256=f"{number:02d}" * 32)
            opened.enrol(name, session, f"consent of {name}")
        annotate(opened, "Ann", tags=["pilot"], note="left side")
        opened.date_session(opened.sessions()[1], date(2024, 5, 3))
        opened.set_setting("recognizer", "mine")
        mine = opened.recognizers_folder / "mine" / "tracks"
        mine.mkdir(parents=True)
        (mine.parent / "config.json").write_text('{"a": 1}')
        (mine / "weights.safetensors").write_bytes(bytes(range(256)) * 9000)
        for left_out in ("old.training", ".x.facedyn-0123456789ab.part"):
            (opened.recognizers_folder / left_out).mkdir()
            (opened.recognizers_folder / left_out / "rows").write_text("x")
        yield opened


@pytest.fixture
def backup(library: Library, tmp_path: Path) -> Path:
    """A backup of it."""
    write_backup(library, tmp_path / "out.backup", ignore)
    return tmp_path / "out.backup"


def everything(library: Library) -> dict[str, object]:
    """All that a user has of a library; of its audit, what was there before it was restored."""
    recognizers = library.recognizers_folder
    return {
        "speakers": library.speakers(),
        "sessions": library.sessions(),
        "numbers": [library.load(one).motion.expression.tobytes() for one in library.sessions()],
        "notes": all_annotations(library),
        "setting": library.setting("recognizer"),
        "audit": [line for line in library.audit.lines() if line.action not in OWN],
        "recognizer": {
            path.relative_to(recognizers): path.read_bytes()
            for path in (recognizers / "mine").rglob("*")
            if path.is_file()
        },
    }


OWN = ("backup", "restore")


def test_what_comes_back_is_equal(library: Library, backup: Path, tmp_path: Path) -> None:
    head = library.audit.lines()[-2].hash
    restored = restore_backup(backup, tmp_path / "again", ignore)
    assert restored.audit.sound
    assert (restored.facts.n_speakers, restored.facts.n_sessions) == (2, 3)
    assert (restored.facts.audit_head, restored.audit.head) == (head, head)
    with Library.open(tmp_path / "again", create=False) as again:
        assert everything(again) == everything(library)
        assert again.audit.check(head).n_since == 1
        assert again.audit.lines()[-1].action == "restore"
        assert again.swept == ()
    there = {path.name for path in (tmp_path / "again" / "recognizers").iterdir()}
    assert there == {"mine"}


def test_any_program_can_check_it(backup: Path) -> None:
    with zipfile.ZipFile(backup) as opened:
        assert opened.testzip() is None
        manifest = json.loads(opened.read("manifest.json"))
        assert (manifest["format"], manifest["version"]) == ("facedyn-backup", 1)
        assert set(manifest["files"]) | {"manifest.json"} == set(opened.namelist())
        for name, said in manifest["files"].items():
            content = opened.read(name)
            assert said == {"n_bytes": len(content), "sha256": sha256(content).hexdigest()}


@pytest.mark.skipif(os.name != "posix", reason="the rights are those of POSIX")
def test_only_its_owner_can_read_it_and_what_it_becomes(backup: Path, tmp_path: Path) -> None:
    restore_backup(backup, tmp_path / "again", ignore)
    paths = [backup, tmp_path / "again", *(tmp_path / "again").rglob("*")]
    assert not [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


def rewritten(backup: Path, change: Change, **how: int) -> Path:
    """The backup with other members; their manifest is as `change` leaves it."""
    with zipfile.ZipFile(backup) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    with zipfile.ZipFile(backup, "w", how.get("packing", zipfile.ZIP_STORED)) as out:
        for name, content in members.items():
            kind = zipfile.ZIP_STORED if name == "manifest.json" else out.compression
            out.writestr(name, content, kind)
    return backup


def told(members: dict[str, bytes], **changes: object) -> None:
    manifest = json.loads(members["manifest.json"]) | changes
    members["manifest.json"] = json.dumps(manifest).encode()


def named(members: dict[str, bytes], name: str, content: bytes) -> None:
    """Put a member in, with its right sum in the manifest."""
    members[name] = content
    files = json.loads(members["manifest.json"])["files"]
    files[name] = {"n_bytes": len(content), "sha256": sha256(content).hexdigest()}
    told(members, files=files)


def session_of(members: dict[str, bytes]) -> str:
    return next(name for name in members if name.startswith("sessions/"))


def without(members: dict[str, bytes]) -> None:
    """A session's file is gone, from the manifest, too."""
    name = session_of(members)
    del members[name]
    files = json.loads(members["manifest.json"])["files"]
    del files[name]
    told(members, files=files)


def newer_schema(members: dict[str, bytes]) -> None:
    content = bytearray(members["library.sqlite"])
    content[60:64] = (99).to_bytes(4, "big")  # the user's version, by SQLite's file format
    named(members, "library.sqlite", bytes(content))


def flipped(members: dict[str, bytes]) -> None:
    name = session_of(members)
    content = bytearray(members[name])
    content[len(content) // 2] ^= 1
    members[name] = bytes(content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (flipped, "is not what its manifest says"),
        (lambda m: m.update({session_of(m): b""}), "is not what its manifest says"),
        (lambda m: m.pop(session_of(m)), "is missing in it"),
        (without, "the session file '.*' is missing"),
        (lambda m: m.pop("manifest.json"), "it is no backup of a library, or is not whole"),
        (lambda m: m.update({"extra": b"x"}), "'extra' in it is not in its manifest"),
        (lambda m: named(m, "notes.txt", b"x"), "'notes.txt' in it is no part of a library"),
        (lambda m: named(m, "sessions/a/b.npz", b"x"), "in it is no part of a library"),
        (lambda m: named(m, "../out.txt", b"x"), "'../out.txt' in it has a name that leads"),
        (lambda m: named(m, "/tmp/out.txt", b"x"), "has a name that leads elsewhere"),
        (lambda m: named(m, "sessions/..\\out", b"x"), "has a name that leads elsewhere"),
        (lambda m: named(m, "C:/out.txt", b"x"), "has a name that leads elsewhere"),
        (lambda m: named(m, "Library.sqlite", b"x"), "is there twice"),
        (lambda m: told(m, version=2), "newer version of facedyn .format 2; this"),
        (lambda m: told(m, version="1"), "its manifest is damaged"),
        (lambda m: told(m, format="facedyn-session"), "it is no backup of a library"),
        (lambda m: told(m, files=[]), "its manifest is damaged"),
        (lambda m: told(m, files={"a": {"n_bytes": -1, "sha256": ""}}), "its manifest is damaged"),
        (lambda m: told(m, files={"a": 3}), "its manifest is damaged"),
        (lambda m: m.update({"manifest.json": b"[" * 100_000}), "or is not whole"),
        (lambda m: told(m, facts={}), "its audit is another"),
        (lambda m: named(m, "library.sqlite", b"x" * 999), "The database in .* is damaged"),
        (newer_schema, "newer version of facedyn .schema 99"),
    ],
)  # fmt: skip
def test_what_was_changed_is_refused_and_leaves_nothing(
    backup: Path, tmp_path: Path, change: Change, reason: str
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=reason) as caught:
        restore_backup(rewritten(backup, change), tmp_path / "again", ignore)
    assert backup.name in caught.value.sentence
    assert sorted(tmp_path.iterdir()) == before


def test_a_bomb_is_refused_unpacked(backup: Path, tmp_path: Path) -> None:
    def bomb(members: dict[str, bytes]) -> None:
        named(members, "sessions/b.npz", bytes(50_000_000))

    rewritten(backup, bomb, packing=zipfile.ZIP_DEFLATED)
    assert backup.stat().st_size < 10_000_000
    with pytest.raises(InputError, match="is packed or encrypted, which no archive"):
        restore_backup(backup, tmp_path / "again", ignore)


def test_members_that_overlap_are_refused(backup: Path, tmp_path: Path) -> None:
    """Of two names for one place, a zip of a kilobyte could make a thousand files."""
    content = backup.read_bytes()
    with zipfile.ZipFile(backup) as opened:
        big = max(opened.infolist(), key=lambda info: info.file_size)
        copies = [f"recognizers/mine/{number:05d}" for number in range(30)]
        manifest = json.loads(opened.read("manifest.json"))
    for name in copies:
        manifest["files"][name] = manifest["files"][big.filename]
    with zipfile.ZipFile(backup, "a") as out:
        out.NameToInfo.pop("manifest.json")
        out.filelist[:] = [info for info in out.filelist if info.filename != "manifest.json"]
        out.writestr("manifest.json", json.dumps(manifest))
        for name in copies:
            info = zipfile.ZipInfo(name)
            for what in ("header_offset", "CRC", "compress_size", "file_size", "external_attr"):
                setattr(info, what, getattr(big, what))
            out.filelist.append(info)
    assert backup.stat().st_size < 2 * len(content)
    with pytest.raises(InputError, match="its members overlap"):
        restore_backup(backup, tmp_path / "again", ignore)


def test_a_link_is_refused(backup: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(backup, "a") as out:
        info = zipfile.ZipInfo("recognizers/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="'recognizers/link' in it is no ordinary file"):
        restore_backup(backup, tmp_path / "again", ignore)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("CREATE TRIGGER bad AFTER INSERT ON audit BEGIN DELETE FROM sessions; END", "the trigger"),
        # whoever asked for a row of it would wait for ever
        ("ALTER TABLE sessions RENAME TO kept; CREATE VIEW sessions AS WITH RECURSIVE n(i) AS "
         "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS file_name FROM n",
         "the view 'sessions'"),
        ("DROP TABLE enrolments", "'enrolments' is missing"),
    ],
)  # fmt: skip
def test_a_database_that_acts_by_itself_is_refused(
    library: Library, backup: Path, tmp_path: Path, statements: str, reason: str
) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(library.folder / "library.sqlite", copy)
    connection = sqlite3.connect(copy, isolation_level=None)
    connection.executescript(statements)
    connection.close()
    rewritten(backup, lambda members: named(members, "library.sqlite", copy.read_bytes()))
    with pytest.raises(InputError, match=reason):
        restore_backup(backup, tmp_path / "again", ignore)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_half_of_it_is_refused(backup: Path, tmp_path: Path, share: float) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match="it is no backup of a library, or is not whole"):
        restore_backup(backup, tmp_path / "again", ignore)


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(
    backup: Path, tmp_path: Path
) -> None:
    content = bytearray(backup.read_bytes())
    content[-10:-6] = (2**31).to_bytes(4, "little")
    backup.write_bytes(content)
    with pytest.raises(InputError, match="or is not whole"):
        restore_backup(backup, tmp_path / "again", ignore)


@pytest.mark.parametrize("seed", range(4))
def test_a_few_bytes_anywhere_are_refused_or_of_no_account(
    library: Library, backup: Path, tmp_path: Path, seed: int
) -> None:
    content, rng = backup.read_bytes(), np.random.default_rng(seed)
    heads = len(content) - 6000  # the manifest, the list of members and the end
    kept = everything(library)
    for number in range(25):
        changed = bytearray(content)
        low = heads if number % 2 else 0
        for at in rng.integers(low, len(content), size=rng.integers(1, 4)):
            changed[at] = rng.integers(256)
        backup.write_bytes(changed)
        again = tmp_path / f"again {number}"
        try:
            restore_backup(backup, again, ignore)
        except (InputError, OutputError):
            assert not again.exists()
            continue
        with Library.open(again, create=False) as opened:
            assert everything(opened) == kept


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("sessions/a.npz", True),
        ("recognizers/mine 2/weights.safetensors", True),
        ("recognizers/Zo\u00eb/config.json", True),
        ("", False),
        ("a//b", False),
        ("a/./b", False),
        ("a/", False),
        ("nul", False),
        ("a/COM1.txt", False),
        ("a/.hidden", False),
        ("a/b. ", False),
        ("a\x00b", False),
        ("a\u202eb", False),
        ("x" * 241, False),
        ("/".join("abcdefghi"), False),
    ],
)
def test_names_that_lead_out_or_cannot_be_everywhere_are_known(name: str, safe: bool) -> None:
    assert is_safe_name(name) is safe


def test_it_is_restored_into_a_new_or_empty_folder_alone(
    library: Library, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="holds something already"):
        restore_backup(backup, library.folder, ignore)
    (tmp_path / "empty").mkdir()
    restore_backup(backup, tmp_path / "empty", ignore)
    assert (tmp_path / "empty" / "library.sqlite").is_file()
    with pytest.raises(InputError, match="cannot be opened: No such file"):
        restore_backup(tmp_path / "none", tmp_path / "new", ignore)


def test_a_session_forgotten_meanwhile_is_in_no_backup(library: Library, tmp_path: Path) -> None:
    """Forgotten by another program at the first report of the first attempt."""
    gone: list[SessionEntry] = []

    def on_progress(progress: Progress) -> None:
        if progress.stage == "backing up" and not gone:
            gone.extend(library.sessions("Ann"))
            with Library.open(library.folder) as other:
                forget(other, plan_forget(other, "Ann"))

    facts = write_backup(library, tmp_path / "out.backup", on_progress)
    assert (facts.n_speakers, facts.n_sessions) == (1, 1)
    content = (tmp_path / "out.backup").read_bytes()
    assert len(gone) == 2
    assert not [one for one in gone if one.file_name.encode() in content]
    assert b"consent of Ann" not in content


def test_a_session_added_meanwhile_disturbs_nothing(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    added: list[SessionEntry] = []

    def on_progress(progress: Progress) -> None:
        if progress.stage == "backing up" and not added:
            with Library.open(library.folder) as other:
                added.append(other.enrol("Cy", make_session(sha256="77" * 32), "consent of Cy"))

    assert write_backup(library, tmp_path / "out.backup", on_progress).n_sessions == 3
    restored = restore_backup(tmp_path / "out.backup", tmp_path / "again", ignore)
    assert (restored.facts.n_sessions, restored.audit.sound) == (3, True)


def test_a_session_without_its_file_is_named(library: Library, tmp_path: Path) -> None:
    library.session_path(library.sessions()[0]).unlink()
    with pytest.raises(InputError, match="of a session is missing"):
        write_backup(library, tmp_path / "out.backup", ignore)
    assert not (tmp_path / "out.backup").exists()


@pytest.mark.parametrize("stage", ["copying the database", "backing up"])
def test_a_backup_that_is_stopped_leaves_the_older_one(
    library: Library, backup: Path, tmp_path: Path, stage: str
) -> None:
    before, content = sorted(tmp_path.iterdir()), backup.read_bytes()

    def stop(progress: Progress) -> None:
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_backup(library, backup, stop)
    assert sorted(tmp_path.iterdir()) == before
    assert backup.read_bytes() == content


def test_a_restoring_that_is_stopped_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        restore_backup(backup, tmp_path / "again", stop)
    assert sorted(tmp_path.iterdir()) == before


def test_an_audit_that_was_changed_comes_back_and_is_said(library: Library, tmp_path: Path) -> None:
    connection = sqlite3.connect(library.folder / "library.sqlite")
    connection.execute("UPDATE audit SET who = 'somebody' WHERE id = 2")
    connection.commit()
    connection.close()
    write_backup(library, tmp_path / "out.backup", ignore)
    restored = restore_backup(tmp_path / "out.backup", tmp_path / "again", ignore)
    assert [fault.number for fault in restored.audit.faults] == [2]


def test_without_room_it_is_said_before_anything_is_written(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = list(os.statvfs(tmp_path))
    full = os.statvfs_result([*fields[:4], 0, *fields[5:]])  # the fifth: blocks that are free
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    with pytest.raises(OutputError, match="There is no room"):
        restore_backup(backup, tmp_path / "again", ignore)
    assert not (tmp_path / "again").exists()


def test_numbers_are_those_that_were_kept(library: Library, backup: Path, tmp_path: Path) -> None:
    shutil.rmtree(library.folder)
    restore_backup(backup, library.folder, ignore)
    with Library.open(library.folder, create=False) as again:
        session = again.load(again.sessions("Bo")[0])
    assert np.isfinite(session.motion.expression[session.motion.valid]).all()
