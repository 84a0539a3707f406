"""A library of many sessions is opened with as many statements as a small one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from facedyn_app.bench.large_library import fill_rows
from facedyn_app.library.library import Library
from facedyn_app.workflows.library import list_sessions, open_library


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are put to any database in the block."""
    told: list[str] = []

    def tell(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", tell)


def library_of(folder: Path, n_speakers: int, n_sessions: int) -> Path:
    with Library.open(folder) as library:
        fill_rows(library, n_speakers, n_sessions)
    return folder


@pytest.mark.parametrize("act", [open_library, lambda folder: list_sessions(folder, None)])
def test_opening_takes_no_more_statements_for_more_sessions(
    tmp_path: Path, act: Callable[[Path], object]
) -> None:
    small, large = library_of(tmp_path / "small", 3, 5), library_of(tmp_path / "large", 60, 400)
    counts = []
    for folder in (small, large):
        with counted() as told:
            act(folder)
        counts.append(len(told))
    assert counts[0] == counts[1] < 100


def test_all_of_a_large_library_is_listed(tmp_path: Path) -> None:
    snapshot = open_library(library_of(tmp_path / "large", 60, 400))
    assert len(snapshot.speakers) == 60
    assert len({session.key for session in snapshot.sessions}) == 400
    assert {len(speaker.sessions) for speaker in snapshot.speakers} == {6, 7}
