"""Who is in a library: names that are near, rename, merge, move, notes, and their undoing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.annotations import Annotation, all_annotations, annotate
from facedyn_app.library.library import Library
from facedyn_app.library.names import Erasure, NearNameError, check_near
from facedyn_app.library.people import (
    merge_speakers,
    move_session,
    rename_speaker,
    undo_change,
)
from facedyn_app.records import Session

MakeSession = Callable[..., Session]


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Two sessions of Ann, one of Ann-Marie."""
    with Library.open(tmp_path / "lib") as opened:
        for number, name in enumerate(("Ann", "Ann", "Ann-Marie")):
            opened.enrol(name, make_session(sha256=f"{number:02d}" * 32), f"consent of {name}")
        yield opened


def names(library: Library) -> list[str]:
    return [speaker.name for speaker in library.speakers()]


def whose(library: Library) -> list[tuple[str | None, str]]:
    return [(entry.speaker, entry.name) for entry in library.sessions()]


def trail(library: Library) -> list[str]:
    return [line.what for line in library.audit.lines()]


@pytest.mark.parametrize("name", ["anna", "ANNA", "An na", "\uff21nna"])
def test_a_name_that_is_nearly_anothers_is_asked_about(name: str) -> None:
    with pytest.raises(NearNameError, match="nearly the name of 'Anna'") as caught:
        check_near(name, ["Bo", "Anna"])
    assert caught.value.near == "Anna"


@pytest.mark.parametrize("name", ["Anna", "Anne", "Annabel"])
def test_the_name_itself_and_other_names_are_not(name: str) -> None:
    check_near(name, ["Bo", "Anna"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann, session 4", "X, session 4"),
        ("'Ann' and Ann's", "'X' and X's"),
        ("Ann-Marie, session 4", "Ann-Marie, session 4"),
        ("Ann-Sophie, Mary-Ann, O'Ann", "Ann-Sophie, Mary-Ann, O'Ann"),
        ("Annabel and annoyed, an Ann.", "Annabel and annoyed, an X."),
        ("Ann Smith against Ann", "Ann Smith against X"),
        ("ann_visit-2.MOV against 3 speakers", "a forgotten recording against 3 speakers"),
        ("'/data/Ann 2024/a.mov' is gone", "'a forgotten recording' is gone"),
        ("ann-marie.mov against 3 speakers", "ann-marie.mov against 3 speakers"),
        ("planner.mov against 3 speakers", "planner.mov against 3 speakers"),
        ("clip7.mp4 was read", "a forgotten recording was read"),
        ("myclip7.mp4 was read", "myclip7.mp4 was read"),
    ],
)
def test_whole_names_alone_are_taken_out(text: str, left: str) -> None:
    erasure = Erasure("Ann", "X", ["Ann", "Ann-Marie", "Ann Smith", "Bo"], ["clip7.mp4"])
    assert erasure.apply(text) == left
    assert erasure.found(text) == (text != left)


@pytest.mark.parametrize("letter", ["[", "n", "/", ".", "a.b"])
def test_a_long_word_is_searched_in_one_go(letter: str) -> None:
    """In every place of it anew it would take ten minutes."""
    erasure = Erasure("Ann", "X", ["Bo"], ["clip7.mp4"])
    word = letter * 300_000
    assert erasure.apply(f"{word} Ann.mp4 {word}") == f"{word} a forgotten recording {word}"


def test_a_name_without_letters_is_a_name_where_it_is_quoted() -> None:
    erasure = Erasure("7", "X")
    text = "7, session 7\nBo, session 7\na.mov against '7', 7 of 7"
    assert erasure.apply(text) == "X, session 7\nBo, session 7\na.mov against 'X', 7 of 7"


def test_forgetting_ann_leaves_ann_marie_alone(library: Library) -> None:
    library.audit.record("verify", "ann_2.mov against 'Ann'")
    library.forget("Ann")
    assert trail(library) == [
        "forgotten speaker 1, session 1",
        "forgotten speaker 1, session 2",
        "Ann-Marie, session 3",
        "a forgotten recording against 'forgotten speaker 1'",
        "speaker 1, 2 sessions",
    ]


def test_a_speaker_is_renamed_everywhere_and_back(library: Library) -> None:
    before = trail(library)
    undo = rename_speaker(library, "Ann", " P-001 ")
    assert names(library) == ["P-001", "Ann-Marie"]
    assert [speaker for speaker, _ in whose(library)] == ["P-001", "P-001", "Ann-Marie"]
    assert trail(library)[:3] == [
        "P-001, session 1",
        "P-001, session 2",
        "Ann-Marie, session 3",
    ]
    undo_change(library, undo)
    assert names(library) == ["Ann", "Ann-Marie"]
    assert trail(library) == [*before, "speaker 1", "rename"]


