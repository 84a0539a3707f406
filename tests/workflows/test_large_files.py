"""Large files that are no videos are told before they are read whole; reading can be stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.files import sha256_of
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.progress import Cancelled, OnProgress, Progress
from facedyn_app.records import SourceFile
from facedyn_app.settings import Settings
from facedyn_app.workflows.enrol import Enrolment, enrol_recordings
from facedyn_app.workflows.import_ import import_folder
from facedyn_app.workflows.kept import kept_recording
from facedyn_app.workflows.open_recording import find_recordings
from facedyn_app.workflows.options import FitOptions, ImportStatement
from tests.sessions import altered
from tests.workflows.conftest import CONSENT, simulated

HUGE = 30 * 2**30
MOST_READ = 2**26


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """A file of 30 GB without content, in a speaker's folder and called a video."""
    path = tmp_path / "corpus" / "simulated 0" / "film.mp4"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        try:
            os.truncate(file.fileno(), HUGE)
        except OSError:
            pytest.skip("this file system has no sparse files of that size")
    return path


def _reading_stops(progress: Progress) -> None:
    assert progress.stage != "reading the whole file", "it is read whole"


Act = Callable[[Path, Path, OnProgress], object]


def _import(path: Path, library: Path, on_progress: OnProgress) -> object:
    statement = ImportStatement(CONSENT)
    return import_folder(
        path.parents[1], library, Layout.AUTO, statement, FitOptions(DEFAULT_HEAD), on_progress
    )


def _enrol(path: Path, library: Path, on_progress: OnProgress) -> object:
    options = FitOptions(DEFAULT_HEAD)
    return enrol_recordings(
        Enrolment("simulated 0", CONSENT), [path], library, options, on_progress
    )


def _open(path: Path, library: Path, on_progress: OnProgress) -> object:
    (video,) = find_recordings(path, on_progress).videos
    return kept_recording(video, 0, DEFAULT_HEAD, library, Settings(), on_progress)


@pytest.mark.parametrize("act", [_import, _enrol, _open])
def test_a_large_file_that_is_no_video_is_not_read_whole(
    act: Act, huge: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    (session,) = simulated(0, 1)
    source = SourceFile("other.mp4", "ab" * 32)  # there is something to compare the file with
    session = altered(session, source=source, head_id=DEFAULT_HEAD)
    with Library.open(library) as opened:
        opened.enrol("simulated 0", session, CONSENT)
    with pytest.raises(InputError) as error:
        act(huge, library, _reading_stops)
    assert "no video that can be read" in f"{error.value.sentence} {error.value.hint}"


def test_reading_a_whole_file_is_told_and_can_be_stopped(huge: Path, tmp_path: Path) -> None:
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.done << 20 >= MOST_READ:
            raise Cancelled

    with pytest.raises(Cancelled):
        sha256_of(huge, stop)
    assert told[-1].total == HUGE >> 20
    assert len(told) > 4
    small = tmp_path / "small"
    small.write_bytes(bytes(range(256)) * 40_000)
    assert sha256_of(small) == hashlib.sha256(small.read_bytes()).hexdigest()
