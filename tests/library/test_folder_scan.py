"""Folders that links lead to: each looked into once, loops and the way to the top never."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from facedyn_app.errors import InputError
from facedyn_app.library.folder_scan import Content, FolderScan
from facedyn_app.library.importers import CHANNEL_MAP, Layout, find_recordings

MOST_LOOKS = 200
"""A walk without end is stopped here."""


class CountingLook:
    """Takes every .npz for a recording, and stops a walk that has no end."""

    def __init__(self) -> None:
        self.n_looks = 0

    def __call__(self, path: Path) -> Content:
        self.n_looks += 1
        assert self.n_looks < MOST_LOOKS, "the walk has no end"
        return Content("session" if path.suffix == ".npz" else None)


def _put(*places: Path) -> None:
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / "one.npz").touch()


def _names(found: list[tuple[Path, str]]) -> set[str]:
    return {path.name for path, _ in found}


def test_two_folders_that_link_to_each_other_end(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    _put(a, b)
    (a / "to_b").symlink_to(b)
    (b / "to_a").symlink_to(a)
    scan = FolderScan(CountingLook())
    found = [path.relative_to(tmp_path) for path, _ in scan.recordings(tmp_path)]
    assert {Path("a/one.npz"), Path("b/one.npz")} <= set(found)
    assert len(found) <= 4  # each folder once by itself, once by a link
    assert any("a link to a folder that it lies in" in words for _, words in scan.passed_over)


def test_many_folders_that_all_link_to_each_other_end(tmp_path: Path) -> None:
    places = [tmp_path / f"p{k}" for k in range(9)]
    _put(*places)
    for one, other in itertools.permutations(places, 2):
        (one / f"to_{other.name}").symlink_to(other)
    scan = FolderScan(CountingLook())
    found = list(scan.recordings(tmp_path))
    assert len(found) <= 2 * len(places)
    assert any("another link has led to" in words for _, words in scan.passed_over)


def test_a_link_to_a_folder_elsewhere_is_followed_once(tmp_path: Path) -> None:
    _put(tmp_path / "elsewhere")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("first", "second"):
        (corpus / name).symlink_to(tmp_path / "elsewhere")
    scan = FolderScan(CountingLook())
    assert [path.parent.name for path, _ in scan.recordings(corpus)] == ["first"]
    assert _names(scan.passed_over) == {"second"}


@pytest.mark.parametrize("place", ["", "anna"])
def test_a_link_to_the_root_is_named_and_passed_over(tmp_path: Path, place: str) -> None:
    _put(tmp_path / "anna")
    (tmp_path / place / "everything").symlink_to("/")
    found = find_recordings(tmp_path, Layout.AUTO, CountingLook())
    assert [one.speaker for one in found.recordings] == ["anna"]
    ((path, words),) = found.passed_over
    assert path.name == "everything"
    assert "a link to a folder that it lies in" in words


def test_a_link_to_the_root_among_conversations(tmp_path: Path) -> None:
    (tmp_path / "talk" / CHANNEL_MAP.parent).mkdir(parents=True)
    (tmp_path / "talk" / CHANNEL_MAP).write_text('{"L": "u1", "R": "u2"}')
    for name in ("u1", "u2"):
        (tmp_path / "talk" / CHANNEL_MAP.parent / f"{name}.mp4").touch()
    (tmp_path / "everything").symlink_to("/")
    found = find_recordings(tmp_path, Layout.AUTO, CountingLook())
    assert found.layout is Layout.CANDOR
    assert len(found.recordings) == 2
    assert "everything" in _names(list(found.passed_over))


def test_nothing_but_a_link_to_the_root_is_said(tmp_path: Path) -> None:
    (tmp_path / "everything").symlink_to("/")
    with pytest.raises(InputError) as error:
        find_recordings(tmp_path, Layout.AUTO, CountingLook())
    assert "everything" in error.value.hint


def test_visits_behind_links_are_looked_into(tmp_path: Path) -> None:
    """The one speaker of a folder of days: what is asked of a link twice is answered alike."""
    _put(tmp_path / "disk", tmp_path / "bo" / "2024-03-06")
    (tmp_path / "bo" / "2024-03-05").symlink_to(tmp_path / "disk")
    found = find_recordings(tmp_path / "bo", Layout.AUTO, CountingLook())
    assert sorted(one.name for one in found.recordings) == ["2024-03-05", "2024-03-06"]
    assert found.passed_over == ()