def test_a_taken_or_near_name_is_refused(library: Library) -> None:
    with pytest.raises(InputError, match="'Ann-Marie' in the library already"):
        rename_speaker(library, "Ann", "Ann-Marie")
    with pytest.raises(NearNameError, match="'Ann-Marie'"):
        rename_speaker(library, "Ann", "ANN-marie")
    rename_speaker(library, "Ann", "ANN-marie", near=True)
    rename_speaker(library, "ANN-marie", "ann")  # nobody else's
    assert names(library) == ["ann", "Ann-Marie"]


def test_two_speakers_become_one_and_two_again(library: Library) -> None:
    annotate(library, "Ann", tags=["pilot", "left"], note="first")
    annotate(library, "Ann-Marie", tags=["left"], note="second")
    undo = merge_speakers(library, "Ann", "Ann-Marie")
    (speaker,) = library.speakers()
    assert (speaker.name, speaker.n_sessions) == ("Ann-Marie", 3)
    assert speaker.consent == "consent of Ann-Marie\nconsent of Ann"
    assert whose(library) == [
        ("Ann-Marie", "visit (2)"),
        ("Ann-Marie", "visit (2) (2)"),
        ("Ann-Marie", "visit"),
    ]
    assert len(library.gallery("tiny-head")["Ann-Marie"]) == 3
    assert all_annotations(library)[0] == {2: Annotation(("left", "pilot"), "second\nfirst")}
    assert "Ann," not in "".join(trail(library))
    undo_change(library, undo)
    assert [(s.name, s.consent, s.n_sessions) for s in library.speakers()] == [
        ("Ann", "consent of Ann", 2),
        ("Ann-Marie", "consent of Ann-Marie", 1),
    ]
    assert whose(library) == [("Ann", "visit"), ("Ann", "visit (2)"), ("Ann-Marie", "visit")]
    assert all_annotations(library)[0] == {
        1: Annotation(("pilot", "left"), "first"),
        2: Annotation(("left",), "second"),
    }
    assert {name: len(own) for name, own in library.gallery("tiny-head").items()} == {
        "Ann": 2,
        "Ann-Marie": 1,
    }


def test_one_video_under_two_names_cannot_be_merged(
    library: Library, make_session: MakeSession
) -> None:
    library.enrol("Bo", make_session(sha256="00" * 32), "consent of Bo")
    before = whose(library)
    with pytest.raises(InputError, match="already among the sessions of 'Ann'"):
        merge_speakers(library, "Bo", "Ann")
    with pytest.raises(InputError, match="same speaker"):
        merge_speakers(library, "Ann", " Ann ")
    assert whose(library) == before


def test_a_session_moves_and_moves_back(library: Library) -> None:
    first = library.sessions()[0]
    undo = move_session(library, first, "Ann-Marie")
    assert whose(library)[0] == ("Ann-Marie", "visit (2)")
    assert len(library.gallery("tiny-head")["Ann-Marie"]) == 2
    with pytest.raises(InputError, match="one of 'Ann-Marie' already"):
        move_session(library, first, "Ann-Marie")
    undo_change(library, undo)
    assert whose(library)[0] == ("Ann", "visit")
    assert len(library.gallery("tiny-head")["Ann"]) == 2


def test_what_was_forgotten_does_not_come_back_by_undoing(library: Library) -> None:
    undo = rename_speaker(library, "Ann", "Berta")
    library.forget("Berta")
    with pytest.raises(InputError, match="no longer there"):
        undo_change(library, undo)
    assert names(library) == ["Ann-Marie"]
    assert b"Berta" not in (library.folder / "library.sqlite").read_bytes()


def test_notes_go_with_the_person(library: Library) -> None:
    first = library.sessions()[0]
    annotate(library, first, tags=["tired", " tired "], note=" left side \n")
    assert annotate(library, first, tags=["new"]) == Annotation(("new",), "left side")
    annotate(library, "Ann", note="seldom")
    library.forget("Ann")
    assert all_annotations(library) == ({}, {})
    assert b"seldom" not in (library.folder / "library.sqlite").read_bytes()


def test_what_cannot_be_a_note_is_refused(library: Library) -> None:
    for tags, note in ((["a\nb"], None), (["x" * 61], None), (None, "x" * 2001), (None, "\x1b[1m")):
        with pytest.raises(InputError, match="cannot be a"):
            annotate(library, "Ann", tags=tags, note=note)
    assert all_annotations(library) == ({}, {})
