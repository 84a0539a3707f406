import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedyn_app.headmodel.files.io import save_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from tests.cli.conftest import Run

CONSENT = "made speakers, no person"


def _sessions(corpus: Path, speaker: int) -> list[Path]:
    return sorted((corpus / f"speaker{speaker:05d}").iterdir())


@pytest.fixture
def library(run: Run, corpus: Path, tmp_path: Path) -> Path:
    """A library with two sessions of three simulated speakers."""
    folder = tmp_path / "library"
    for speaker, name in enumerate(("Ada", "Bo", "Cy")):
        files = _sessions(corpus, speaker)[:2]
        result = run("enrol", name, *files, "--library", folder, "--consent", CONSENT)
        assert result.exit_code == 0, result.stderr
    return folder


def _json(result: Any) -> dict[str, Any]:
    assert result.stdout.count("\n") == 1
    facts: dict[str, Any] = json.loads(result.stdout)
    return facts


def test_enrol_says_what_it_kept(run: Run, corpus: Path, tmp_path: Path) -> None:
    files = _sessions(corpus, 0)[:2]
    result = run(
        "enrol", "Ada", *files, "--library", tmp_path / "l", "--consent", CONSENT, "--json"
    )
    assert result.exit_code == 0
    facts = _json(result)
    assert (facts["speaker"], facts["consent"]) == ("Ada", CONSENT)
    assert [one["name"] for one in facts["sessions"]] == ["session00", "session01"]
    assert all(one["simulated"] and one["quality"]["n_valid"] > 0 for one in facts["sessions"])
    with Library.open(tmp_path / "l", create=False) as kept:
        assert [entry.name for entry in kept.speakers()] == ["Ada"]


