"""Make the pictures of the window, its other windows and its dialogs by size, light and dark.

Needs a display, such as a virtual one:

    xvfb-run -a -s "-screen 0 1920x1080x24" .venv/bin/python packaging/screenshots.py FOLDER

With QT_SCALE_FACTOR=2 before it they are of that screen at 200 %, the smallest that has to do.
With videos after the folder, the last of them is shown instead of the demo.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QDialog, QWidget

from facedyn_app.assets import DEFAULT_HEAD, asset_folder
from facedyn_app.bench.clinical_script import Script, ScriptedBlink, act, session_of_truth
from facedyn_app.gui.app import run_window
from facedyn_app.gui.controllers.app import AppController, follow_scheme
from facedyn_app.gui.dialogs.recognizers import RecognizersDialog
from facedyn_app.gui.dialogs.record import RecordDialog
from facedyn_app.gui.dialogs.session import DateDialog
from facedyn_app.library.library import Library
from facedyn_app.progress import ignore
from facedyn_app.records import SourceFile
from facedyn_app.settings import MachineSettings, NetworkSettings, Settings, TrainSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.video.camera import paced_choice
from facedyn_app.workflows.heads import ready_head

SIZES = {1.0: ((1280, 800), (1366, 768), (1920, 1080)), 2.0: ((960, 540),)}
"""Sizes of the window by the scale of the screen, logical px."""
SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
N_VISITS, MOVED, VISIT_SECONDS = 6, 4, 30.0
"""Visits of a simulated speaker; the head of one of them is another's."""
PALSIES = {1: 0.9, 4: 0.5, 7: 0.0}
"""Share by which a simulated face's left side is weaker, by the month of the visit."""
BLINKS, VISIT_FPS = (0.5, 1.4, 14.5, 15.3), 30.0
TASKS = ("smile", "smile", "brow_raise", "pucker")
N_SPEAKERS, N_SESSIONS, SESSION_SECONDS = 24, 3, 12.0
"""A library to train on."""
QUICK = Settings(
    network=NetworkSettings(width=32, n_blocks=1, n_heads=2, embedding=32),
    train=TrainSettings(max_steps=5000, check_steps=15, patience=1000),
    machine=MachineSettings(threads=1),
)
"""Settings of a training that has something to show after seconds."""
N_LOOKS = 8
LOOK_MS, QUIET_MS = 50, 1500
LIVE_SECONDS = 24.0
"""How long a camera is shown before it is pictured, s."""


