"""Consent by purpose: given, added to, changed, withdrawn, expired, merged, undone, forgotten."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from facedyn_app.errors import ConsentError, InputError
from facedyn_app.library.library import Library
from facedyn_app.library.people import change_consent, merge_speakers, undo_change
from facedyn_app.records import Consent, ConsentState, ConsentTerms, Purpose, Session

MakeSession = Callable[..., Session]

RESEARCH, CLINICAL, RECOGNITION, TRAINING = Purpose
GIVEN, NEVER, EXPIRED, WITHDRAWN = ConsentState
TOMORROW, LATER = (date.today() + timedelta(days=n) for n in (1, 400))


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Ann by a text, Bo for recognition and training until tomorrow."""
    with Library.open(tmp_path / "lib") as opened:
        opened.enrol("Ann", make_session(sha256="0a" * 32), "consent of Ann")
        terms = ConsentTerms(frozenset({RECOGNITION, TRAINING}), TOMORROW, "Bo")
        opened.enrol("Bo", make_session(sha256="0b" * 32), "consent of Bo", terms=terms)
        yield opened


def agreed(library: Library, name: str) -> Consent:
    return next(one.agreed for one in library.speakers() if one.name == name)


def states(library: Library, name: str, day: date | None = None) -> list[ConsentState]:
    return [agreed(library, name).state(purpose, day or date.today()) for purpose in Purpose]


def expire(library: Library, name: str) -> None:
    """As if the last day of all that the speaker consented to had been in 2020."""
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        connection.execute(
            "UPDATE consents SET until = '2020-02-03' WHERE speaker_id = "
            "(SELECT id FROM speakers WHERE name = ?)",
            (name,),
        )


def test_a_text_is_for_every_purpose_without_an_end(library: Library) -> None:
    assert states(library, "Ann") == [GIVEN] * 4
    assert states(library, "Ann", date(2999, 1, 1)) == [GIVEN] * 4
    assert agreed(library, "Ann").words() == "given as text, for every purpose"


def test_a_library_of_an_earlier_version_keeps_all_that_it_has(
    tmp_path: Path, library: Library
) -> None:
    library.close()
    with sqlite3.connect(tmp_path / "lib" / "library.sqlite") as old:
        old.execute("DROP TABLE consents")
        old.execute("PRAGMA user_version = 4")
    with Library.open(tmp_path / "lib") as opened:
        assert states(opened, "Ann") == states(opened, "Bo") == [GIVEN] * 4
        assert agreed(opened, "Bo").text == "consent of Bo"
        assert set(opened.gallery("tiny-head")) == {"Ann", "Bo"}


def test_a_typed_consent_holds_for_its_purposes_until_the_end_of_its_last_day(
    library: Library,
) -> None:
    assert states(library, "Bo", TOMORROW) == [NEVER, NEVER, GIVEN, GIVEN]
    assert states(library, "Bo", TOMORROW + timedelta(days=1)) == [NEVER, NEVER, EXPIRED, EXPIRED]
    words = f"recognition until {TOMORROW}; training until {TOMORROW}"
    assert agreed(library, "Bo").words() == words
    assert {grant.given_by for grant in agreed(library, "Bo").grants} == {"Bo"}


def test_another_consent_adds_and_takes_nothing_away(
    library: Library, make_session: MakeSession
) -> None:
    terms = ConsentTerms(frozenset({CLINICAL, TRAINING}), LATER, "a guardian")
    library.enrol("Bo", make_session(sha256="0c" * 32), "a second form", terms=terms)
    assert agreed(library, "Bo").in_force() == {
        CLINICAL: LATER,
        RECOGNITION: TOMORROW,
        TRAINING: LATER,
    }
    library.enrol("Ann", make_session(sha256="0d" * 32), "a second form", terms=terms)
    assert agreed(library, "Ann").as_text


def test_the_same_text_again_gives_back_nothing_that_was_withdrawn(
    library: Library, make_session: MakeSession
) -> None:
    change_consent(library, "Bo", {TRAINING: None})
    terms = ConsentTerms(frozenset({RECOGNITION}))
    library.enrol("Bo", make_session(sha256="0c" * 32), "consent of Bo", terms=terms)
    assert states(library, "Bo") == [NEVER, NEVER, WITHDRAWN, GIVEN]


