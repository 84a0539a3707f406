"""Videos of kept sessions are found again by their content, wherever they were moved to."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.videos import find_video, relink_videos, remember_video
from facedyn_app.records import SourceFile
from tests.dynamics.test_same_take import measured, performance

CONSENT = "simulated, no consent needed"


def film(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def kept(library: Library, name: str, video: Path) -> SessionEntry:
    sha256 = hashlib.sha256(video.read_bytes()).hexdigest()
    session = measured(performance(len(name)))
    source = SourceFile(video.name, sha256)
    info = replace(session.info, source=source)
    return library.enrol(name, replace(session, info=info), CONSENT)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "l")


def test_a_video_is_found_where_it_was(library: Library, tmp_path: Path) -> None:
    with library:
        video = film(tmp_path / "v" / "a.mp4", b"one")
        entry = kept(library, "Ann", video)
        assert find_video(library, entry) is None
        remember_video(library, entry, video)
        assert find_video(library, entry) == video
        video.write_bytes(b"two")  # of the same name and size, and not the recording
        assert find_video(library, entry) is None


def test_a_moved_video_is_found_by_its_content(library: Library, tmp_path: Path) -> None:
    with library:
        video = film(tmp_path / "v" / "a.mp4", b"one")
        entry = kept(library, "Ann", video)
        remember_video(library, entry, video)
        lost = kept(library, "Bob", film(tmp_path / "v" / "b.mp4", b"bee"))
        remember_video(library, lost, tmp_path / "v" / "b.mp4")
        (tmp_path / "v" / "b.mp4").unlink()
        place = tmp_path / "elsewhere" / "renamed.mp4"
        place.parent.mkdir()
        video.rename(place)
        film(tmp_path / "elsewhere" / "c.mp4", b"something else")
        found = relink_videos(library, sorted((tmp_path / "elsewhere").iterdir()))
        assert [(one.speaker, path) for one, path in found.found] == [("Ann", place)]
        assert [one.speaker for one in found.missing] == ["Bob"]
        assert found.n_looked == 2
        assert find_video(library, entry) == place


def test_a_session_that_never_knew_its_video_is_linked(library: Library, tmp_path: Path) -> None:
    with library:
        video = film(tmp_path / "v" / "a.mp4", b"one")
        entry = kept(library, "Ann", video)
        assert len(relink_videos(library, [video]).found) == 1
        assert find_video(library, entry) == video


def test_one_is_found_beside_another(library: Library, tmp_path: Path) -> None:
    """A folder that was moved as a whole needs to be shown once."""
    with library:
        first = kept(library, "Ann", film(tmp_path / "v" / "a.mp4", b"one"))
        second = kept(library, "Bob", film(tmp_path / "v" / "b.mp4", b"two"))
        for entry, name in ((first, "a.mp4"), (second, "b.mp4")):
            remember_video(library, entry, tmp_path / "v" / name)
        (tmp_path / "v").rename(tmp_path / "w")
        relink_videos(library, [tmp_path / "w" / "a.mp4"])
        assert find_video(library, second) == tmp_path / "w" / "b.mp4"


def test_a_name_that_is_no_text_is_not_kept(library: Library, tmp_path: Path) -> None:
    with library:
        video = film(tmp_path / "v" / "a\udcff.mp4", b"one")
        entry = kept(library, "Ann", film(tmp_path / "v" / "b.mp4", b"one"))
        remember_video(library, entry, video)
        assert len(relink_videos(library, [video]).found) == 1
        assert find_video(library, entry) is None


def test_forgetting_takes_the_place_along(library: Library, tmp_path: Path) -> None:
    with library:
        video = film(tmp_path / "v" / "ann.mp4", b"one")
        remember_video(library, kept(library, "Ann", video), video)
        library.forget("Ann")
    assert b"ann.mp4" not in (tmp_path / "l" / "library.sqlite").read_bytes()
    raw = sqlite3.connect(tmp_path / "l" / "library.sqlite")
    assert raw.execute("SELECT count(*) FROM videos").fetchone() == (0,)
    raw.close()
