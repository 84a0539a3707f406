"""Made records that the window's tests show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.main_window import MainWindow
from facedyn_app.gui.state import AppState
from facedyn_app.gui.theme import apply_theme
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.records import (
    DriftReport,
    FloatArray,
    Identification,
    Landmarks,
    Match,
    Motion,
    Quality,
    Session,
    SessionDrift,
    SessionInfo,
    SourceFile,
    VideoInfo,
)
from facedyn_app.settings import Settings
from facedyn_app.workflows.records import Recording
from tests.sessions import altered

N_FRAMES, FPS = 30, 25.0
PATIENCE_MS = 120_000
NAMES = ("eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
GAP = slice(12, 15)


def landmark_points(frame: int) -> FloatArray:
    """(478, 2) simulated landmarks of a frame; they lie on the white square of `moving_video`."""
    grid = np.linspace(0, 15, 478)
    return np.stack([2 * frame + grid, 24 + grid], axis=1).astype(np.float32)


def made_session(*, simulated: bool = True) -> Session:
    """A session of 30 frames whose frame t has the jaw open by t/100 rad."""
    seconds = np.arange(N_FRAMES) / FPS
    valid = np.ones(N_FRAMES, dtype=bool)
    valid[GAP] = False
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * seconds[:, None] * np.arange(1, 5))
    expression = np.where(valid[:, None], wave, np.nan).astype(np.float32)
    jaw = np.zeros((N_FRAMES, 3), dtype=np.float32)
    jaw[:, 0] = np.arange(N_FRAMES) / 100
    jaw[~valid] = np.nan
    return Session(
        motion=Motion(
            seconds=seconds,
            valid=valid,
            expression=expression,
            names=NAMES,
            jaw=jaw,
            rotation=np.zeros_like(jaw),
            translation=np.zeros_like(jaw),
        ),
        shape=np.zeros(3, dtype=np.float32),
        shape_chunks=np.zeros((2, 3), dtype=np.float32),
        shape_chunk_seconds=np.array([0.25, 0.75]),
        error_px=np.where(valid, 1.0, np.nan),
        face_px=np.where(valid, 200.0, np.nan),
        info=SessionInfo(
            head_id="tiny-head",
            source=SourceFile("visit-0412.mp4", "ab" * 32),
            fps=FPS,
            focal_px=768.0,
            simulated=simulated,
        ),
    )


def made_quality(verdict: str = "caution") -> Quality:
    reasons = () if verdict == "good" else ("The face is 60 px high; 100 px or more are better.",)
    return Quality(N_FRAMES, N_FRAMES - 3, 1.08, 0.5, 60.0, verdict, reasons)


def made_identification(*, known: bool = True) -> Identification:
    names = ("P-014", "P-003", "P-021", "P-007", "P-019", "P-002")
    best = 0.91 if known else 0.31
    probabilities = (best, 0.22, 0.11, 0.06, 0.04, 0.01)
    return Identification(
        matches=tuple(
            Match(name, 2 * p - 1, p, np.full(2, 2 * p - 1))
            for name, p in zip(names, probabilities, strict=True)
        ),
        known=known,
        threshold=0.6,
        window_seconds=np.array([[0.0, 0.5], [0.5, 1.0]]),
        quality=made_quality(),
        calibrated_on="simulated speakers",
    )


def made_drift(speaker: str, *, n_sessions: int = 3) -> DriftReport:
    one = n_sessions == 1
    sessions = tuple(
        SessionDrift(
            name=f"visit-{k + 1}",
            n_chunks=12,
            n_effective=8.0,
            noise=1.2,
            distance=None if one else 1.0 + 0.4 * k,
            dnr=None if one else 0.8 + 0.3 * k,
            dnr_interval=None if one else (0.6 + 0.3 * k, 1.1 + 0.3 * k),
            split_half_drift=0.4,
        )
        for k in range(n_sessions)
    )
    return DriftReport(
        speaker=speaker,
        sessions=sessions,
        noise=1.25,
        drift=None if one else 1.3,
        dnr=None if one else 1.04,
        drift_corrected=None if one else 1.0,
        dnr_corrected=None if one else 0.8,
        dnr_corrected_interval=None if one else (0.6, 1.0),
        note="Needs two sessions; this speaker has one." if one else "",
    )


def made_recording(video: Path | None, **changes: Any) -> Recording:
    """A recording with everything a panel can show."""
    seconds = np.arange(N_FRAMES) / FPS
    points = np.stack([landmark_points(frame) for frame in range(N_FRAMES)])
    points[GAP] = np.nan
    values: dict[str, Any] = {
        "key": "visit-0412",
        "title": "visit-0412.mp4",
        "session": made_session(),
        "quality": made_quality(),
        "video": video,
        "info": VideoInfo(video or Path("visit-0412.mp4"), 96, 64, FPS, N_FRAMES, 1.2),
        "landmarks": Landmarks(seconds, points, np.zeros((N_FRAMES, 52)), 96, 64),
        "timing": (("Fit, frames/s", 1234.5),),
        "identification": made_identification(),
        "drift": (made_drift("P-003"), made_drift("P-014"), made_drift("P-007", n_sessions=1)),
        "simulated_speakers": frozenset({"P-014", "P-003"}),
    }
    return Recording(**{**values, **changes})


@pytest.fixture
def memory(tmp_path: Path) -> QSettings:
    """A place of its own for the window to remember its layout in."""
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def state(qapp: QApplication) -> AppState:
    """An empty state."""
    return AppState()


@pytest.fixture
def window(
    qapp: QApplication, state: AppState, memory: QSettings, tiny_head: HeadModel
) -> Iterator[MainWindow]:
    """The main window with the tiny head, shown."""
    apply_theme(qapp)
    shown = MainWindow(state, memory)
    shown.show()
    state.set_head(tiny_head)
    yield shown
    shown.close()
    shown.deleteLater()


def drifting_session(offset: float) -> Session:
    """A simulated session of eight chunks whose shape lies `offset` from the mean head."""
    return altered(
        made_session(),
        shape_chunks=offset + 0.1 * np.random.default_rng(0).normal(size=(8, 3)),
        shape_chunk_seconds=np.arange(8) + 0.5,
        source=SourceFile(f"v{offset}.mp4", None),
    )


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, memory: QSettings) -> Iterator[AppController]:
    """The window and its work, with a library that does not exist yet."""
    made = AppController(Settings(), tmp_path / "library", memory)
    made.window.show()
    yield made
    made.window.close()
    made.window.deleteLater()


def choose(app: AppController, text: str) -> None:
    """Choose an entry of a menu."""
    next(action for action in app.window.findChildren(QAction) if action.text() == text).trigger()


def drop_urls(window: MainWindow, *urls: QUrl) -> None:
    """Drop files, folders or addresses on the window."""
    data = QMimeData()
    data.setUrls(list(urls))
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def drop_files(window: MainWindow, *paths: Path) -> None:
    """Drop files or folders of this machine on the window."""
    drop_urls(window, *(QUrl.fromLocalFile(str(path)) for path in paths))


def enrol_in_library(app: AppController, qtbot: QtBot, name: str, *sessions: Session) -> Path:
    """Enrol somebody in the window's library, as another program would; the library's folder."""
    wait_idle(app, qtbot)
    folder = app.library.snapshot.folder
    with Library.open(folder) as library:
        for session in sessions:
            library.enrol(name, session, "given for a test")
    app.library.open_library(folder)
    wait_idle(app, qtbot)
    return folder


def enrol_drifting(app: AppController, qtbot: QtBot) -> Path:
    """Enrol P-014 with two sessions whose shapes differ; the library's folder."""
    return enrol_in_library(app, qtbot, "P-014", *map(drifting_session, (0.0, 3.0)))


def wait_idle(app: AppController, qtbot: QtBot) -> None:
    """Wait until nothing runs."""
    queues = (app.queue, app.library.queue)
    qtbot.waitUntil(lambda: not any(queue.jobs for queue in queues), timeout=PATIENCE_MS)