def test_what_is_not_said_any_more_is_withdrawn_and_said_when(library: Library) -> None:
    change_consent(library, "Ann", {RESEARCH: None, CLINICAL: LATER})
    assert states(library, "Ann") == [GIVEN, GIVEN, WITHDRAWN, WITHDRAWN]
    grant = agreed(library, "Ann").of(RECOGNITION)
    assert grant is not None
    assert grant.withdrawn_at is not None
    assert grant.withdrawn_at.astimezone().date() == date.today()
    assert library.audit.lines()[-1].what == (
        f"speaker 1: research; clinical until {LATER}; "
        f"recognition withdrawn {date.today()}; training withdrawn {date.today()}"
    )


def test_a_day_that_has_passed_and_a_consent_for_nothing_are_refused(
    library: Library, make_session: MakeSession
) -> None:
    with pytest.raises(InputError, match="which has passed"):
        change_consent(library, "Bo", {TRAINING: date.today() - timedelta(days=1)})
    change_consent(library, "Bo", {TRAINING: date.today()})  # of today it holds
    with pytest.raises(InputError, match="for something"):
        library.enrol("Cy", make_session(sha256="0c" * 32), "x", terms=ConsentTerms(frozenset()))
    assert [one.name for one in library.speakers()] == ["Ann", "Bo"]
    assert states(library, "Bo") == [NEVER, NEVER, WITHDRAWN, GIVEN]


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_nothing_more_is_kept_of_somebody_whose_consent_has_ended(
    library: Library, make_session: MakeSession, how: str
) -> None:
    if how == "withdrawn":
        change_consent(library, "Bo", {})
    else:
        expire(library, "Bo")
    assert agreed(library, "Bo").has_ended()
    for text in (None, "consent of Bo", "a new form without a purpose"):
        with pytest.raises(ConsentError, match=f"recognition {how}"):
            library.enrol("Bo", make_session(sha256="0c" * 32), text)
    assert len(library.sessions("Bo")) == 1
    terms = ConsentTerms(frozenset({RESEARCH}))
    library.enrol("Bo", make_session(sha256="0c" * 32), "a new form", terms=terms)
    assert agreed(library, "Bo").in_force() == {RESEARCH: None}


def test_nobody_is_in_the_gallery_without_consent_to_recognition(library: Library) -> None:
    assert set(library.gallery("tiny-head")) == {"Ann", "Bo"}
    change_consent(library, "Ann", {TRAINING: None})
    assert set(library.gallery("tiny-head")) == {"Bo"}
    expire(library, "Bo")
    assert library.gallery("tiny-head") == {}
    assert library.without_consent(RECOGNITION) == {"Ann": WITHDRAWN, "Bo": EXPIRED}
    assert library.without_consent(TRAINING) == {"Bo": EXPIRED}
    assert library.without_consent(CLINICAL) == {"Ann": WITHDRAWN, "Bo": NEVER}


def test_templates_go_with_the_consent_to_recognition(library: Library) -> None:
    library.embeddings_folder.mkdir()
    templates = library.embeddings_folder / "x.npz"
    templates.write_bytes(b"templates")
    change_consent(library, "Ann", {RECOGNITION: None})
    assert templates.exists()
    change_consent(library, "Ann", {TRAINING: None})
    assert not templates.exists()


def test_a_change_is_undone(library: Library) -> None:
    before = agreed(library, "Bo")
    for name, old in (("Ann", agreed(library, "Ann")), ("Bo", before)):
        undo = change_consent(library, name, {CLINICAL: None}, given_by="a clerk", text="a form")
        assert agreed(library, name).text.endswith("\na form")
        undo_change(library, undo)
        assert agreed(library, name) == old


def test_two_who_are_one_have_consented_to_what_both_have(library: Library) -> None:
    change_consent(library, "Ann", {CLINICAL: None, TRAINING: LATER})
    before = (agreed(library, "Ann"), agreed(library, "Bo"))
    undo = merge_speakers(library, "Ann", "Bo")
    assert states(library, "Bo") == [WITHDRAWN, NEVER, WITHDRAWN, GIVEN]
    assert agreed(library, "Bo").in_force() == {TRAINING: TOMORROW}
    undo_change(library, undo)
    assert (agreed(library, "Ann"), agreed(library, "Bo")) == before


def test_a_forgotten_persons_consent_is_forgotten(library: Library) -> None:
    change_consent(library, "Bo", {TRAINING: LATER}, given_by="Mother Courage")
    assert library.forget("Bo") == 1
    database = library.folder / "library.sqlite"
    assert b"Courage" not in database.read_bytes()
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM consents").fetchone() == (0,)


def test_a_purpose_of_nobodys_is_damage(library: Library) -> None:
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        connection.execute("UPDATE consents SET purpose = 'sale' WHERE id = 1")
    with pytest.raises(InputError, match="'sale' in place of a purpose"):
        library.speakers()
