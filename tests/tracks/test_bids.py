"""A BIDS dataset that was exported comes back as equal sessions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import InputError
from facedyn_app.events import Event
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.progress import ignore
from facedyn_app.records import Session, SourceFile
from facedyn_app.reports.bids_recording import write_recording
from facedyn_app.tracks.reading import Kind, kind_of, read_sessions
from facedyn_app.workflows.export_bids import export_bids
from facedyn_app.workflows.import_ import import_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement
from tests.sessions import random_session

EVENTS = (Event("task", 0.2, 0.9, "smile", side="left"), Event("exclude", 1.0, 1.0))
MOTION = ("seconds", "valid", "expression", "jaw", "translation", "gaze")


def _session(seed: int = 0, *, gaze: bool = True) -> Session:
    valid = np.arange(60) % 9 != 7
    size = np.where(valid, np.random.default_rng(seed).uniform(0.1, 0.9, 60), np.nan)
    made = random_session(
        seed,
        valid,
        ("jawOpen", "=1+1", "face_px"),
        4,
        error_px=size.astype(np.float32),
        face_px=size.astype(np.float32) * 200.0,
        source=SourceFile(f"{seed}.mp4", f"{seed:064x}"),
        **({} if gaze else {"gaze": None}),
    )
    return replace(made, events=EVENTS)


def _check_equal(found: Session, made: Session) -> None:
    assert found.head_id == made.head_id
    assert found.motion.names == made.motion.names
    for name in MOTION:
        ours, theirs = getattr(found.motion, name), getattr(made.motion, name)
        if theirs is None:
            assert ours is None
            continue
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    np.testing.assert_allclose(found.motion.rotation, made.motion.rotation, atol=1e-6)
    valid = made.motion.valid
    np.testing.assert_array_equal(found.error_px[valid], made.error_px[valid])
    np.testing.assert_array_equal(found.face_px[valid], made.face_px[valid])
    np.testing.assert_array_equal(found.shape, made.shape)
    assert found.events == made.events
    assert found.mirrored == made.mirrored
    assert found.simulated == made.simulated


@pytest.mark.parametrize("gaze", [True, False])
def test_what_was_written_comes_back_equal(tmp_path: Path, gaze: bool) -> None:
    made = _session(gaze=gaze)
    write_recording(made, tmp_path, "sub-001_ses-01_task-face_tracksys-facedyn")
    path = tmp_path / "sub-001_ses-01_task-face_tracksys-facedyn_motion.tsv"
    assert kind_of(path) is Kind.BIDS
    (found,) = read_sessions([path])
    _check_equal(found, made)


def test_an_exported_library_is_imported_again(tmp_path: Path) -> None:
    made = {"Ann": [_session(0), _session(1)], "Bo": [_session(2)]}
    with Library.open(tmp_path / "first") as library:
        for name, sessions in made.items():
            for session in sessions:
                library.enrol(name, session, "given")
    export_bids(tmp_path / "first", tmp_path / "dataset", ignore)
    options = FitOptions(DEFAULT_HEAD)
    done = import_folder(
        tmp_path / "dataset", tmp_path / "second", Layout.AUTO, ImportStatement("given"), options,
        ignore,
    )  # fmt: skip
    assert (done.n_added, done.left_out) == (3, ())
    assert not [path for path, _ in done.passed_over if "sub-" in path]
    with Library.open(tmp_path / "second") as library:
        for number, sessions in enumerate(made.values(), start=1):
            entries = library.sessions(f"sub-{number:03d}")
            for entry, session in zip(entries, sessions, strict=True):
                _check_equal(library.load(entry), session)


def test_what_is_damaged_is_one_sentence(tmp_path: Path) -> None:
    stem = "sub-001_task-face_tracksys-facedyn"
    write_recording(_session(), tmp_path, stem)
    path, facts = tmp_path / f"{stem}_motion.tsv", tmp_path / f"{stem}_motion.json"
    events, channels = tmp_path / f"{stem}_events.tsv", tmp_path / f"{stem}_channels.tsv"
    for broken, text in (
        (events, "onset\tduration\tkind\tname\tside\nx\t0\ttask\tsmile\tn/a\n"),
        (events, "onset\n0\n"),
        (channels, "name\n"),
        (facts, json.dumps({**json.loads(facts.read_text()), "ExpressionNames": ["a", "a"]})),
        (path, "1\t2\n"),
    ):
        kept = broken.read_text()
        broken.write_text(text)
        with pytest.raises(InputError, match=broken.name):
            read_sessions([path])
        broken.write_text(kept)
    facts.write_text("{")
    with pytest.raises(InputError):
        read_sessions([path])
