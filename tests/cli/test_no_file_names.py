"""`--no-file-names`, and the setting of a library: what is written is searched for a name."""

import io
import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.library import Library
from facedyn_app.logs import NamelessFormatter

Run = Callable[..., Any]
NAME = "Mustermann"
NOT = "--no-file-names"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Everything is written into `out` and `home` of this folder, the log as well."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    (tmp_path / "home").mkdir()
    handler = logging.FileHandler(tmp_path / "home" / "facedyn.log", encoding="utf-8")
    logging.getLogger().addHandler(handler)
    yield tmp_path
    logging.getLogger().removeHandler(handler)
    handler.close()


@pytest.fixture
def recordings(corpus: Path, tmp_path: Path) -> list[Path]:
    """Three recordings of one person, whose name is in the names of folder and files."""
    own = tmp_path / "corpus" / "P1" / f"{NAME}"
    own.mkdir(parents=True)
    files = sorted((corpus / "speaker00000").iterdir())[:3]
    return [Path(shutil.copy(file, own / f"{NAME}_{n}.npz")) for n, file in enumerate(files)]


def texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """What is in a file; of an archive what is in its parts."""
    content = path.read_bytes()
    yield str(path), content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                yield f"{path}:{part}", archive.read(part)


def naming(place: Path) -> list[str]:
    """Files that were written and hold the name, as UTF-8 or as numpy keeps texts."""
    forms = (NAME.encode(), NAME.encode("utf-32-le"), NAME.encode("utf-16-le"))
    files = [
        path
        for folder in ("out", "home")
        for path in sorted((place / folder).rglob("*"))
        if path.is_file()
    ]
    assert files
    return [
        where
        for path in files
        for where, content in texts(path)
        if NAME in str(path.relative_to(place)) or any(form in content for form in forms)
    ]


def enrolled(run: Run, place: Path, recordings: list[Path], *options: str) -> Path:
    library = place / "out" / "library"
    said = ("--library", library, "--consent", "given")
    done = run("enrol", "P1", *recordings[:2], *said, *options)
    assert done.exit_code == 0, done.stderr
    return library


def write_all(
    run: Run, place: Path, recordings: list[Path], library: Path, recognizer: Path, *options: str
) -> None:
    """Every verb that writes what is of a recording."""
    out, broken = place / "out", recordings[0].with_name(f"{NAME}_broken.npz")
    broken.write_bytes(b"nothing")
    asked = ("--library", library, "--recognizer", recognizer, *options)
    session = next((library / "sessions").glob("*.npz"))
    for arguments in (
        ("identify", recordings[2], broken, *asked, "-o", out / "scores.csv"),
        ("verify", "P1", recordings[2], *asked),
        ("measure", *recordings, "-o", out / "measures.csv", *options),
        ("export", session, "-o", out / "table.csv", *options),
        ("export", session, "-o", out / "table.npz", *options),
        ("export", library, "--layout", "bids", "-o", out / "bids", *options),
        ("events", "export", session, "-o", out / "events.eaf", *options),
        ("report", session, "--library", library, "-o", out / "session.html", *options),
        ("report", "--speaker", "P1", "--library", library, "-o", out / "p1.html", *options),
        ("report", "--library", library, "-o", out / "all.html", *options),
    ):
        done = run(*arguments, "--json")
        assert done.exit_code == 0, (arguments, done.stdout, done.stderr)
        if arguments[0] in ("identify", "verify"):
            assert (NAME in done.stdout.split("left_out")[0]) == (not options)


def test_without_the_option_names_are_in_what_is_written(
    run: Run, place: Path, recordings: list[Path], recognizer: Path
) -> None:
    library = enrolled(run, place, recordings)
    write_all(run, place, recordings, library, recognizer)
    found = {Path(where.split(":")[0]).name for where in naming(place)}
    assert {"library.sqlite", "scores.csv", "measures.csv", "p1.html"} <= found
    assert any(name.endswith(".npz") for name in found)
    assert any("log" in name for name in found)


def test_with_it_none_is_anywhere(
    run: Run, place: Path, recordings: list[Path], recognizer: Path
) -> None:
    library = enrolled(run, place, recordings, NOT)
    write_all(run, place, recordings, library, recognizer, NOT)
    assert naming(place) == []
    log = "".join(path.read_text() for path in (place / "home").rglob("*.log*"))
    assert "Left out: %s %s" in log
    with Library.open(library, create=False) as opened:
        told = [(one.name, one.source_name) for one in opened.sessions()]
    assert told == [("session", "recording"), ("session (2)", "recording")]
    # the hash is there: the same recording is known, and told by number
    again = run("enrol", "P1", recordings[0], "--library", library, "--consent", "given", NOT)
    assert again.exit_code == 3
    assert naming(place) == []


def test_an_import_and_a_conversion_without_names(
    run: Run, place: Path, recordings: list[Path]
) -> None:
    library = place / "out" / "library"
    said = ("--library", library, "--consent", "given", NOT)
    done = run("import", place / "corpus", *said)
    assert done.exit_code == 0, done.stderr
    table = recordings[0].with_name(f"{NAME}.csv")
    rows = ["frame,timestamp,confidence,success,AU01_r,AU02_r,AU12_r,AU45_r"]
    rows += [f"{k + 1},{k / 30:.3f},0.98,1,0.{k % 9},0.2,0.3,0.1" for k in range(120)]
    table.write_text("\n".join(rows))
    done = run("convert", table, "-o", place / "out" / "converted.npz", NOT)
    assert done.exit_code == 0, done.stderr
    assert naming(place) == []


def test_a_library_that_keeps_none(
    run: Run, place: Path, recordings: list[Path], recognizer: Path
) -> None:
    library = enrolled(run, place, recordings, NOT)
    done = run("library", "settings", "--library", library, NOT, "--json")
    facts = json.loads(done.stdout)
    assert (facts["file_names"], facts["n_named"]) == (False, 0)
    done = run("enrol", "P1", recordings[2], "--library", library)
    assert done.exit_code == 0, done.stderr
    page = place / "out" / "p1.html"
    done = run("report", "--speaker", "P1", "--library", library, "-o", page)
    assert done.exit_code == 0, done.stderr
    assert "session 3" in page.read_text()
    assert naming(place) == []
    run("library", "settings", "--library", library, "--file-names")
    assert json.loads(run("library", "settings", "--library", library, "--json").stdout)[
        "file_names"
    ]


def test_names_from_before_are_said_and_not_shown(
    run: Run, place: Path, recordings: list[Path]
) -> None:
    library = enrolled(run, place, recordings)
    done = run("library", "settings", "--library", library, NOT)
    assert "2 sessions from before still hold theirs" in done.stdout
    page = place / "out" / "p1.html"
    run("report", "--speaker", "P1", "--library", library, "-o", page)
    assert NAME not in page.read_text()


def fail() -> None:
    try:
        int(f"{NAME}.npz")
    except ValueError as error:
        raise KeyError(NAME) from error


def test_a_fault_is_logged_by_its_kinds_and_places() -> None:
    with pytest.raises(KeyError) as caught:
        fail()
    fault = (KeyError, caught.value, caught.tb)
    entry = logging.LogRecord("x", logging.ERROR, "", 1, "job failed: %s", (NAME,), fault)
    told = NamelessFormatter().format(entry)
    for words in ("job failed: %s", "KeyError", "ValueError", "in fail"):
        assert words in told
    assert NAME not in told