def test_without_consent_nothing_is_made(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("enrol", "Ada", _sessions(corpus, 0)[0], "--library", tmp_path / "l")
    assert result.exit_code == 3
    assert "No consent is given for 'Ada'" in result.stderr
    assert not (tmp_path / "l").exists()


def test_a_known_speaker_need_not_consent_again(run: Run, corpus: Path, library: Path) -> None:
    result = run("enrol", "Ada", _sessions(corpus, 0)[2], "--library", library, "--json")
    assert result.exit_code == 0
    assert _json(result)["consent"] == CONSENT


def test_the_same_recording_is_not_enrolled_twice(run: Run, corpus: Path, library: Path) -> None:
    result = run("enrol", "Ada", _sessions(corpus, 0)[0], "--library", library)
    assert result.exit_code == 3
    assert "session00.npz" in result.stderr
    with Library.open(library) as kept:
        assert len(kept.sessions("Ada")) == 2


def test_a_bad_file_among_good_ones_is_found_first(run: Run, corpus: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"no session")
    where = ("--library", tmp_path / "l", "--consent", CONSENT)
    result = run("enrol", "Ada", _sessions(corpus, 0)[0], bad, *where)
    assert result.exit_code == 3
    assert "bad.npz" in result.stderr
    assert not (tmp_path / "l").exists()


def test_what_was_enrolled_before_a_failure_is_told(run: Run, corpus: Path, tmp_path: Path) -> None:
    twice = _sessions(corpus, 0)[0]
    where = ("--library", tmp_path / "l", "--consent", CONSENT)
    result = run("enrol", "Ada", twice, twice, *where)
    assert result.exit_code == 3
    assert "Enrolled for 'Ada' before that, and kept: 'session00'." in result.stderr


def test_identify_ranks_everybody(run: Run, corpus: Path, library: Path, recognizer: Path) -> None:
    options = ("--library", library, "--recognizer", recognizer)
    result = run("identify", _sessions(corpus, 1)[2], *options, "--json")
    assert result.exit_code == 0, result.stderr
    facts = _json(result)
    assert {match["name"] for match in facts["matches"]} == {"Ada", "Bo", "Cy"}
    probabilities = [match["probability"] for match in facts["matches"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert facts["known"] == (probabilities[0] >= facts["threshold"])
    assert facts["quality"]["verdict"] == "good"
    assert facts["simulated"] is True
    assert facts["calibrated_on"]
    text = run("identify", _sessions(corpus, 1)[2], *options, "--top", "1").stdout
    assert facts["matches"][0]["name"] in text
    assert "simulated" in text
    assert facts["matches"][1]["name"] not in text


def test_identify_ranks_several_and_writes_every_score(
    run: Run, corpus: Path, library: Path, recognizer: Path, tmp_path: Path
) -> None:
    options = ("--library", library, "--recognizer", recognizer)
    table, bad = tmp_path / "scores.csv", tmp_path / "bad.npz"
    bad.write_bytes(b"no session")
    probes = [_sessions(corpus, speaker)[2] for speaker in (0, 1)]
    result = run("identify", probes[0], bad, probes[1], *options, "-o", table, "--json")
    assert result.exit_code == 0, result.stderr
    facts = _json(result)
    assert [Path(one["recording"]) for one in facts["recordings"]] == probes
    assert [Path(one["recording"]) for one in facts["left_out"]] == [bad]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["recording"], row["rank"]) for row in rows] == [
        (str(probe), rank) for probe in probes for rank in "123"
    ]
    alone = _json(run("identify", probes[1], *options, "--json"))
    matches = alone["matches"]
    assert [row["speaker"] for row in rows[3:]] == [match["name"] for match in matches]
    scores = [float(row["score"]) for row in rows[3:]]
    assert scores == pytest.approx([match["score"] for match in matches], abs=1e-5)
    text = run("identify", *probes, *options).stdout
    assert all(probe.name in text for probe in probes)
    assert "Only 3 speakers are enrolled" in text


def test_verify_compares_with_one_speaker(
    run: Run, corpus: Path, library: Path, recognizer: Path
) -> None:
    options = ("--library", library, "--recognizer", recognizer)
    probe = _sessions(corpus, 1)[2]
    facts = _json(run("verify", "Bo", probe, *options, "--json"))
    ranked = _json(run("identify", probe, *options, "--json"))
    match = next(one for one in ranked["matches"] if one["name"] == "Bo")
    assert facts["score"] == pytest.approx(match["score"])
    assert facts["answer"] in ("same", "not the same", "cannot be told")
    assert 0.001 <= facts["false_accept_rate"] <= 0.5
    result = run("verify", "Dan", probe, *options)
    assert result.exit_code == 3
    assert "'Dan' is not enrolled" in result.stderr


def test_the_librarys_active_recognizer_answers(
    run: Run, corpus: Path, library: Path, recognizer: Path
) -> None:
    options = ("--library", library)
    added = run("recognizers", "add", recognizer, *options)
    assert added.exit_code == 0, added.stderr
    again = run("recognizers", "add", recognizer, *options)
    assert again.exit_code == 3
    assert "already" in again.stderr
    assert run("recognizers", "use", recognizer.name, *options).exit_code == 0
    assert run("recognizers", "use", "nobody", *options).exit_code == 3
    listed = _json(run("recognizers", *options, "--json"))["recognizers"]
    assert [(one["name"], one["active"]) for one in listed] == [
        ("built-in", False),
        (recognizer.name, True),
    ]
    assert recognizer.name in run("recognizers", *options).stdout
    named = run(
        "identify", _sessions(corpus, 1)[2], "--library", library, "--recognizer", recognizer
    )
    active = run("identify", _sessions(corpus, 1)[2], "--library", library)
    assert active.exit_code == 0, active.stderr
    assert active.stdout == named.stdout


def test_nobody_to_compare_with_is_told(
    run: Run, corpus: Path, library: Path, recognizer: Path
) -> None:
    with Library.open(library) as kept:
        for name in ("Ada", "Bo", "Cy"):
            kept.forget(name)
    options = ("--library", library, "--recognizer", recognizer)
    result = run("identify", _sessions(corpus, 1)[2], *options)
    assert result.exit_code == 3
    assert "Nobody is enrolled" in result.stderr


def test_dnr_follows_its_formula(run: Run, corpus: Path, library: Path) -> None:
    facts = _json(run("dnr", "--library", library, "--speaker", "Ada", "--json"))
    (speaker,) = facts["speakers"]
    chunks = [np.load(path)["shape_chunks"] for path in _sessions(corpus, 0)[:2]]
    noise = np.sqrt(np.mean([one.var(axis=0, ddof=1).sum() for one in chunks]))
    drift = np.linalg.norm(chunks[0].mean(axis=0) - chunks[1].mean(axis=0))
    assert speaker["noise"] == pytest.approx(noise, rel=1e-5)
    assert speaker["drift"] == pytest.approx(drift, rel=1e-5)
    assert speaker["dnr"] == pytest.approx(drift / noise, rel=1e-5)
    assert speaker["dnr_corrected"] <= speaker["dnr"]
    assert [one["name"] for one in speaker["sessions"]] == ["session00", "session01"]


def test_dnr_of_everybody(run: Run, corpus: Path, library: Path) -> None:
    one = _sessions(corpus, 2)[2]
    where = ("--library", library, "--consent", CONSENT)
    assert run("enrol", "Di", one, *where).exit_code == 0
    facts = _json(run("dnr", "--library", library, "--json"))
    assert [speaker["speaker"] for speaker in facts["speakers"]] == ["Ada", "Bo", "Cy", "Di"]
    assert facts["speakers"][-1]["dnr"] is None
    text = run("dnr", "--library", library).stdout
    assert "needs two sessions" in text
    assert "simulated speakers: Ada, Bo, Cy, Di" in text


def test_an_unknown_speaker_has_no_dnr(run: Run, library: Path) -> None:
    result = run("dnr", "--library", library, "--speaker", "Zoe")
    assert result.exit_code == 3
    assert "'Zoe'" in result.stderr


def test_the_users_own_library_is_the_default(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("enrol", "Ada", _sessions(corpus, 0)[0], "--consent", CONSENT)
    assert result.exit_code == 0
    assert (tmp_path / "home" / "facedyn" / "library" / "library.sqlite").is_file()


def test_another_head_than_the_recognizers_is_told_before_the_fit(
    run: Run,
    library: Path,
    corpus: Path,
    recognizer: Path,
    tiny_head: HeadModel,
    moving_video: Path,
    tmp_path: Path,
) -> None:
    save_head(tiny_head, tmp_path / "tiny.npz")
    where = ("--library", library, "--recognizer", recognizer, "--head", tmp_path / "tiny.npz")
    refused = run("identify", moving_video, *where)
    assert refused.exit_code == 3
    assert "'open-head-2'" in refused.stderr
    assert "'tiny-head'" in refused.stderr
    # a session file brings its head along
    assert run("identify", _sessions(corpus, 0)[2], *where).exit_code == 0


def test_sessions_are_listed_by_their_dates_and_dated(run: Run, library: Path) -> None:
    where = ("--library", library)
    for name, day in (("session00", "2025-06-01"), ("session01", "2025-03-05")):
        result = run("sessions", "date", "Bo", name, day, *where)
        assert result.exit_code == 0, result.stderr
        assert day in result.stdout
    listed = _json(run("sessions", *where, "--speaker", "Bo", "--json"))["sessions"]
    assert [one["name"] for one in listed] == ["session01", "session00"]
    assert listed[0]["recorded_at"].startswith("2025-03-0")
    (speaker,) = _json(run("dnr", *where, "--speaker", "Bo", "--json"))["speakers"]
    assert [one["name"] for one in speaker["sessions"]] == ["session01", "session00"]
    undone = run("sessions", "date", "Bo", "session00", "unknown", *where)
    assert "(added " in undone.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("Bo", "session07", "2025-06-01"), 3, "has no session 'session07'"),
        (("Bo", "session00", "2999-01-01"), 3, "cannot have been recorded on 2999-01-01"),
        (("Bo", "session00", "last spring"), 2, "is no day"),
        (("Dan", "session00", "2025-06-01"), 3, "no speaker 'Dan'"),
    ],
)
def test_a_date_that_cannot_be_set_is_told(
    run: Run, library: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run("sessions", "date", *arguments, "--library", library)
    assert result.exit_code == code
    assert words in result.stderr
