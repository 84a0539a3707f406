"""Consent on the command line: stated, shown, changed, withdrawn; what has ended is forgotten."""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
LATER = (date.today() + timedelta(days=500)).isoformat()


@pytest.fixture
def library(run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ada by a text, Bo for recognition and training until a day, Cy for research without end."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    folder = tmp_path / "library"
    said = {
        "Ada": (),
        "Bo": ("--consent-for", "recognition,training", "--consent-until", LATER),
        "Cy": ("--consent-for", "research", "--consent-by", "the father"),
    }
    for speaker, (name, terms) in enumerate(said.items()):
        files = sorted((corpus / f"speaker{speaker:05d}").iterdir())[:2]
        text = ("--consent", f"form of {name}")
        done = run("enrol", name, *files, "--library", folder, *text, *terms)
        assert done.exit_code == 0, done.stderr
    return folder


def told(run: Run, *arguments: object, code: int = 0) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def states(facts: dict[str, Any]) -> list[str]:
    return [one["state"] for one in facts["purposes"].values()]


def listed(run: Run, library: Path) -> dict[str, Any]:
    found = told(run, "speakers", "list", "--library", library)
    return {one["name"]: one for one in found["speakers"]}


def expire(library: Path, name: str) -> None:
    with sqlite3.connect(library / "library.sqlite") as connection:
        connection.execute(
            "UPDATE consents SET until = '2020-02-03' WHERE speaker_id = "
            "(SELECT id FROM speakers WHERE name = ?)",
            (name,),
        )


def test_the_list_says_what_each_has_consented_to(run: Run, library: Path) -> None:
    found = listed(run, library)
    assert found["Ada"]["given_as_text"]
    assert states(found["Ada"]) == ["given"] * 4
    assert states(found["Bo"]) == ["not given", "not given", "given", "given"]
    assert found["Bo"]["purposes"]["training"]["until"] == LATER
    assert found["Cy"]["purposes"]["research"]["given_by"] == "the father"
    assert found["Cy"]["consent"] == "form of Cy"
    text = run("speakers", "list", "--library", library).stdout
    assert "given as text, for every purpose" in text
    assert f"recognition until {LATER}; training until {LATER}" in text


def test_who_may_not_be_recognised_is_counted_and_not_named(
    run: Run, library: Path, corpus: Path, recognizer: Path
) -> None:
    probe = sorted((corpus / "speaker00002").iterdir())[2]
    asked = ("--library", library, "--recognizer", recognizer)
    found = told(run, "identify", probe, *asked)
    assert {one["name"] for one in found["matches"]} == {"Ada", "Bo"}
    assert found["without_consent"] == {"n": 1, "not_given": 1, "expired": 0, "withdrawn": 0}
    done = run("identify", probe, *asked)
    assert "1 speaker is left out: consent to recognition not given (1)." in done.stdout
    assert "Cy" not in done.stdout
    error = told(run, "verify", "Cy", probe, *asked, code=3)["error"]
    assert error["sentence"] == "'Cy' is not compared with: consent to recognition not given."
    assert told(run, "verify", "Ada", probe, *asked)["without_consent"]["n"] == 1


def test_a_consent_is_changed_and_withdrawn(run: Run, library: Path) -> None:
    of = ("--library", library)
    assert states(told(run, "speakers", "consent", "Ada", *of)) == ["given"] * 4
    change = ("--withdraw", "training", "--until", LATER, "--by", "Ada")
    found = told(run, "speakers", "consent", "Ada", *of, *change)
    assert states(found) == ["given", "given", "given", "withdrawn"]
    assert not found["given_as_text"]
    assert [one["until"] for one in found["purposes"].values()] == [LATER, LATER, LATER, None]
    found = told(run, "speakers", "consent", "Ada", *of, "--for", "clinical", "--until", "none")
    assert states(found) == ["withdrawn", "given", "withdrawn", "withdrawn"]
    assert found["purposes"]["clinical"]["until"] is None
    found = told(run, "speakers", "consent", "Ada", *of, "--withdraw", "all", "--text", "by letter")
    assert states(found) == ["withdrawn"] * 4
    assert found["consent"] == "form of Ada\nby letter"
    assert found["consent_ended"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--for", "sale"), 2, "sale"),
        (("--until", "soon"), 2, "2027-12-31"),
        (("--until", "2020-01-01"), 3, "has passed"),
        (("--withdraw", ""), 2, "clinical"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run: Run, library: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    done = run("speakers", "consent", "Ada", "--library", library, *options)
    assert done.exit_code == code
    assert words in done.stderr
    assert listed(run, library)["Ada"]["given_as_text"]


def test_a_purpose_without_a_consent_is_a_wrong_use(run: Run, library: Path, corpus: Path) -> None:
    new = sorted((corpus / "speaker00000").iterdir())[2]
    terms = ("--consent-for", "research")
    assert run("enrol", "Ada", new, "--library", library, *terms).exit_code == 2
    assert run("import", corpus, "--library", library, *terms).exit_code == 2


def test_a_folder_is_imported_by_purpose(run: Run, corpus: Path, tmp_path: Path) -> None:
    said = ("--consent", "all", "--consent-for", "training", "--consent-until", LATER)
    told(run, "import", corpus, "--library", tmp_path / "new", *said)
    for one in listed(run, tmp_path / "new").values():
        assert states(one) == ["not given", "not given", "not given", "given"]


def test_what_has_ended_is_listed_and_forgotten_in_one_act(run: Run, library: Path) -> None:
    of = ("--library", library)
    assert told(run, "speakers", "expired", *of)["speakers"] == []
    assert told(run, "speakers", "forget", "--expired", *of, "--yes")["forgotten"] == []
    told(run, "speakers", "consent", "Ada", *of, "--for", "research", "--until", LATER)
    told(run, "speakers", "consent", "Cy", *of, "--withdraw", "all")
    expire(library, "Ada")  # what she has withdrawn included
    expire(library, "Bo")
    told(run, "speakers", "consent", "Bo", *of, "--for", "research")
    found = told(run, "speakers", "expired", *of)["speakers"]
    ended = {one["name"]: one["consent_ended"] for one in found}
    assert ended == {"Ada": True, "Bo": False, "Cy": True}
    refused = told(run, "speakers", "forget", "--expired", *of, code=3)["error"]
    assert "'Ada'" in refused["sentence"]
    assert "'Cy'" in refused["sentence"]
    assert "'Bo'" not in refused["sentence"]
    assert set(listed(run, library)) == {"Ada", "Bo", "Cy"}
    gone = told(run, "speakers", "forget", "--expired", *of, "--yes")["forgotten"]
    assert [(one["speaker"], one["n_sessions"]) for one in gone] == [("Ada", 2), ("Cy", 2)]
    assert set(listed(run, library)) == {"Bo"}


def test_a_name_and_all_that_has_expired_are_not_meant_together(run: Run, library: Path) -> None:
    done = run("speakers", "forget", "Ada", "--expired", "--library", library, "--yes")
    assert done.exit_code == 3
    assert set(listed(run, library)) == {"Ada", "Bo", "Cy"}
