"""A training store: made of a library or a folder, trained from like it, in flat memory."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import ConsentError, FacedynError, TooLittleError
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import ignore
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.records import ConsentTerms, Purpose, Session
from facedyn_app.workflows.export_tracks import export_tracks
from facedyn_app.workflows.train import TrainingPlan, train_on_library
from tests.recognizer.conftest import easy_session, small_settings

PLAN = TrainingPlan(TestSessions(last=True), device="cpu")
N_SPEAKERS = 21


@pytest.fixture
def library(tmp_path: Path) -> Path:
    with Library.open(tmp_path / "library") as opened:
        for speaker in range(N_SPEAKERS):
            for number in range(3):
                opened.enrol(f"made {speaker:02d}", easy_session(speaker, number), "made up")
    return tmp_path / "library"


def test_training_from_a_store_is_training_from_its_library(library: Path, tmp_path: Path) -> None:
    written = export_tracks(library, tmp_path / "store", ignore)
    assert (written.n_sessions, written.n_speakers, written.simulated) == (63, 21, True)
    settings = small_settings(4, check_steps=2)
    found = [
        train_on_library(folder, tmp_path / f"r-{folder.name}", settings, PLAN, ignore)
        for folder in (library, tmp_path / "store")
    ]
    first, second = (one.training["curve"] for one in found)
    same = ("step", "loss", "top1_window", "eer")
    assert [[look[k] for k in same] for look in first] == [
        [look[k] for k in same] for look in second
    ]
    assert found[0].metrics == found[1].metrics
    with Library.open(library, create=False) as opened:
        tokens = {entry.file_name[:12] for entry in opened.sessions()}
    assert set(found[1].training["sessions"]) <= tokens


def test_who_has_not_consented_to_training_is_not_in_it(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as opened:
        terms = ConsentTerms(frozenset({Purpose.RESEARCH}))
        opened.enrol("Ada", easy_session(1, 0), "made up", terms=terms)
        with pytest.raises(ConsentError):
            export_tracks(tmp_path / "library", tmp_path / "store", ignore)
        opened.enrol("Ben", easy_session(2, 0), "made up")
    assert export_tracks(tmp_path / "library", tmp_path / "store", ignore).n_speakers == 1
    with pytest.raises(FacedynError, match="store"):
        export_tracks(tmp_path / "library", tmp_path / "store", ignore)


def test_a_folder_of_speakers_becomes_a_store(tmp_path: Path) -> None:
    for speaker in ("a", "b"):
        (tmp_path / "corpus" / speaker).mkdir(parents=True)
        for number in range(2):
            save_session(
                easy_session(ord(speaker), number), tmp_path / "corpus" / speaker / f"{number}.npz"
            )
    assert export_tracks(tmp_path / "corpus", tmp_path / "store", ignore).n_sessions == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(TooLittleError):
        export_tracks(tmp_path / "empty", tmp_path / "none", ignore)
    assert not (tmp_path / "none").exists()


PEAK = """
import resource, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from facedyn_app.progress import ignore
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.workflows.train import TrainingPlan, train_on_library
from tests.recognizer.conftest import small_settings
store, out = map(Path, sys.argv[1:])
plan = TrainingPlan(TestSessions(last=False), device="cpu")
train_on_library(store, out, small_settings(3), plan, ignore)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak")
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Ten times as much motion, 140 MB more of it, takes a fraction of that more memory."""
    peaks = []
    for seconds in (60.0, 600.0):
        corpus, store = tmp_path / f"c{seconds:g}", tmp_path / f"s{seconds:g}"
        for speaker in range(N_SPEAKERS):
            (corpus / f"{speaker:02d}").mkdir(parents=True)
            for number in range(4):
                session = easy_session(speaker, number, seconds=seconds)
                save_session(widened(session), corpus / f"{speaker:02d}" / f"{number}.npz")
        export_tracks(corpus, store, ignore)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, store, tmp_path / f"r{seconds:g}"],
            check=True,
            capture_output=True,
            text=True,
        )
        peaks.append(int(done.stdout))
    written = sum(path.stat().st_size for path in (tmp_path / "s600").iterdir()) / 2**20
    assert written > 100
    assert peaks[1] - peaks[0] < 0.5 * written, (peaks, written)


def widened(session: Session) -> Session:
    """With each channel several times: as many as a head has."""
    motion = session.motion
    names = tuple(f"{name}{k}" for k in range(8) for name in motion.names)
    expression = np.tile(motion.expression, (1, 8))
    return replace(session, motion=replace(motion, names=names, expression=expression))