def main(arguments: list[str]) -> int:
    """Write the pictures into the folder named first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the pictures go")
    parser.add_argument("videos", metavar="VIDEO", nargs="*", type=Path, help="shown one by one")
    given = parser.parse_args(arguments)
    folder, videos = given.folder, given.videos
    folder.mkdir(parents=True, exist_ok=True)
    sizes = SIZES[float(os.environ.get("QT_SCALE_FACTOR", "1"))]
    with TemporaryDirectory() as place:
        visits = made_visits(Path(place) / "visits")
        clinic = made_clinic(Path(place) / "clinic")
        corpus = made_corpus(Path(place) / "corpus")
        for name, scheme in SCHEMES.items():
            for size in sizes:
                ending = f"{size[0]}x{size[1]}-{name}.png"
                path = folder / f"window-{ending}"
                run_window(
                    videos,
                    Path(place) / "demo",
                    demo=not videos,
                    screenshot=path,
                    size=size,
                    scheme=scheme,
                )
                print(path, flush=True)
                follow_scheme(scheme)
                for path in work_and_drift(folder, visits, size, ending):
                    print(path)
                for path in clinical(folder, clinic, size, ending):
                    print(path)
                for path in dialogs(folder, corpus, size, ending):
                    print(path)
                for path in live_camera(folder, Path(place) / "empty", size, ending):
                    print(path)
    return 0


def made_visits(folder: Path) -> Path:
    """A library with a simulated speaker who has come again and again, and one who came once."""
    heads = [next(simulate_sessions(number, 1, VISIT_SECONDS)) for number in (1, 2)]
    away = heads[1].shape - heads[0].shape
    with Library.open(folder) as library:
        for number, session in enumerate(simulate_sessions(1, N_VISITS, VISIT_SECONDS), start=1):
            moved = 0.3 * away if number == MOVED else 0.0 * away
            source = SourceFile(f"visit-{number}.mp4", None)
            when = datetime(2026, number, 15, 10, tzinfo=UTC)
            visit = replace(
                session,
                shape_chunks=session.shape_chunks + moved,
                info=replace(session.info, source=source, recorded_at=when),
            )
            library.enrol("S-014", visit, "simulated speakers need none")
        library.enrol("S-015", heads[1], "simulated speakers need none")
    return folder


def work_and_drift(folder: Path, visits: Path, size: tuple[int, int], ending: str) -> list[Path]:
    """Pictures of a queue at work and of the shape drift, of many visits and of one."""
    pictures: list[Path] = []

    def grab(widget: QWidget, name: str) -> None:
        pictures.append(picture_of(widget, folder / f"{name}-{ending}"))

    app = AppController(Settings(), visits, None)
    app.window.resize(*size)
    app.window.show()
    wait(lambda: app.state.head is not None)
    for speaker in ("S-014", "S-015"):
        app.window.drift_requested.emit(speaker)
        window = app.drift.window
        if window is not None:
            window.resize(*size)
            window.move(0, 0)
            wait(lambda: not app.drift.queue.jobs)
            grab(window, f"drift-{speaker}")
            window.close()
    demo = asset_folder("resources") / "demo"
    broken = visits / "broken.mp4"
    broken.write_text("no video")
    videos = [demo / "S-01_session3.mp4", broken, demo / "S-02_session3.mp4"]
    app.window.videos_chosen.emit([*videos, demo / "S-03_session3.mp4"])
    wait(lambda: len(app.job_list.rows) == 3 and len(app.state.recordings) == 1)
    grab(app.window, "queue")
    app.window.close()
    app.window.deleteLater()
    return pictures


def made_clinic(folder: Path) -> Path:
    """A library with the visits of a simulated face whose left side comes back."""
    head = ready_head(DEFAULT_HEAD, ignore)
    with Library.open(folder) as library:
        for month, palsy in PALSIES.items():
            blinks = tuple(map(ScriptedBlink, BLINKS))
            script = Script(blinks, TASKS, palsy=palsy, seconds=BLINKS[-1] + 1.0)
            motion = act(script, head.expression_names, VISIT_FPS, np.random.default_rng(month))
            visit = session_of_truth(motion, np.zeros(head.n_shape), head.head_id)
            source = SourceFile(f"visit-{month}.mp4", None)
            when = datetime(2026, month, 5, tzinfo=UTC)
            info = replace(visit.info, source=source, recorded_at=when)
            visit = replace(visit, events=script.events, info=info)
            library.enrol("P-014", visit, "simulated faces need none")
    return folder


def clinical(folder: Path, library: Path, size: tuple[int, int], ending: str) -> list[Path]:
    """Pictures of every page of the clinical measures, of a visit and over time."""
    pictures: list[Path] = []
    app = AppController(Settings(), library, None)
    app.window.resize(*size)
    app.window.show()
    settle(app)
    app.library.open_session(app.library.snapshot.speakers[0].sessions[0].key)
    settle(app)
    app.clinical.open()
    app.window.course_requested.emit("P-014")
    wait(lambda: not (app.clinical.queue.jobs or app.course.queue.jobs))
    for kind, window in (("clinical", app.clinical.window), ("course", app.course.window)):
        if window is None:
            continue
        window.resize(*size)
        window.move(0, 0)
        window.raise_()
        for page in range(window.tabs.count()):
            window.tabs.setCurrentIndex(page)
            wait(lambda: not app.course.queue.jobs)
            title = window.tabs.tabText(page).lower().replace(" ", "-")
            pictures.append(picture_of(window, folder / f"{kind}-{title}-{ending}"))
        window.close()
    app.window.close()
    app.window.deleteLater()
    return pictures


def made_corpus(folder: Path) -> Path:
    """A library of simulated speakers to train on."""
    with Library.open(folder) as library:
        for number in range(N_SPEAKERS):
            for session in simulate_sessions(number, N_SESSIONS, SESSION_SECONDS, seed=7):
                library.enrol(f"S-{number + 1:03d}", session, "simulated speakers need none")
    return folder


def dialogs(folder: Path, corpus: Path, size: tuple[int, int], ending: str) -> list[Path]:
    """Pictures of settings, training and recognizers, each over the window."""
    app = AppController(QUICK, corpus, None)
    app.window.resize(*size)
    app.window.show()
    settle(app)
    grab, pictures = taker(app.window, folder, ending)
    show_forms(app, grab)
    show_settings(app, grab)
    show_training(app, grab)
    app.window.close()
    app.window.deleteLater()
    return pictures


def live_camera(folder: Path, library: Path, size: tuple[int, int], ending: str) -> list[Path]:
    """Pictures of a live camera, the question before a recording, and a recording."""
    film = asset_folder("resources") / "demo" / "S-01_session1.mp4"
    app = AppController(Settings(), library, None, cameras=lambda: (paced_choice(film),))
    app.window.resize(*size)
    app.window.show()
    settle(app)
    grab, pictures = taker(app.window, folder, ending)
    app.window.camera_requested.emit()
    wait(lambda: app.state.timeline is not None and app.state.timeline.duration > LIVE_SECONDS)
    grab("camera")
    app.camera.ask_recording()
    grab("camera-record")
    app.window.findChildren(RecordDialog)[0].reject()
    app.camera.live.record(library.parent / "visit.mkv")
    wait(lambda: app.camera.live.recorder is None or app.camera.live.recorder.seconds > 2)
    grab("camera-recording")
    app.window.close()
    app.window.deleteLater()
    return pictures


def picture_of(widget: QWidget, path: Path) -> Path:
    """Where the picture of a window alone was put, once it was drawn."""
    wait()
    widget.screen().grabWindow(widget.winId()).save(str(path), "PNG")
    return path


def taker(window: QWidget, folder: Path, ending: str) -> tuple[Callable[[str], None], list[Path]]:
    """What takes a picture of a window with its dialogs by a name, and those taken so far."""
    pictures: list[Path] = []

    def grab(name: str) -> None:
        wait()
        at = window.geometry()
        picture = window.screen().grabWindow(0, at.x(), at.y(), at.width(), at.height())
        painter = QPainter(picture)
        painter.setPen(QPen(window.palette().highlight(), 2))
        for dialog in window.findChildren(QDialog):
            if dialog.isVisible():  # a virtual display has nothing that would draw its frame
                painter.drawRect(dialog.geometry().translated(-at.topLeft()))
        painter.end()
        pictures.append(folder / f"{name}-{ending}")
        picture.save(str(pictures[-1]), "PNG")

    return grab, pictures


def show_forms(app: AppController, grab: Callable[[str], None]) -> None:
    """What is asked about one session: consent, meshes, the date of it."""
    session = app.library.snapshot.speakers[0].sessions[0]
    app.library.open_session(session.key)
    settle(app)
    for name, ask in (
        ("enrol", app.ask_enrolment),
        ("export", app.export.ask_meshes),
        ("report", app.export.ask_report),
        ("date", DateDialog(session, app.window).open),
        ("audit", app.keeping.show_audit),
    ):
        ask()
        grab(name)
        for dialog in app.window.findChildren(QDialog):
            dialog.reject()


def show_settings(app: AppController, grab: Callable[[str], None]) -> None:
    """The settings: two pages as they are, one with something wrong."""
    dialog = app.settings.ask(app.window)
    for page in ("Fit", "Recognizer"):
        dialog.show_page(page)
        grab(f"settings-{page.lower()}")
    dialog.show_page("Trust")
    dialog.pages["Trust"].fields["trust"]["unusable_seconds"].set_value(60.0)
    grab("settings-wrong")
    dialog.reject()


def show_training(app: AppController, grab: Callable[[str], None]) -> None:
    """The form, the training at work, its result, and the list of recognizers."""
    training = app.training
    app.training.show_dialog()
    settle(app)
    dialog = app.training.dialog
    if dialog is None or dialog.form is None:
        return
    grab("train-form")
    dialog.form.start.click()

    def updated() -> bool:
        state = training.current.state if training.current is not None else None
        return not training.running or (state is not None and len(state.validations) >= N_LOOKS)

    wait(updated)
    grab("train-running")
    training.end_with_best()
    wait(lambda: not training.running)
    settle(app)
    grab("train-done")
    dialog.close()
    app.training.show_recognizers()
    grab("recognizers")
    for shown in app.window.findChildren(RecognizersDialog):
        shown.close()


def settle(app: AppController) -> None:
    """Let all short work end."""
    wait(lambda: not (app.library.queue.jobs or app.queue.jobs))


def wait(done: Callable[[], bool] | None = None) -> None:
    """Let the window work until something is so; without that, until it is drawn."""
    loop = QEventLoop()
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if done is None or done() else None)
    timer.start(QUIET_MS if done is None else LOOK_MS)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
