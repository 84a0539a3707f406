"""Timing of the real window, scrubbed in while a video is fitted and a recognizer trained."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from facedyn_app.assets import asset_folder
from facedyn_app.bench.window import WindowTiming
from facedyn_app.folders import NAME
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.jobs import Batch, Job, JobQueue
from facedyn_app.gui.theme import apply_theme
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.records import PartialFit
from facedyn_app.settings import Settings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.workflows.train import TrainingPlan, train_recognizer

BEAT_MS: Final = 5
SCRUB_MS: Final = 33
LOOK_MS: Final = 50
WARM_UP_SECONDS: Final = 3.0
N_SPEAKERS, N_SESSIONS, SESSION_SECONDS = 32, 2, 20.0
CONSENT: Final = "simulated speakers need none"


@dataclass
class _Counts:
    shown: int = 0
    fitted: int = 0
    beats: list[tuple[float, float]] = field(default_factory=list)


class WindowBench(QObject):
    """The window with simulated work, and a heart that beats in its thread.

    Args:
        folder: An empty folder for a library and a recognizer.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._counts = _Counts()
        self._demo = sorted((asset_folder("resources") / "demo").glob("*.mp4"))
        self._next = 0
        self._step = 0
        self._error: Exception | None = None
        self.app = AppController(Settings(), folder / "library", None)
        self.training = JobQueue(self)
        self.app.state.frame_changed.connect(self._count_shown)
        self.app.queue.job_added.connect(self._follow)
        self._heartbeat = self._timer(BEAT_MS, self._beat)
        self._scrubber = self._timer(SCRUB_MS, self._scrub)

    def _timer(self, interval_ms: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(interval_ms)
        timer.timeout.connect(call)
        return timer

    def run(self, seconds: float, on_progress: OnProgress) -> Iterator[WindowTiming]:
        """Measure: scrubbing alone, beside a fit, beside a fit and a training.

        Args:
            seconds: How long each.
            on_progress: Told what is measured.

        Yields:
            What was found for each.

        Raises:
            Exception: What the work has failed with.
        """
        self.app.window.resize(1600, 1000)
        self.app.window.show()
        on_progress(Progress("preparing", 0))
        self.app.analysis.fit_anew(self._demo[0])
        self._wait(lambda: self.app.state.recording is not None and not self.app.queue.jobs)
        yield self._measure("scrubbing", seconds, on_progress)
        self._fit_next()
        self.app.state.show_recording(str(self._demo[0]))  # instead of the fit under way
        yield self._measure("scrubbing, a fit", seconds, on_progress)
        self._train()
        yield self._measure("scrubbing, a fit, a training", seconds, on_progress)

    def close(self) -> None:
        """Stop everything and let the window go."""
        self.app.window.close()
        self.training.shut_down()
        self.app.window.deleteLater()

    def _measure(self, work: str, seconds: float, on_progress: OnProgress) -> WindowTiming:
        on_progress(Progress(work, 0))
        self._scrubber.start()
        self._pause(WARM_UP_SECONDS)
        self._counts = counts = _Counts()
        before = self._step
        self._heartbeat.start()
        self._pause(seconds)
        self._heartbeat.stop()
        self._scrubber.stop()
        gaps, own = 1000.0 * np.diff(counts.beats, axis=0).T
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        return WindowTiming(
            work, gaps, own, BEAT_MS, counts.shown, counts.fitted, self._step - before, load
        )

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._wait(lambda: time.monotonic() >= end)

    def _wait(self, done: Callable[[], bool]) -> None:
        loop = QEventLoop()
        timer = QTimer()
        timer.timeout.connect(lambda: loop.quit() if done() or self._error else None)
        timer.start(LOOK_MS)
        loop.exec()
        if self._error is not None:
            raise self._error

    @Slot()
    def _beat(self) -> None:
        self._counts.beats.append((time.perf_counter(), time.thread_time()))

    @Slot()
    def _scrub(self) -> None:
        timeline = self.app.state.timeline
        if timeline is not None:
            self.app.window.transport.go_to((self.app.state.wanted + 7) % timeline.n_frames)

    @Slot(int)
    def _count_shown(self, _frame: int) -> None:
        self._counts.shown += 1

    @Slot()
    def _fit_next(self) -> None:
        """Fit the demo's videos one after another, without an end."""
        self._next += 1
        self.app.analysis.fit_anew(self._demo[self._next % len(self._demo)])

    @Slot(object)
    def _follow(self, job: Job) -> None:
        def count(batch: Batch) -> None:
            parts = (report.partial for report in batch)
            self._counts.fitted += sum(
                len(part.motion.seconds) for part in parts if isinstance(part, PartialFit)
            )

        def again(_result: object) -> None:
            if self._next:
                self._fit_next()

        if job.title.startswith("Fit face"):
            job.succeeded.connect(again)
            job.failed.connect(self._fail)
            job.progressed.connect(count)

    def _train(self) -> None:
        def train(on_progress: OnProgress) -> object:
            with Library.open(self._folder / "corpus") as library:
                for number in range(N_SPEAKERS):
                    sessions = simulate_sessions(number, N_SESSIONS, SESSION_SECONDS, seed=3)
                    for session in sessions:
                        on_progress(Progress("making speakers", number, N_SPEAKERS))
                        library.enrol(f"S-{number:02d}", session, CONSENT)
                plan = TrainingPlan(TestSessions(last=False), device="cpu")
                long = replace(Settings().train, max_steps=100_000, budget_minutes=60.0)
                settings = replace(Settings(), train=long)
                return train_recognizer(
                    library, self._folder / "recognizer", settings, plan, on_progress
                )

        def count(batch: Batch) -> None:
            if batch[-1].stage == "training":
                self._step = batch[-1].done

        self.training.submit(train, title="Train", on_error=self._fail, on_progress=count)
        self._wait(lambda: self._step > 0)

    def _fail(self, error: Exception) -> None:
        self._error = error


def measure_window(folder: Path, seconds: float, on_progress: OnProgress) -> list[WindowTiming]:
    """Open the window, let it work and be used, time its thread, close it.

    Args:
        folder: An empty folder that may be filled.
        seconds: How long each mixture of work is measured.
        on_progress: Told what is measured; may raise Cancelled.
    """
    app = QApplication.instance() or QApplication([NAME])
    if isinstance(app, QApplication):
        apply_theme(app)
    bench = WindowBench(folder)
    try:
        return list(bench.run(seconds, on_progress))
    finally:
        bench.close()
