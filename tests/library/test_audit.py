"""The audit's chain: its hashes by the documented form, what is found, and forgetting in it."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.audit import Speaker
from facedyn_app.library.audit_chain import START, Line, linked
from facedyn_app.library.forgetting import forget, plan_forget
from facedyn_app.library.library import Library
from facedyn_app.library.people import merge_speakers, move_session, rename_speaker, undo_change
from facedyn_app.library.schema import MIGRATIONS
from facedyn_app.records import Session

MakeSession = Callable[..., Session]
CHAIN_VERSION = next(
    number
    for number, step in enumerate(MIGRATIONS, 1)
    if any(isinstance(one, str) and "audit_chain" in one for one in step)
)


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Five lines: three enrolments, a verification, an import."""
    with Library.open(tmp_path / "lib") as opened:
        for number, name in enumerate(("Ann", "Ann", "Bo")):
            opened.enrol(name, make_session(sha256=f"{number:02d}" * 32), f"consent of {name}")
        opened.audit.record("verify", "ann_2.mov against '", Speaker(name="Ann"), "'")
        opened.audit.record("import", "3 sessions, as Ann's mother agreed")
        yield opened


def tamper(library: Library, statements: str) -> None:
    connection = sqlite3.connect(library.folder / "library.sqlite", isolation_level=None)
    connection.executescript(statements)
    connection.close()


def rows(library: Library, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(library.folder / "library.sqlite")
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def trail(library: Library) -> list[str]:
    return [line.what for line in library.audit.lines()]


def found(library: Library) -> list[tuple[int, str]]:
    return [(fault.number, fault.kind.value) for fault in library.audit.check().faults]


def test_every_hash_can_be_computed_from_what_the_documentation_says(library: Library) -> None:
    previous = START
    lines = rows(
        library,
        "SELECT id, at, who, action, what, previous, salt, what_sha256, facts, hash "
        "FROM audit JOIN audit_chain ON line_id = id ORDER BY id",
    )
    assert [line[0] for line in lines] == [1, 2, 3, 4, 5]
    for number, at, who, action, what, before, salt, what_sha256, facts, digest in lines:
        assert before == previous
        assert what_sha256 == sha256(f"{salt}{what}".encode()).hexdigest()
        text = (
            f'{{"action":{json.dumps(action)},"at":{json.dumps(at)},"facts":{json.dumps(facts)},'
            f'"number":{number},"previous":"{previous}","what_sha256":"{what_sha256}",'
            f'"who":{json.dumps(who)}}}'
        )
        previous = sha256(text.encode()).hexdigest()
        assert digest == previous
    check = library.audit.check()
    assert (check.n_lines, check.head, check.faults) == (5, previous, ())


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        ("UPDATE audit SET who = 'somebody' WHERE id = 2", [(2, "changed")]),
        ("UPDATE audit SET action = 'open' WHERE id = 4", [(4, "changed")]),
        ("UPDATE audit SET at = '2020-01-01T00:00:00+00:00' WHERE id = 1", [(1, "changed")]),
        ("UPDATE audit SET what = 'nothing' WHERE id = 5", [(5, "changed")]),
        ("UPDATE audit SET what = 'x' WHERE id = 3; UPDATE audit_chain SET salt = '' "
         "WHERE line_id = 3", [(3, "changed")]),
        ("UPDATE audit_chain SET facts = '{\"erased\":{}}' WHERE line_id = 3", [(3, "changed")]),
        ("UPDATE audit_chain SET previous = hash WHERE line_id = 3", [(3, "changed")]),
        ("UPDATE audit_chain SET hash = previous WHERE line_id = 5", [(5, "changed")]),
        ("DELETE FROM audit WHERE id = 3; DELETE FROM audit_chain WHERE line_id = 3",
         [(3, "missing")]),
        ("DELETE FROM audit WHERE id IN (1, 2); DELETE FROM audit_chain WHERE line_id IN (1, 2)",
         [(1, "missing")]),
        ("DELETE FROM audit WHERE id = 3", [(3, "missing")]),
        ("DELETE FROM audit_chain WHERE line_id = 3", [(3, "inserted"), (4, "broken")]),
        ("INSERT INTO audit SELECT 6, at, who, action, what FROM audit WHERE id = 1",
         [(6, "inserted")]),
        ("UPDATE audit SET id = 9 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; "
         "UPDATE audit SET id = 3 WHERE id = 9; UPDATE audit_chain SET line_id = 9 WHERE "
         "line_id = 2; UPDATE audit_chain SET line_id = 2 WHERE line_id = 3; "
         "UPDATE audit_chain SET line_id = 3 WHERE line_id = 9", [(2, "moved"), (3, "moved")]),
        ("DELETE FROM audit WHERE id = 2; DELETE FROM audit_chain WHERE line_id = 2; "
         "UPDATE audit SET id = id - 1 WHERE id > 2; UPDATE audit_chain SET line_id = line_id - 1 "
         "WHERE line_id > 2",
         [(2, "moved"), (3, "moved"), (4, "moved"), (5, "cut off")]),
        ("DELETE FROM audit WHERE id > 3; DELETE FROM audit_chain WHERE line_id > 3",
         [(4, "cut off")]),
        ("DELETE FROM audit; DELETE FROM audit_chain", [(1, "cut off")]),
    ],
)  # fmt: skip
def test_what_was_changed_is_found(
    library: Library, statements: str, faults: list[tuple[int, str]]
) -> None:
    tamper(library, statements)
    assert found(library) == faults


