"""What the command line's tests share: a way to run it, simulated speakers, a small recognizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from facedyn_app.bench.window import WindowTiming
from facedyn_app.cli import make_app
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.files import save_recognizer
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession, Trials
from facedyn_app.settings import NetworkSettings, Settings, TrainSettings
from facedyn_app.simulate.corpus import simulate_sessions, write_corpus
from facedyn_app.video import read_frames, write_video
from facedyn_app.workflows.demo import DemoResult

SECONDS = 12.0


@dataclass
class WindowSpy:
    """Stands where the window would: keeps what it was asked for, hands back what a test wants."""

    exit_code: int = 0
    result: DemoResult | None = None
    calls: list[tuple[list[Path], Path | None, bool, Path | None]] = field(default_factory=list)
    heads: list[str | None] = field(default_factory=list)
    cameras: list[int | Path | None] = field(default_factory=list)

    def __call__(
        self,
        videos: Sequence[Path],
        library: Path | None,
        demo: bool,
        screenshot: Path | None,
        on_demo: Callable[[DemoResult], None] | None,
        head: str | None = None,
        camera: int | Path | None = None,
    ) -> int:
        self.calls.append((list(videos), library, demo, screenshot))
        self.heads.append(head)
        self.cameras.append(camera)
        if on_demo is not None and self.result is not None:
            on_demo(self.result)
        return self.exit_code


def measured(_folder: Path, seconds: float, _report: OnProgress) -> list[WindowTiming]:
    """Stands where the window would be timed."""
    beats = np.array([5.0, 5.0, 80.0, 10.0])
    return [WindowTiming("scrubbing", beats, 0.5 * beats, 5.0, 3, 40, round(seconds), 1.5)]


Run = Callable[..., Any]


def print_pdf(page: str, path: Path) -> None:
    """What the command line is given for printing: the page as it is, without Qt."""
    path.write_text(page, encoding="utf-8")


@pytest.fixture(scope="session")
def short_clip(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 36 frames of a recording of a face."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    frames = read_frames(shared / "data" / "videos" / "pyfeat_single_face.mp4")
    write_video(path, (one.image for one in islice(frames, 36)), 24.0)
    return path


@pytest.fixture
def window() -> WindowSpy:
    return WindowSpy()


@pytest.fixture
def run(window: WindowSpy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `facedyn` with the given arguments; the user's own folders are in `tmp_path`."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")

    def call(*arguments: object) -> Any:
        return CliRunner().invoke(
            make_app(window, measured, print_pdf), [str(argument) for argument in arguments]
        )

    return call


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Session files of three simulated speakers, three sessions each."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, 3, 3, SECONDS, save_session)
    return folder


@pytest.fixture(scope="session")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a very small recognizer, trained for a few steps on simulated speakers."""

    def made(first: int) -> list[LabelledSession]:
        return [
            LabelledSession(str(speaker), session)
            for speaker in range(first, first + 4)
            for session in simulate_sessions(speaker, 2, SECONDS)
        ]

    held_out = made(20)
    settings = replace(
        Settings(),
        network=NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=16),
        train=TrainSettings(speakers_per_batch=4, max_steps=3, warmup_steps=1),
    )
    folder = tmp_path_factory.mktemp("recognizer") / "small"
    trials = Trials(held_out[::2], held_out[1::2])
    save_recognizer(train(made(10), trials, settings), folder)
    return folder
