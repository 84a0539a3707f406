import json
import logging
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.cli.output import answering, json_line, plain
from facedyn_app.records import VideoInfo


def test_numbers_that_are_none_become_null() -> None:
    facts = {"nan": float("nan"), "inf": np.float32("inf"), "row": np.array([1.0, np.nan])}
    assert json.loads(json_line(facts)) == {"nan": None, "inf": None, "row": [1.0, None]}


def test_numpy_values_keep_their_kind() -> None:
    facts = {"count": np.int64(3), "yes": np.bool_(True), "half": np.float32(0.5)}
    assert json_line(facts) == '{"count": 3, "yes": true, "half": 0.5}'


def test_records_become_objects_and_paths_texts() -> None:
    info = VideoInfo(Path("a/b.mp4"), 640, 360, 25.0, None, 2.0)
    expected = {
        "path": str(Path("a/b.mp4")),
        "width": 640,
        "height": 360,
        "fps": 25.0,
        "n_frames": None,
        "seconds": 2.0,
        "simulated": False,
        "recorded_at": None,
        "mirrored": False,
        "stream": None,
        "fps_assumed": False,
        "notes": [],
        "films": [],
        "n_missing": 0,
    }
    assert plain(info) == expected


def test_every_name_fits_on_one_ascii_line() -> None:
    name = "Zoë\n\udcff"  # the last is what Python makes of a byte that is no UTF-8
    line = json_line({"name": name})
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["name"] == name


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())


def test_a_warning_is_told_once_however_often_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("facedyn_app.fitting")
    with answering(as_json=True):
        for sentence in ("The head leans.", "The lens is not known.", "The head leans."):
            log.warning(sentence)
    told = capsys.readouterr()
    assert json.loads(told.out)["warnings"] == ["The head leans.", "The lens is not known."]
    assert told.err.splitlines() == ["The head leans.", "The lens is not known."]