def test_a_line_written_anew_with_its_own_hash_breaks_the_next(library: Library) -> None:
    ((at, who, before),) = rows(
        library, "SELECT at, who, previous FROM audit JOIN audit_chain ON line_id = id WHERE id = 2"
    )
    link = linked(Line(2, str(at), str(who), "open", "session 2"), str(before))
    tamper(
        library,
        f"UPDATE audit SET action = 'open', what = 'session 2' WHERE id = 2; UPDATE audit_chain "
        f"SET salt = '{link.salt}', what_sha256 = '{link.what_sha256}', hash = '{link.hash}' "
        "WHERE line_id = 2",
    )
    assert found(library) == [(3, "broken")]


def test_a_noted_head_shows_what_no_chain_can(library: Library) -> None:
    head = library.audit.check().head
    library.audit.record("import", "3 sessions")
    assert library.audit.check(head).n_since == 1
    tamper(
        library,
        "DELETE FROM audit WHERE id > 4; DELETE FROM audit_chain WHERE line_id > 4; "
        "UPDATE sqlite_sequence SET seq = 4 WHERE name = 'audit'",
    )
    assert library.audit.check().sound  # the whole of what a chain without an anchor sees
    check = library.audit.check(head)
    assert (check.sound, check.n_since) == (False, None)
    assert "cut off before that line, or written anew" in check.faults[0].what
    assert library.audit.check(START).n_since == 4
    with pytest.raises(InputError, match="'abc' is no hash of an audit"):
        library.audit.check("abc")


def test_lines_after_a_cut_show_the_gap(library: Library) -> None:
    tamper(library, "DELETE FROM audit WHERE id > 3; DELETE FROM audit_chain WHERE line_id > 3")
    library.audit.record("import", "1 session")
    assert found(library) == [(4, "missing")]


def test_forgetting_leaves_the_chain_and_nothing_of_the_name(library: Library) -> None:
    salts = [str(salt).encode() for (salt,) in rows(library, "SELECT salt FROM audit_chain")]
    forget(library, plan_forget(library, "Ann"))
    assert library.audit.check().faults == ()
    assert trail(library) == [
        "forgotten speaker 1, session 1",
        "forgotten speaker 1, session 2",
        "Bo, session 3",
        "a forgotten recording against 'forgotten speaker 1'",
        "3 sessions, as forgotten speaker 1's mother agreed",
        "speaker 1, 2 sessions",
    ]
    ((facts,),) = rows(library, "SELECT facts FROM audit_chain WHERE line_id = 6")
    assert sorted(json.loads(str(facts))["erased"]) == ["4", "5"]
    content = (library.folder / "library.sqlite").read_bytes()
    assert b"Ann" not in content
    assert b"ann_2" not in content
    # by the salt it could be tried which name it was
    assert [salt in content for salt in salts] == [True, True, True, False, False]


