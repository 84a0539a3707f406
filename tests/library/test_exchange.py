"""Speakers from one library to another: all that is theirs, with consent; all or nobody."""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.errors import FacedynError, InputError
from facedyn_app.library.annotations import all_annotations, annotate
from facedyn_app.library.backup import write_backup
from facedyn_app.library.exchange import export_speakers, import_speakers
from facedyn_app.library.library import Library
from facedyn_app.library.names import NearNameError
from facedyn_app.library.people import change_consent
from facedyn_app.progress import Cancelled, Progress, ignore
from facedyn_app.records import Purpose, Session

DAMAGED = "what it says of its speakers is damaged"
MakeSession = Callable[..., Session]


@pytest.fixture
def library(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Ann with three sessions, one not enrolled, dated, noted on; Bo, who stays."""
    with Library.open(tmp_path / "from") as opened:
        opened.enrol("Bo", make_session(seed=9, sha256="99" * 32), "consent of Bo")
        for number in range(2):
            session = make_session(seed=number, sha256=f"{number:02d}" * 32)
            opened.enrol("Ann", session, "consent of Ann")
        opened.add_session(make_session(seed=5, sha256="55" * 32), speaker="Ann", name="third")
        first = opened.sessions("Ann")[0]
        opened.date_session(first, date(2024, 5, 3))
        annotate(opened, first, tags=["tired"], note="left side")
        annotate(opened, "Ann", tags=["pilot", "left"])
        until = date.today() + timedelta(days=30)
        change_consent(opened, "Ann", {Purpose.RECOGNITION: until, Purpose.TRAINING: None})
        change_consent(opened, "Ann", {Purpose.RECOGNITION: until})
        yield opened


@pytest.fixture
def other(tmp_path: Path, make_session: MakeSession) -> Iterator[Library]:
    """Another library, with somebody in it."""
    with Library.open(tmp_path / "to") as opened:
        opened.enrol("Cy", make_session(seed=7, sha256="77" * 32), "consent of Cy")
        yield opened


@pytest.fixture
def file(library: Library, tmp_path: Path) -> Path:
    """Ann, exported."""
    export_speakers(library, ["Ann"], tmp_path / "ann.speakers", ignore)
    return tmp_path / "ann.speakers"


def of(library: Library, name: str) -> dict[str, Any]:
    """All that a library has of somebody, but for its own numbers and days of adding."""
    (speaker,) = [one for one in library.speakers() if one.name == name]
    on_speakers, on_sessions = all_annotations(library)
    return {
        "consent": speaker.agreed,
        "noted": on_speakers.get(speaker.id),
        "sessions": [
            (one.name, one.enrolled, one.recorded_at, one.source_sha256, one.n_valid,
             on_sessions.get(one.id), library.load(one).motion.expression.tobytes())
            for one in library.sessions(name)
        ],
    }  # fmt: skip


def test_what_arrives_is_equal_and_others_stay(
    library: Library, other: Library, file: Path
) -> None:
    (ann,) = import_speakers(other, file, ignore)
    assert (ann.name, ann.consent, len(ann.sessions)) == ("Ann", "consent of Ann", 3)
    assert of(other, "Ann") == of(library, "Ann")
    agreed = of(other, "Ann")["consent"]
    assert list(agreed.in_force()) == [Purpose.RECOGNITION]
    assert agreed.of(Purpose.TRAINING).withdrawn_at is not None
    assert [speaker.name for speaker in other.speakers()] == ["Cy", "Ann"]
    with zipfile.ZipFile(file) as opened:
        assert b"Bo" not in opened.read("manifest.json")
        assert len(opened.namelist()) == 4
    assert library.audit.lines()[-1].what == "Ann, 3 sessions"
    assert other.audit.lines()[-1].what == "Ann, 3 sessions, of another library"
    assert other.audit.check().sound
    assert not [path for path in other.sessions_folder.iterdir() if path.name.startswith(".")]


def test_somebody_of_that_name_is_not_taken_for_them(other: Library, file: Path) -> None:
    import_speakers(other, file, ignore)
    n_sessions = len(other.sessions())
    with pytest.raises(InputError, match="a speaker 'Ann' in the library already"):
        import_speakers(other, file, ignore)
    assert len(other.sessions()) == n_sessions


def test_a_near_name_is_asked_about(library: Library, file: Path) -> None:
    library.forget("Ann")
    library.enrol("ANN", library.load(library.sessions("Bo")[0]), "consent of another")
    with pytest.raises(NearNameError, match="'Ann' is nearly the name of 'ANN'"):
        import_speakers(library, file, ignore)
    import_speakers(library, file, ignore, near=True)
    assert [speaker.name for speaker in library.speakers()] == ["Bo", "ANN", "Ann"]


def changed(file: Path, change: Callable[[Any], object]) -> None:
    with zipfile.ZipFile(file) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(manifest["facts"]["speakers"])
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s[0].update(consent=" "), "there is no consent of 'Ann' in it"),
        (lambda s: s[0].pop("consent"), DAMAGED),
        (lambda s: s[0].update(consent=3), DAMAGED),
        (lambda s: s[0].pop("grants"), DAMAGED),
        (
            lambda s: s[0]["grants"][0].update(purpose="all"),
            DAMAGED,
        ),
        (
            lambda s: s[0]["grants"][0].update(until="soon"),
            DAMAGED,
        ),
        (
            lambda s: s[0]["grants"].append(s[0]["grants"][0]),
            DAMAGED,
        ),
        (lambda s: s[0].update(consented_at="once"), DAMAGED),
        (lambda s: s[0]["sessions"].pop(), DAMAGED),
        (lambda s: s[0]["sessions"][0].update(file="sessions/x"), "what it says of its speakers"),
        (lambda s: s[0].update(tags=["a\nb"]), "cannot be a tag"),
        (lambda s: s[0]["sessions"][0].update(recorded_at="9999-12-31"), "of its speakers is"),
        (lambda s: s.append(s[0]), DAMAGED),
        (lambda s: s.clear(), DAMAGED),
        (lambda s: s[0].update(name="a\nb"), "cannot be the name of a speaker"),
        (lambda s: s[0].update(note="\x1b[1m"), "This cannot be a note"),
    ],
)
def test_a_file_that_was_changed_brings_nobody(
    other: Library, file: Path, change: Callable[[Any], object], reason: str
) -> None:
    changed(file, change)
    before = sorted(other.sessions_folder.iterdir())
    with pytest.raises(FacedynError, match=reason):
        import_speakers(other, file, ignore)
    assert [speaker.name for speaker in other.speakers()] == ["Cy"]
    assert sorted(other.sessions_folder.iterdir()) == before


def test_a_backup_is_no_file_of_speakers(library: Library, tmp_path: Path) -> None:
    write_backup(library, tmp_path / "all.backup", ignore)
    with pytest.raises(InputError, match="it is no file of exported speakers"):
        import_speakers(library, tmp_path / "all.backup", ignore)


def test_nobody_of_that_name_writes_nothing(library: Library, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no speaker 'Di'"):
        export_speakers(library, ["Ann", "Di"], tmp_path / "x.speakers", ignore)
    assert not (tmp_path / "x.speakers").exists()


@pytest.mark.parametrize("stage", ["reading sessions"])
def test_what_is_stopped_brings_nobody(other: Library, file: Path, stage: str) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == stage:
            raise Cancelled

    before = sorted(other.sessions_folder.iterdir())
    with pytest.raises(Cancelled):
        import_speakers(other, file, stop)
    assert [speaker.name for speaker in other.speakers()] == ["Cy"]
    assert sorted(other.sessions_folder.iterdir()) == before
