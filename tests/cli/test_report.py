"""`facedyn report`: on a session, a speaker, a library; as HTML and as PDF."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def library(run: Run, corpus: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    result = run("import", corpus, "--library", folder, "--consent", "made, they need none")
    assert result.exit_code == 0, result.output
    return folder


def first_session(corpus: Path) -> Path:
    return sorted(corpus.rglob("*.npz"))[0]


def test_a_session_has_a_report(run: Run, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    session = first_session(corpus)
    result = run("report", session, "-o", out, "--library", tmp_path / "none", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["file"] == str(out)
    assert facts["control"]["n_frames"] == facts["quality"]["n_frames"] == 300
    assert len(facts["control"]["each_second"]["valid_percent"]) == 12
    assert facts["control"]["jitter"]["jaw_deg"] > 0.0
    page = out.read_text(encoding="utf-8")
    assert f"Session {session.name} (simulated)" in page
    assert "none recorded with this session" in page


def test_speaker_and_library_have_reports(run: Run, library: Path, tmp_path: Path) -> None:
    everyone = tmp_path / "all.pdf"
    result = run("report", "--library", library, "-o", everyone)
    assert result.exit_code == 0, result.output
    page = everyone.read_text(encoding="utf-8")  # these tests print the page as it is
    assert "recorded for 3 of 3" in page
    dnr = json.loads(run("dnr", "--library", library, "--json").stdout)
    name = dnr["speakers"][0]["speaker"]
    one = tmp_path / "one.html"
    result = run("report", "--library", library, "--speaker", name, "-o", one)
    assert result.exit_code == 0, result.output
    page = one.read_text(encoding="utf-8")
    assert f"Speaker {name} (simulated)" in page
    assert "made, they need none" in page


def test_clinical_measures_are_a_part_and_over_time_a_page(
    run: Run, library: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.html"
    result = run("report", first_session(corpus), "-o", out, "--library", library, "--clinical")
    assert result.exit_code == 0, result.output
    page = out.read_text(encoding="utf-8")
    assert "Palpebral fissure height" in page
    assert 'class="grey">no difference that can be told' in page
    dnr = json.loads(run("dnr", "--library", library, "--json").stdout)
    name = dnr["speakers"][0]["speaker"]
    result = run("report", "--speaker", name, "--library", library, "-o", out, "--clinical")
    assert result.exit_code == 0, result.output
    page = out.read_text(encoding="utf-8")
    assert f"Clinical measures of {name} over time (simulated)" in page
    assert "made, they need none" in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--clinical", "-o", "r.html"), "needs a session file or a speaker"),
        (("--speaker", "Nobody", "-o", "r.html"), "Nobody"),
        (("-o", "r.txt"), "must end in .html or .pdf"),
        (("gone.npz", "-o", "r.html"), "gone.npz"),
        (("gone.npz", "--speaker", "Ada", "-o", "r.html"), "not both"),
        (("-o", "no/such/folder/r.html"), "r.html"),
    ],
)
def test_what_cannot_be_reported_is_said(
    run: Run,
    library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("report", *arguments, "--library", library)
    assert result.exit_code != 0
    assert words in result.output
    assert not list(tmp_path.glob("r.*"))
