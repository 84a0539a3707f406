"""Whatever the user names: one sentence with the file in it, exit code 3, nothing left behind."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run


@pytest.fixture
def files(tmp_path: Path, moving_video: Path) -> Path:
    """A folder of things that are not what they should be."""
    folder = tmp_path / "given"
    (folder / "folder.mp4").mkdir(parents=True)
    (folder / "text.mp4").write_text("no video\n", encoding="utf-8")
    (folder / "empty.mp4").write_bytes(b"")
    whole = moving_video.read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "faceless.mp4").write_bytes(whole)
    (folder / "text.npz").write_text("no session\n", encoding="utf-8")
    np.savez(folder / "other.npz", numbers=np.arange(3))
    (folder / "plain").write_text("a file\n", encoding="utf-8")
    return folder


def _tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _refused(run: Run, folder: Path, name: str, *arguments: object) -> None:
    before = _tree(folder)
    result = run(*arguments)
    assert result.exit_code == 3, (result.stdout, result.stderr, result.exception)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert name in result.stderr
    assert _tree(folder) == before


VIDEOS = ["missing.mp4", "folder.mp4", "text.mp4", "empty.mp4", "cut.mp4", "text.npz", "n" * 300]


@pytest.mark.parametrize("name", VIDEOS)
def test_fit_refuses_what_is_no_video(run: Run, files: Path, name: str) -> None:
    _refused(run, files, name, "fit", files / name, "-o", files / "out.npz")


@pytest.mark.parametrize("out", ["missing/s.npz", "plain/s.npz", "folder.mp4", "faceless.mp4"])
def test_fit_refuses_an_output_that_cannot_be(run: Run, files: Path, out: str) -> None:
    _refused(run, files, out, "fit", files / "faceless.mp4", "-o", files / out)


def test_fit_refuses_a_video_without_a_face(run: Run, files: Path) -> None:
    _refused(run, files, "faceless.mp4", "fit", files / "faceless.mp4", "-o", files / "out.npz")


@pytest.mark.parametrize("head", ["plain", "missing.npz", "other.npz", "folder.mp4"])
def test_fit_refuses_what_is_no_head(run: Run, files: Path, head: str) -> None:
    given = ("--head", files / head)
    _refused(run, files, head, "fit", files / "faceless.mp4", "-o", files / "out.npz", *given)


SESSIONS = ["missing.npz", "text.npz", "other.npz", "missing.mp4", "text.mp4", "n" * 300]


@pytest.mark.parametrize("name", SESSIONS)
def test_enrol_refuses_what_is_no_recording(run: Run, files: Path, name: str) -> None:
    where = ("--library", files / "library", "--consent", "given")
    _refused(run, files, name, "enrol", "Ada", files / name, *where)


def test_enrol_keeps_no_library_for_a_faceless_video(run: Run, files: Path) -> None:
    where = ("--library", files / "library", "--consent", "given")
    _refused(run, files, "faceless.mp4", "enrol", "Ada", files / "faceless.mp4", *where)


@pytest.mark.parametrize("library", ["plain", "plain/library"])
def test_enrol_refuses_a_library_in_a_file(
    run: Run, files: Path, corpus: Path, library: str
) -> None:
    session = corpus / "speaker00000" / "session00.npz"
    where = ("--library", files / library, "--consent", "given")
    _refused(run, files, "plain", "enrol", "Ada", session, *where)


@pytest.mark.parametrize("library", ["missing", "plain", "plain/library", "folder.mp4", "n" * 300])
@pytest.mark.parametrize("verb", ["identify", "dnr"])
def test_there_must_be_a_library(
    run: Run, files: Path, corpus: Path, verb: str, library: str
) -> None:
    session = [corpus / "speaker00000" / "session00.npz"] if verb == "identify" else []
    _refused(run, files, library, verb, *session, "--library", files / library)


def test_a_damaged_library_is_named(run: Run, files: Path) -> None:
    (files / "library.sqlite").write_text("no database, but long enough to look at\n" * 40)
    result = run("dnr", "--library", files)
    assert result.exit_code == 3
    assert "library.sqlite" in result.stderr


def test_simulate_overwrites_nothing(run: Run, files: Path) -> None:
    _refused(run, files, "given", "simulate", files)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["heads", "show", "no-head", "-o", "h.png"], "no-head"),
        (["heads", "show", "open-head-2", "-o", "missing/h.png"], "h.png"),
        (["heads", "show", "plain", "-o", "h.png"], "plain"),
        (["heads", "landmarks", "no-head", "-o", "h.png"], "no-head"),
        (["heads", "landmarks", "plain", "-o", "h.png"], "plain"),
        (["heads", "mesh", "open-head-2", "-o", "h.stl"], "h.stl"),
        (["heads", "mesh", "open-head-2", "-o", "h.obj", "--shape", "0" + ",0" * 200], "open-head"),
    ],
)
def test_heads_refuse_too(
    run: Run,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    name: str,
) -> None:
    monkeypatch.chdir(files)
    _refused(run, files, name, *arguments)


def test_a_script_gets_the_sentence_as_json(run: Run, files: Path) -> None:
    result = run("fit", files / "text.mp4", "-o", files / "out.npz", "--json")
    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert "text.mp4" in error["sentence"]
    assert error["hint"]
    assert result.stderr == f"{error['sentence']} {error['hint']}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit"],
        ["fit", "v.mp4"],
        ["fit", "v.mp4", "-o", "s.npz", "--device", "abacus"],
        ["identify", "s.npz", "--top", "0"],
        ["heads", "mesh", "open-head-2", "-o", "h.obj", "--jaw", "1,2"],
        ["heads", "mesh", "open-head-2", "-o", "h.obj", "--shape", "one"],
        ["heads", "mesh", "open-head-2", "-o", "h.obj", "--shape", "nan"],
        ["demo", "--headless", "--screenshot", "s.png"],
        ["unknown"],
    ],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
