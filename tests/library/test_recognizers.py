"""The recognizers of a library: brought in, checked against its head, made active."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import (
    BUILT_IN,
    activate_recognizer,
    active_name,
    active_recognizer,
    add_recognizer,
    built_in_entry,
    list_recognizers,
)
from facedyn_app.recognizer.files import CONFIG, WEIGHTS
from tests.recognizer.conftest import easy_session, made_recognizer


@pytest.fixture
def library(tmp_path: Path) -> Library:
    opened = Library.open(tmp_path / "library")
    opened.enrol("made 0", easy_session(0, 0), "made up")
    return opened


def test_one_made_elsewhere_is_brought_in_and_made_active(library: Library, tmp_path: Path) -> None:
    folder = made_recognizer(tmp_path / "elsewhere" / "mine")
    assert active_name(library) == BUILT_IN
    assert add_recognizer(library, folder) == "mine"
    built_in, mine = list_recognizers(library)
    assert (built_in.active, mine.active) == (True, False)
    assert "reads the head 'open-head-2'" in built_in.fault  # the library's sessions are of 'made'
    assert (mine.name, mine.head_id, mine.fault) == ("mine", "made", "")
    assert (mine.simulated, mine.n_speakers, mine.n_tested) == (True, 4, 12)
    assert (mine.top1, mine.top1_interval, mine.chance) == (0.75, (0.6, 0.9), 0.25)
    activate_recognizer(library, "mine")
    assert active_recognizer(library).head_id == "made"
    assert [entry.active for entry in list_recognizers(library)] == [False, True]
    assert "activate" in [entry.action for entry in library.audit.lines()]
    with pytest.raises(InputError, match="has a recognizer 'mine' already"):
        add_recognizer(library, folder)


def test_one_of_another_head_is_refused(library: Library, tmp_path: Path) -> None:
    folder = made_recognizer(tmp_path / "other", "other-head")
    with pytest.raises(MismatchError, match=r"head 'other-head', the sessions .* are of 'made'"):
        add_recognizer(library, folder)
    with pytest.raises(MismatchError, match="'open-head-2'"):
        activate_recognizer(library, BUILT_IN)
    assert [entry.name for entry in list_recognizers(library)] == [BUILT_IN]


def test_a_library_without_sessions_takes_any(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        add_recognizer(library, made_recognizer(tmp_path / "other", "other-head"))
        activate_recognizer(library, "other")
        assert active_name(library) == "other"


def test_a_corrupt_one_is_one_sentence_and_stays_in_the_list(
    library: Library, tmp_path: Path
) -> None:
    folder = made_recognizer(tmp_path / "mine")
    add_recognizer(library, folder)
    kept = library.recognizers_folder / "mine"
    (kept / WEIGHTS).write_bytes((kept / WEIGHTS).read_bytes()[:100])
    assert "not whole" in list_recognizers(library)[1].fault
    with pytest.raises(InputError, match="not whole"):
        activate_recognizer(library, "mine")
    (folder / CONFIG).write_text("[]")
    with pytest.raises(InputError, match="no JSON object"):
        add_recognizer(library, folder.rename(tmp_path / "second"))
    with pytest.raises(InputError, match="no such file"):
        add_recognizer(library, tmp_path)


def test_strange_metrics_are_left_out(library: Library, tmp_path: Path) -> None:
    folder = made_recognizer(tmp_path / "mine")
    config = json.loads((folder / CONFIG).read_text())
    config["metrics"] = {"test_sessions": {"top1_window": "all", "intervals": [1], "n_probes": "x"}}
    config["training"] = {"n_speakers": "many", "left_out": {"jaw_x": 1.0, "a": "half", "b": 7}}
    del config["sha256"]  # as in folders of earlier programs: what is written there is read
    (folder / CONFIG).write_text(json.dumps(config))
    add_recognizer(library, folder)
    mine = list_recognizers(library)[1]
    assert (mine.top1, mine.top1_interval, mine.n_tested, mine.n_speakers) == (None, None, 0, 0)
    assert mine.left_out == {"jaw_x": 1.0}
    assert mine.fault == ""


def test_the_built_in_one_says_how_good_it_is() -> None:
    entry = built_in_entry()
    assert entry.active
    assert entry.simulated
    assert entry.top1 is not None
    assert entry.n_speakers == 1600
    assert replace(entry, active=False).name == BUILT_IN


def test_a_file_in_the_place_of_the_recognizers_is_said(library: Library) -> None:
    library.recognizers_folder.rmdir()
    library.recognizers_folder.write_bytes(b"")
    with pytest.raises(InputError, match=r"recognizers' cannot be read: Not a directory\."):
        list_recognizers(library)