def test_a_text_changed_after_a_forgetting_is_found(library: Library) -> None:
    library.forget("Ann")
    tamper(library, "UPDATE audit SET what = 'a forgotten recording' WHERE id = 4")
    assert found(library) == [(4, "changed")]


def test_two_forgotten_people_in_one_line(library: Library) -> None:
    library.audit.record("identify", "x.mov: Ann 0.9, Bo 0.2")
    library.forget("Ann")
    library.forget("Bo")
    assert trail(library)[5] == "x.mov: forgotten speaker 1 0.9, forgotten speaker 2 0.2"
    assert library.audit.check().sound


def test_the_chain_holds_through_renames_merges_moves_and_their_undoing(library: Library) -> None:
    undo = rename_speaker(library, "Ann", "P-1")
    assert trail(library)[0] == "P-1, session 1"
    assert trail(library)[4] == "3 sessions, as P-1's mother agreed"
    undo_change(library, undo)
    assert trail(library)[4] == "3 sessions, as Ann's mother agreed"
    undo_change(library, move_session(library, library.sessions()[0], "Bo"))
    undo = merge_speakers(library, "Ann", "Bo")
    assert trail(library)[:2] == ["Bo, session 1", "Bo, session 2"]
    undo_change(library, undo)
    assert trail(library)[:2] == ["Ann, session 1", "Ann, session 2"]
    merge_speakers(library, "Ann", "Bo")
    library.forget("Bo")
    assert trail(library)[:2] == [
        "forgotten speaker 2, session 1",
        "forgotten speaker 2, session 2",
    ]
    assert library.audit.check().sound


def test_an_undo_does_not_bring_back_what_was_forgotten_since(library: Library) -> None:
    library.audit.record("identify", "x.mov: Ann 0.9, Bo 0.2")
    undo = rename_speaker(library, "Ann", "P-1")
    library.forget("Bo")
    undo_change(library, undo)
    assert b"Bo" not in (library.folder / "library.sqlite").read_bytes()
    assert library.audit.check().sound


def test_lines_of_an_earlier_version_are_taken_into_the_chain(library: Library) -> None:
    tamper(
        library,
        "DROP TABLE audit_chain; UPDATE audit SET what = 'Ann, session 1' WHERE id = 1; "
        "UPDATE audit SET what = 'a, b, session x against ''Bo''' WHERE id = 4; "
        f"PRAGMA user_version = {CHAIN_VERSION - 1}",
    )
    with Library.open(library.folder) as opened:
        assert trail(opened)[0] == "Ann, session 1"
        assert opened.audit.check().sound
        assert opened.audit.check().n_lines == 5
        rename_speaker(opened, "Ann", "Cy")
        rename_speaker(opened, "Bo", "Di")
        assert trail(opened)[0] == "Cy, session 1"
        assert trail(opened)[3] == "a, b, session x against 'Di'"
        assert opened.audit.check().sound


def test_a_library_without_a_chain_that_may_only_be_read_says_so(library: Library) -> None:
    tamper(library, "DROP TABLE audit_chain")
    assert len(library.audit.lines()) == 5
    with pytest.raises(InputError, match="has no chain yet"):
        library.audit.check()


def test_a_text_from_outside_names_nobody_by_number(library: Library) -> None:
    library.audit.record("identify", "\x021\x03.mov against 2 speakers")
    assert trail(library)[-1] == "\\x021\\x03.mov against 2 speakers"
    assert rows(library, "SELECT what FROM audit WHERE id = 6") == [
        ("\\x021\\x03.mov against 2 speakers",)
    ]


def test_an_act_that_fails_leaves_no_line(library: Library, make_session: MakeSession) -> None:
    with pytest.raises(InputError):
        library.enrol("Ann", make_session(sha256="00" * 32))
    assert library.audit.check().n_lines == 5
