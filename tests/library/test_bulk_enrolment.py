"""Many sessions enrolled at once: the same rows, names and audit as one by one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.library import Library
from facedyn_app.library.schema import TakeRow
from facedyn_app.records import Session

CONSENT = "given in writing"


def test_many_sessions_at_once_are_kept_as_one_by_one(
    tmp_path: Path, make_session: Callable[..., Session]
) -> None:
    sessions = [make_session(sha256=f"{number:02d}" * 32) for number in range(4)]
    people = ["Ann", "Bo", "Ann", "Ann"]
    with Library.open(tmp_path / "one") as one:
        for name, session in zip(people, sessions, strict=True):
            one.enrol(name, session, CONSENT, "take")
        expected = _entries(one)
        lines = [line.what for line in one.audit.lines()]
        signatures = _signatures(one)
    with Library.open(tmp_path / "many") as many:
        pairs = zip(people, sessions, strict=True)
        entries = many.enrol_new([NewSession(name, own, "take") for name, own in pairs], CONSENT)
        assert [entry.id for entry in entries if entry] == [1, 2, 3, 4]
        assert [
            (entry.name, entry.speaker, entry.enrolled) for entry in many.sessions()
        ] == expected
        assert [line.what for line in many.audit.lines()] == lines
        assert many.audit.check().sound
        for own, other in zip(_signatures(many), signatures, strict=True):
            np.testing.assert_array_equal(own, other)


def test_a_recording_that_comes_twice_at_once_is_kept_once(
    tmp_path: Path, make_session: Callable[..., Session]
) -> None:
    twice = make_session(sha256="ab" * 32)
    with Library.open(tmp_path / "lib") as library:
        new = [NewSession("Ann", twice), NewSession("Ann", twice), NewSession("Bo", twice)]
        new.append(NewSession("Ann", make_session(sha256="ab" * 32, head_id="other-head")))
        entries = library.enrol_new(new, CONSENT)
        assert [entry is None for entry in entries] == [False, True, False, False]
        assert len(library.sessions()) == len(list((library.folder / "sessions").iterdir())) == 3


def _signatures(library: Library) -> list[np.ndarray]:
    with library.transaction() as orm:
        return [np.asarray(row.signature) for row in orm.query(TakeRow).order_by("session_id")]


def _entries(library: Library) -> list[tuple[str, str | None, bool]]:
    return [(entry.name, entry.speaker, entry.enrolled) for entry in library.sessions()]
