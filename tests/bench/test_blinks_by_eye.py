"""Blinks found against blinks noted by eye: known answers, and the recordings of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.bench.blinks_by_eye import (
    COLUMNS,
    SeenBlink,
    SeenClosure,
    SeenKind,
    compare_blinks,
    measure_blinks,
    pooled_blinks,
    read_seen_blinks,
)
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blink_pairs import Blink
from facedyn_app.dynamics.clinical.blinks import ClosureKind, EyeClosure
from facedyn_app.errors import InputError
from facedyn_app.progress import ignore
from facedyn_app.workflows.fit import fit_video
from facedyn_app.workflows.options import FitOptions

TABLE = Path(__file__).with_name("blinks_by_eye.csv")
FPS = 25.0
SECONDS = np.arange(500) / FPS
COMPLETE, PARTIAL, UNSURE = SeenClosure.COMPLETE, SeenClosure.PARTIAL, SeenClosure.UNCLEAR


def _found(first: float, *, complete: bool = True, kind: ClosureKind = ClosureKind.BLINK) -> Blink:
    """A blink of both eyes that begins in a frame and is deepest two frames later."""
    onset = (first - 1.0) / FPS
    eye = EyeClosure(
        kind=kind,
        onset=onset,
        closed=onset + 1.0 / FPS,
        deepest=onset + 2.0 / FPS,
        reopening=onset + 3.0 / FPS,
        end=onset + 4.0 / FPS,
        duration=3.0 / FPS,
        depth=1.0 if complete else 0.5,
        depth_open=10.0,
        complete=complete,
    )
    return Blink(eye, eye)


def _seen(
    first: int, kind: SeenKind = SeenKind.BLINK, closure: SeenClosure = COMPLETE
) -> SeenBlink:
    return SeenBlink("a.mp4", first, first + 2, first + 4, kind, closure)


def test_hits_misses_and_what_the_eye_was_not_sure_of() -> None:
    seen = [
        _seen(50),
        _seen(100, closure=PARTIAL),
        _seen(150),
        _seen(200, closure=UNSURE),
        _seen(250, SeenKind.UNCLEAR, UNSURE),
        SeenBlink("a.mp4", 300, 330, 370, SeenKind.LONG, COMPLETE),
    ]
    found = [
        _found(51.5),  # seen two frames late
        _found(99.5),  # as early as it can be seen, called complete
        _found(150.0, kind=ClosureKind.LONG),  # no blink: missed
        _found(200.0, complete=False),
        _found(250.0),  # counts for nothing
        _found(320.0),  # within the long closure
        _found(400.0),  # nothing is there
    ]
    one = compare_blinks("a.mp4", found, seen, SECONDS)
    assert (one.n_seen, one.n_found, one.n_hits) == (4, 5, 3)
    assert one.precision == pytest.approx(3 / 5)
    assert one.recall == pytest.approx(3 / 4)
    assert one.f1 == pytest.approx(2 * 3 / 9)
    assert (one.onsets, one.n_near) == ((2, 0, 0), 2)
    assert one.complete == ((True, True), (True, False))
    assert one.n_complete_right == 1
    assert (one.missed, one.wrong) == ((150,), (320, 400))
    both = pooled_blinks([one, one])
    assert (both.n_seen, both.n_found, both.n_hits, both.f1) == (8, 10, 6, one.f1)


def test_of_two_found_for_one_that_was_seen_the_nearer_counts() -> None:
    one = compare_blinks("a.mp4", [_found(97.0), _found(101.0)], [_seen(100)], SECONDS)
    assert one.onsets == (1,)
    assert one.wrong == (97,)


def test_the_table_holds_sixty_blinks_of_eleven_recordings() -> None:
    blinks = [one for one in read_seen_blinks(TABLE) if one.kind is SeenKind.BLINK]
    assert len(blinks) >= 60
    assert len({one.video for one in blinks}) >= 8


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a.mp4,5,4,6,blink,complete", "row 1 are in no order"),
        ("a.mp4,5,x,6,blink,complete", "row 1 is wrong"),
        ("a.mp4,5,6,7,nap,complete", "row 1 is wrong"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, sentence: str) -> None:
    path = tmp_path / "seen.csv"
    path.write_text(f"# note\n{','.join(COLUMNS)}\n{row}\n")
    with pytest.raises(InputError, match=sentence):
        read_seen_blinks(path)


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seen.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no table of blinks"):
        read_seen_blinks(path)


@pytest.mark.slow
def test_the_blinks_of_recordings_are_those_seen_by_eye(shared: Path, tmp_path: Path) -> None:
    seen = read_seen_blinks(TABLE)
    sessions = []
    for video in sorted({one.video for one in seen}):
        sessions.append(tmp_path / f"{video}.npz")
        fit_video(shared / "data/videos" / video, sessions[-1], FitOptions(DEFAULT_HEAD), ignore)
    found = pooled_blinks(measure_blinks(sessions, seen, ClinicalSettings(), ignore))
    assert found.precision > 0.9
    assert found.recall > 0.8
    assert found.n_near > 0.7 * found.n_hits
    assert found.n_complete_right > 0.75 * len(found.complete)
