"""The work queue: every item once, in one worker's hand, and free again when that one dies."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event

from facedyn_app.errors import InputError
from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.forgetting import forget, plan_forget
from facedyn_app.library.library import Library
from facedyn_app.library.people import rename_speaker, undo_change
from facedyn_app.library.traces import search_traces
from facedyn_app.library.work_queue import CRASHED, has_dead_worker
from facedyn_app.library.work_rows import (
    MOST_TRIES,
    Hand,
    NewWork,
    WorkEnd,
    WorkItem,
    WorkKind,
    WorkState,
)
from facedyn_app.progress import ignore
from facedyn_app.records import Session

CONSENT = "simulated, no consent needed"
READ, FIT = WorkKind.READ, WorkKind.FIT
MakeSession = Callable[..., Session]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "l") as library:
        yield library


def works(folder: Path, n: int, speaker: str = "Ann", kind: WorkKind = READ) -> list[NewWork]:
    """Recordings of a speaker, each with a file."""
    paths = [folder / f"{speaker} {k}.npz" for k in range(n)]
    for path in paths:
        path.write_text(path.name)
    return [NewWork(kind, speaker, path, path.stem, date(2020, 5, 3)) for path in paths]


def states(library: Library) -> list[str]:
    return [str(item.state) for item in library.work.items()]


def done_with(
    library: Library, mark: str, item: WorkItem, session: Session, *, keep: bool = True
) -> Hand:
    hand = Hand(mark, [item.id], [True], keep, set())
    library.enrol_new([NewSession(item.what.speaker, session, item.what.name)], CONSENT, hand=hand)
    return hand


def test_what_is_added_comes_back_as_it_was(library: Library, tmp_path: Path) -> None:
    wanted = works(tmp_path, 2)
    odd = tmp_path / os.fsdecode(b"\xff.npz")
    odd.write_bytes(b"x")
    wanted.append(NewWork(FIT, "Bo", odd))
    added = library.work.add('{"said": 1}', wanted)
    items = library.work.items()
    assert [item.what for item in items] == wanted
    assert [item.id for item in items] == list(added.ids)
    assert {library.work.details(item.order) for item in items} == {'{"said": 1}'}
    assert states(library) == ["waiting"] * 3
    assert (added.n_new, added.n_waited, added.done) == (3, 0, frozenset())
    assert library.audit.lines()[-1].what == "3 recordings added"


def test_each_recording_is_there_once(library: Library, tmp_path: Path) -> None:
    wanted = works(tmp_path, 3)
    first = library.work.add("{}", wanted[:2])
    again = library.work.add("{}", [*wanted, wanted[0]])
    assert again.ids == (*first.ids, again.ids[2], first.ids[0])
    assert (again.n_new, again.n_waited) == (1, 2)
    assert len(library.work.items()) == 3


def test_an_item_is_in_one_hand(library: Library, tmp_path: Path) -> None:
    ids = library.work.add("{}", works(tmp_path, 3)).ids
    with library.work.working() as one, library.work.working() as other:
        assert [item.id for item in library.work.claim(one, ids[:2])] == list(ids[:2])
        assert [item.id for item in library.work.claim(other, ids)] == [ids[2]]
        library.work.end(other, [WorkEnd(ids[0], WorkState.DONE)], keep=True)  # not its own
        assert states(library) == ["running"] * 3
        assert library.work.items()[0].worker.startswith(f"process {os.getpid()} on ")
    assert states(library) == ["waiting"] * 3
    assert {item.worker for item in library.work.items()} == {""}


def test_what_is_reserved_is_one_workers(library: Library, tmp_path: Path) -> None:
    with library.work.working() as one, library.work.working() as other:
        ids = library.work.add("{}", works(tmp_path, 2), reserved_for=one).ids
        assert library.work.claim(other, ids) == []
        assert len(library.work.claim(one, ids[:1])) == 1
        library.work.withdraw(one)
        assert [item.id for item in library.work.items()] == [ids[0]]


def test_a_session_and_its_item_come_and_go_together(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    wanted = works(tmp_path, 2)
    ids = library.work.add("{}", wanted).ids
    with library.work.working() as mark:
        items = library.work.claim(mark, ids)
        with pytest.raises(InputError):  # no name: neither a session nor an end
            library.enrol_new(
                [NewSession("", make_session())],
                CONSENT,
                hand=Hand(mark, [ids[0]], [True], True, set()),
            )
        assert states(library) == ["running"] * 2
        done_with(library, mark, items[0], make_session())
    assert states(library) == ["done", "waiting"]
    assert library.work.add("{}", wanted).done == {ids[0]}
    library.delete_session(library.sessions()[0])
    assert [item.id for item in library.work.items()] == [ids[1]]


def test_done_is_what_is_still_the_same_file_and_theirs(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    wanted = works(tmp_path, 1)
    ids = library.work.add("{}", wanted).ids
    with library.work.working() as mark:
        done_with(library, mark, library.work.claim(mark, ids)[0], make_session())
    assert library.work.add("{}", wanted).done == set(ids)
    wanted[0].path.write_text("something else")
    assert library.work.add("{}", wanted).done == frozenset()
    assert states(library) == ["waiting"]


def test_without_file_names_what_is_done_goes(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    ids = library.work.add("{}", works(tmp_path, 1)).ids
    with library.work.working() as mark:
        (item,) = library.work.claim(mark, ids)
        done_with(library, mark, item, make_session(), keep=False)
    assert library.work.items() == []
    assert len(library.sessions("Ann")) == 1


def test_what_was_cancelled_or_forgotten_meanwhile_is_not_enrolled(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    library.enrol("Bo", make_session(sha256="0b" * 32), CONSENT)
    ids = library.work.add("{}", [*works(tmp_path, 1), *works(tmp_path, 1, "Bo")]).ids
    with library.work.working() as mark:
        ann, bo = library.work.claim(mark, ids)
        library.work.cancel([ann.id])
        library.forget("Bo")
        assert library.work.held(mark, ids) == set()
        for item in (ann, bo):
            hand = done_with(library, mark, item, make_session())
            assert hand.lost == {item.id}
        with pytest.raises(InputError, match="taken off the queue"):
            library.enrol("Bo", make_session(), CONSENT, hand=hand)
    assert (library.speakers(), library.sessions()) == ([], [])
    assert states(library) == ["cancelled"]


def dies_with(folder: Path, ids: tuple[int, ...]) -> int:
    """A process that takes items in hand and is killed; its number."""
    number = os.fork()
    if not number:
        other = Library.open(folder)
        with other.work.working() as mark:
            other.work.claim(mark, ids)
            (folder / "claimed").touch()
            time.sleep(600)
        os._exit(1)
    while not (folder / "claimed").exists():
        time.sleep(0.01)
    (folder / "claimed").unlink()
    return number


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_dead_workers_items_wait_again(library: Library, tmp_path: Path) -> None:
    ids = library.work.add("{}", works(tmp_path, 2)).ids
    number = dies_with(library.folder, ids[:1])
    try:
        assert library.work.give_back_abandoned() == 0  # it lives
        assert not has_dead_worker(library.folder)
        assert states(library) == ["running", "waiting"]
    finally:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
    assert has_dead_worker(library.folder)
    with Library.open(library.folder) as again:
        assert again.work.n_abandoned == 1
        assert states(again) == ["waiting"] * 2
        assert not has_dead_worker(library.folder)
    assert sorted(path.name for path in library.folder.iterdir() if path.name[0] == ".") == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_what_ends_the_program_each_time_has_failed(library: Library, tmp_path: Path) -> None:
    wanted = works(tmp_path, 1, kind=FIT)
    for _ in range(MOST_TRIES):
        ids = library.work.add("{}", wanted).ids  # as one who calls an import again and again
        assert states(library) == ["waiting"]
        number = dies_with(library.folder, ids)
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
        assert library.work.give_back_abandoned() == 1
    (item,) = library.work.items()
    assert (item.state, item.reason) == (WorkState.FAILED, CRASHED.format(MOST_TRIES))
    assert library.work.add("{}", wanted).n_new == 0
    assert states(library) == ["failed"]
    assert library.work.retry() == 1
    with library.work.working() as mark:
        assert library.work.claim(mark, ids)[0].tries == 1


def test_retry_cancel_and_clear(library: Library, tmp_path: Path) -> None:
    ids = library.work.add("{}", works(tmp_path, 4)).ids
    with library.work.working() as mark:
        library.work.claim(mark, ids[:2])
        ends = [
            WorkEnd(ids[0], WorkState.FAILED, "No face."),
            WorkEnd(ids[1], WorkState.DONE, "There."),
        ]
        library.work.end(mark, ends, keep=True)
    assert library.work.cancel([ids[3]]) == 1
    assert states(library) == ["failed", "done", "waiting", "cancelled"]
    assert [item.reason for item in library.work.items()] == ["No face.", "There.", "", ""]
    assert library.work.retry() == 2
    assert states(library) == ["waiting", "done", "waiting", "waiting"]
    assert library.work.cancel() == 3
    assert library.work.clear([ids[0], ids[1]]) == 2
    assert [item.id for item in library.work.items()] == list(ids[2:])
    assert library.work.clear() == 2
    acts = [line.what for line in library.audit.lines() if line.action == "queue"]
    assert acts == [
        "4 recordings added",
        "1 recordings cancelled",
        "2 recordings retried",
        "3 recordings cancelled",
        "2 recordings removed",
        "2 recordings removed",
    ]
    with sqlite3.connect(library.folder / "library.sqlite") as raw:
        assert raw.execute("SELECT count(*) FROM work_orders").fetchone() == (0,)


def test_five_thousand_items_take_few_statements(library: Library, tmp_path: Path) -> None:
    wanted = [NewWork(READ, f"S{k % 50}", tmp_path / f"{k}.npz", None) for k in range(5000)]
    told: list[str] = []
    queue = library.work  # dead workers are looked for now
    event.listen(library._engine, "before_cursor_execute", lambda *a: told.append(a[2]))
    queue.add("{}", wanted)
    n_added = len(told)
    told.clear()
    assert len(queue.items()) == 5000
    n_listed = len(told)
    told.clear()
    assert queue.counts()[WorkState.WAITING] == 5000
    assert n_added <= 16
    assert n_listed + len(told) <= 16


def test_forgetting_takes_paths_and_names_along(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    place = tmp_path / "videos"
    place.mkdir()
    ids = library.work.add('{"consent": "given by Annabella"}', works(place, 3, "Annabella")).ids
    others = library.work.add(
        "{}", [*works(place, 2, "Bo"), NewWork(READ, "Bo", place / "Bo with Annabella.npz")]
    ).ids
    with library.work.working() as mark:
        first = library.work.claim(mark, ids[:1])[0]
        done_with(library, mark, first, make_session())
        bo = library.work.claim(mark, others)
        done_with(library, mark, bo[0], make_session(seed=2, sha256="0b" * 32))
        ends = [WorkEnd(number, WorkState.FAILED, "No face.") for number in others[1:]]
        library.work.end(mark, ends, keep=True)
    plan = plan_forget(library, "Annabella")
    database = library.folder / "library.sqlite"
    found = search_traces([database], plan.traces, ignore).findings
    assert {one.what for one in found} >= {"the name"}  # the search does find them
    forget(library, plan)
    left = [(item.what.speaker, item.what.path.name) for item in library.work.items()]
    assert left == [("Bo", "Bo 0.npz"), ("Bo", "Bo 1.npz")]
    assert search_traces([library.folder], plan.traces, ignore).findings == ()


def test_a_forgotten_session_takes_its_item_along(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    ids = library.work.add("{}", works(tmp_path, 2)).ids
    with library.work.working() as mark:
        one, two = library.work.claim(mark, ids)
        done_with(library, mark, one, make_session())
        done_with(library, mark, two, make_session(sha256="02" * 32))
    forget(library, plan_forget(library, library.sessions()[0]))
    assert [item.id for item in library.work.items()] == [ids[1]]


def test_items_follow_the_name_of_their_speaker(
    library: Library, tmp_path: Path, make_session: MakeSession
) -> None:
    library.enrol("Ann", make_session(), CONSENT)
    library.work.add("{}", works(tmp_path, 2))
    undo = rename_speaker(library, "Ann", "Anna Maria")
    assert {item.what.speaker for item in library.work.items()} == {"Anna Maria"}
    undo_change(library, undo)
    assert {item.what.speaker for item in library.work.items()} == {"Ann"}


def test_a_library_of_an_earlier_version_gets_a_queue(
    tmp_path: Path, make_session: MakeSession
) -> None:
    with Library.open(tmp_path / "l") as library:
        library.enrol("Ann", make_session(), CONSENT)
    with sqlite3.connect(tmp_path / "l" / "library.sqlite") as old:
        for table in ("work", "work_orders"):
            old.execute(f"DROP TABLE {table}")
        old.execute("PRAGMA user_version = 6")
    with Library.open(tmp_path / "l") as library:
        assert library.work.items() == []
        assert len(library.sessions("Ann")) == 1
        library.work.add("{}", works(tmp_path, 1))
        assert states(library) == ["waiting"]


@pytest.mark.parametrize(
    "damage",
    [
        "state = 'lost'",
        "kind = 'run'",
        "path = 'a' || char(0)",
        "day = 'soon'",
        "tries = -1",
        "order_id = 99",
    ],
)
def test_a_damaged_queue_is_said(library: Library, tmp_path: Path, damage: str) -> None:
    library.work.add("{}", works(tmp_path, 1))
    library.close()
    with sqlite3.connect(library.folder / "library.sqlite") as raw:
        raw.execute(f"UPDATE work SET {damage}")
    with pytest.raises(InputError, match="is damaged"), Library.open(library.folder) as again:
        again.work.items()
