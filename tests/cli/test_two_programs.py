"""Two programs on one library: nothing is lost or doubled, and who waits says so."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import Progress
from facedyn_app.records import SourceFile
from facedyn_app.tracks.reading import sha256_of_recording
from facedyn_app.video import read_frames, write_video
from facedyn_app.workflows.demo import demo_videos
from facedyn_app.workflows.import_ import import_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement

CONSENT = "consent of all, for this test"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The user's own folders are in `tmp_path`."""
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    own = {name: str(tmp_path / "home") for name in names}
    return {**os.environ, **own, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A speaker's folder with two videos of a second and a half, simulated."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "Ada").mkdir()
    for number, video in enumerate(demo_videos()[:2]):
        images = (frame.image for frame in islice(read_frames(video.path), 45))
        write_video(folder / "Ada" / f"{number}.mp4", images, 30.0)
    return folder


def started(environment: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "facedyn_app", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str], code: int = 0) -> dict[str, Any]:
    """Its answer, which is JSON."""
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == code, stderr
    return dict(json.loads(stdout))


def check_whole(library: Path, n_sessions: int) -> None:
    """Every session is there once, with its file, and no file is nobody's."""
    with Library.open(library, create=False) as opened:
        entries = opened.sessions()
        assert len(entries) == n_sessions
        assert len({(entry.speaker, entry.source_sha256) for entry in entries}) == n_sessions
        names = {path.name for path in opened.sessions_folder.iterdir()}
        assert names == {entry.file_name for entry in entries}
        for entry in entries:
            opened.load(entry)


def test_two_imports_of_one_folder(
    environment: dict[str, str], corpus: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    arguments = ("import", corpus, "--library", library, "--consent", CONSENT, "--json")
    both = [started(environment, *arguments) for _ in range(2)]
    facts = [ended(process) for process in both]
    assert sum(one["n_added"] for one in facts) == 9
    assert all(one["n_added"] + one["n_already_there"] == 9 for one in facts)
    check_whole(library, 9)
    with Library.open(library, create=False) as opened:
        assert [one.consent for one in opened.speakers()] == [CONSENT] * 3


def test_who_is_asked_about_while_others_come_in(
    environment: dict[str, str], corpus: Path, recognizer: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    to = ("--library", library)
    first = sorted((corpus / "speaker00000").iterdir())
    ended(started(environment, "enrol", "Ada", first[0], *to, "--consent", CONSENT, "--json"))
    importing = started(environment, "import", corpus, *to, "--consent", CONSENT, "--json")
    asking = [
        started(environment, "identify", first[1], *to, "--recognizer", recognizer, "--json")
        for _ in range(2)
    ]
    for process in asking:
        matches = ended(process)["matches"]
        assert "Ada" in {match["name"] for match in matches}
    assert ended(importing)["n_added"] == 8  # all but Ada's recording, which is hers already
    check_whole(library, 9)


def test_two_enrolments_of_one_person(
    environment: dict[str, str], corpus: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    files = sorted((corpus / "speaker00000").iterdir())
    to = ("--library", library, "--json")
    both = [
        started(environment, "enrol", "Ada", file, *to, "--consent", f"consent {number}")
        for number, file in enumerate(files[:2])
    ]
    for process in both:
        assert ended(process)["speaker"] == "Ada"
    check_whole(library, 2)
    with Library.open(library, create=False) as opened:
        (ada,) = opened.speakers()
        assert set(ada.consent.split("\n")) == {"consent 0", "consent 1"}
        assert len({entry.name for entry in opened.sessions("Ada")}) == 2

    same = [started(environment, "enrol", "Ada", files[2], *to) for _ in range(2)]
    answers = [(process.communicate(timeout=300)[0], process.returncode) for process in same]
    assert sorted(code for _, code in answers) == [0, 3]
    (refused,) = (json.loads(text)["error"] for text, code in answers if code == 3)
    assert "is already among the sessions of 'Ada'" in refused["sentence"]
    check_whole(library, 3)


def test_a_wait_is_said(environment: dict[str, str], corpus: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    Library.open(library).close()
    file = sorted((corpus / "speaker00000").iterdir())[0]
    connection = sqlite3.connect(library / "library.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    process = started(
        environment, "enrol", "Ada", file, "--library", library, "--consent", CONSENT, "--json"
    )
    assert process.stderr is not None
    assert process.stderr.readline() == (
        "Waiting for another program that writes to the library.\n"
    )
    connection.execute("ROLLBACK")
    connection.close()
    assert ended(process)["warnings"][0] == (
        "Waiting for another program that writes to the library."
    )
    check_whole(library, 1)


def test_two_imports_of_videos(environment: dict[str, str], videos: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    arguments = ("import", videos, "--library", library, "--consent", CONSENT, "--json")
    both = [started(environment, *arguments) for _ in range(2)]
    facts = [ended(process) for process in both]
    assert sum(one["n_added"] for one in facts) == 2
    assert all(one["n_added"] + one["n_already_there"] == 2 for one in facts)
    check_whole(library, 2)


def test_a_video_that_another_import_has_added_meanwhile_is_not_fitted(
    videos: Path, corpus: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    other = load_session(sorted((corpus / "speaker00000").iterdir())[0])
    second = sha256_of_recording([videos / "Ada" / "1.mp4"])
    stages: list[str] = []

    def add_the_second(progress: Progress) -> None:
        if not stages:
            info = replace(other.info, source=SourceFile("1.mp4", second))
            with Library.open(library) as opened:
                opened.enrol_new([NewSession("Ada", replace(other, info=info))], CONSENT)
        stages.append(progress.stage)

    statement, options = ImportStatement(CONSENT), FitOptions(DEFAULT_HEAD)
    done = import_folder(videos, library, Layout.AUTO, statement, options, add_the_second)
    assert (done.n_added, done.n_known) == (1, 1)
    fitted = [stage for stage in stages if "following the face" in stage]
    assert any("0.mp4" in stage for stage in fitted)
    assert not any("1.mp4" in stage for stage in fitted)
    check_whole(library, 2)
