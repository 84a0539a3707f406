"""Self-test of an installation: every stage on a small scale."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from facedyn_app.assets import DEFAULT_HEAD, model_file, model_names
from facedyn_app.errors import FacedynError
from facedyn_app.folders import temporary_folder
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.rendering.paint import paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library, protection_of
from facedyn_app.library.protection.held import lock_library, unlock
from facedyn_app.library.session_file import load_session, save_session
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recognizer.files import default_recognizer
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.records import Frame, Session
from facedyn_app.settings import NetworkSettings, Settings, TrainSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.video import SIMULATED, probe_video, read_frames, write_video
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.comparison import read_enrolled
from facedyn_app.workflows.demo import demo_videos
from facedyn_app.workflows.drift import drift_of
from facedyn_app.workflows.heads import quiet_drawing, ready_head
from facedyn_app.workflows.identify import identify

CONSENT = "A simulated speaker, not a person: no consent needed."
N_FRAMES, N_SPEAKERS, SECONDS, N_STEPS = 125, 3, 20.0, 3
LEAST_VALID_SHARE = 0.9


class FailedError(Exception):
    """A step did not do what it should."""


@dataclass(slots=True, eq=False)
class Trial:
    """What the steps hand on.

    Attributes:
        folder: A temporary folder.
        on_progress: Called within long steps; may raise Cancelled.
        video: A short video, once it is written.
        session: Its session, once it is fitted.
    """

    folder: Path
    on_progress: OnProgress
    video: Path | None = None
    session: Session | None = None

    @property
    def library(self) -> Path:
        """The folder of the library."""
        return self.folder / "library"


def _check(right: bool, sentence: str) -> None:
    if not right:
        raise FailedError(sentence)


def _check_models(_trial: Trial) -> str:
    names = model_names()
    for name in names:
        model_file(name)
    return f"{len(names)} files of models and heads have the recorded sha256"


def _cut_video(trial: Trial) -> str:
    """Decode the beginning of a demo video and write it as a video of its own."""
    source = demo_videos()[0].path
    info = probe_video(source)
    frames: list[Frame] = list(islice(read_frames(source), N_FRAMES))
    out = trial.folder / "short.mp4"
    write_video(out, [frame.image for frame in frames], info.fps, effort=8, comment=SIMULATED)
    n_back = sum(1 for _ in read_frames(out))
    _check(n_back == len(frames), f"{len(frames)} frames were written and {n_back} read back.")
    trial.video = out
    return f"decoded {len(frames)} frames of {source.name}, encoded and decoded them again"


def _fit(trial: Trial) -> str:
    if trial.video is None:
        raise FailedError("There is no video: an earlier step has failed.")
    analysis = analyse_video(
        trial.video,
        ready_head(DEFAULT_HEAD, trial.on_progress),
        Settings(),
        on_progress=trial.on_progress,
    )
    trial.session = analysis.session
    n_valid, n_frames = int(analysis.session.motion.valid.sum()), len(analysis.session.motion.valid)
    _check(
        n_valid >= LEAST_VALID_SHARE * n_frames, f"Only {n_valid} of {n_frames} frames are valid."
    )
    seconds = analysis.timing
    return (
        f"{n_valid} of {n_frames} frames valid, landmarks {n_frames / seconds['landmarks']:.0f} "
        f"and fit {n_frames / seconds['fit']:.0f} frames/s"
    )


def _keep_session(trial: Trial) -> str:
    session = _session(trial)
    path = trial.folder / "session.npz"
    save_session(session, path)
    again = load_session(path)
    same = np.array_equal(again.motion.expression, session.motion.expression, equal_nan=True)
    _check(same and again.head_id == session.head_id, "The session file reads back differently.")
    return f"written and read back, {path.stat().st_size // 1000} kB"


def _simulate_and_enrol(trial: Trial) -> str:
    with Library.open(trial.library) as library:
        for speaker in range(N_SPEAKERS):
            for session in simulate_sessions(speaker, 2, SECONDS):
                library.enrol(f"simulated {speaker}", session, CONSENT)
        n_kept = len(library.sessions())
    _check(n_kept == 2 * N_SPEAKERS, f"{n_kept} sessions are kept instead of {2 * N_SPEAKERS}.")
    return f"{N_SPEAKERS} simulated speakers with 2 sessions of {SECONDS:g} s each in a new library"


def _identify_simulated(trial: Trial) -> str:
    probe = list(simulate_sessions(0, 3, SECONDS))[-1]
    return _ranking(trial, probe, "a new session of simulated 0")


def _identify_video(trial: Trial) -> str:
    return _ranking(trial, _session(trial), "the fitted video, who is not enrolled")


def _ranking(trial: Trial, probe: Session, what: str) -> str:
    with Library.open(trial.library, create=False) as library:
        enrolled = read_enrolled(library, default_recognizer(), Settings(), trial.on_progress)
        answer = identify(probe, enrolled)
    _check(len(answer.matches) == N_SPEAKERS, "Not every enrolled speaker is ranked.")
    best = answer.matches[0]
    return f"{what}: {answer.words()}; {best.name} first, probability {best.probability:.2f}"


def _drift(trial: Trial) -> str:
    with Library.open(trial.library, create=False) as library:
        report = drift_of(library, "simulated 0")
    if report.dnr is None or report.dnr_corrected is None:
        raise FailedError("There is no DNR of two sessions.")
    return f"simulated 0: DNR {report.dnr:.2f}, corrected {report.dnr_corrected:.2f}"


def _train(trial: Trial) -> str:
    sessions = [
        LabelledSession(str(speaker), session)
        for speaker in range(N_SPEAKERS)
        for session in simulate_sessions(speaker, 2, SECONDS)
    ]
    settings = replace(
        Settings(),
        network=NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=16),
        train=TrainSettings(speakers_per_batch=N_SPEAKERS, max_steps=N_STEPS, warmup_steps=1),
    )
    recognizer = train(sessions, None, settings, on_progress=trial.on_progress)
    vectors = recognizer.embed(sessions[0].session).vectors
    length = np.linalg.norm(recognizer.space({}).directions(vectors), axis=1)
    _check(bool(np.abs(length - 1.0).max() < 1e-3), "The recognizer gives no unit vectors.")
    return f"{N_STEPS} steps of a small network on {len(sessions)} simulated sessions"


def _draw(_trial: Trial) -> str:
    head = load_head(DEFAULT_HEAD)
    still = torch.zeros(1, len(head.joint_names), 3)
    zero = torch.zeros(1, head.n_shape), torch.zeros(1, head.n_expression)
    vertices = head_vertices(head_to_tensors(head), *zero, still)[0].numpy()
    quiet_drawing()
    with HeadRenderer(paint_head(head), Camera(160, 160, 380.0)) as renderer:
        image = renderer.render(vertices, np.zeros(3), np.array([0.0, 0.0, 0.7]))
    _check(float(image.std()) > 1.0, "The picture of the head is empty.")
    return f"head {head.head_id} drawn without a window"


def _protect(trial: Trial) -> str:
    passphrase = secrets.token_hex(16)
    protect_library(trial.library, passphrase, on_progress=trial.on_progress)
    sealed = b"".join(path.read_bytes() for path in trial.library.rglob("*") if path.is_file())
    _check(b"simulated 0" not in sealed, "A name is in the files of a protected library.")
    lock_library(trial.library)
    unlock(trial.library, passphrase)
    with Library.open(trial.library, create=False) as library:
        n_read = len([library.load(entry) for entry in library.sessions()])
    how = protection_of(trial.library).database
    return f"the library is encrypted (database by {how}), locked, opened again; {n_read} read"


def _forget(trial: Trial) -> str:
    with Library.open(trial.library, create=False) as library:
        n_deleted = library.forget("simulated 0")
        left = len(list((trial.library / "sessions").iterdir()))
        n_kept = len(library.sessions())
    _check(left == n_kept, f"{left} session files are left for {n_kept} sessions.")
    return f"simulated 0 is forgotten: {n_deleted} sessions deleted"


def _session(trial: Trial) -> Session:
    if trial.session is None:
        raise FailedError("There is no session: an earlier step has failed.")
    return trial.session


STEPS: tuple[tuple[str, Callable[[Trial], str]], ...] = (
    ("models", _check_models),
    ("video", _cut_video),
    ("landmarks and fit", _fit),
    ("session file", _keep_session),
    ("simulate, enrol", _simulate_and_enrol),
    ("identify simulated", _identify_simulated),
    ("identify video", _identify_video),
    ("shape drift", _drift),
    ("train", _train),
    ("draw a head", _draw),
    ("protect", _protect),
    ("forget", _forget),
)
"""Name and work of each step, in the order in which one needs the other."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step.

    Attributes:
        step: Its name.
        ok: Whether it did what it should.
        seconds: How long it took, s.
        what: What it did, or why it failed.
    """

    step: str
    ok: bool
    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What became of all steps.

    Attributes:
        steps: Of each step, in order.
        seconds: How long they took together, s.
    """

    steps: tuple[StepResult, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every step did what it should."""
        return all(step.ok for step in self.steps)


def test_all_stages(on_progress: OnProgress) -> SelfTest:
    """Run every step in a temporary folder; a failed step does not stop the others.

    Args:
        on_progress: Called before each step and within the long ones; may raise Cancelled.
    """
    began = time.perf_counter()
    results = []
    with temporary_folder("selftest") as folder:
        trial = Trial(folder, on_progress)
        for done, (name, step) in enumerate(STEPS):
            on_progress(Progress(f"testing: {name}", done, len(STEPS)))
            results.append(run_step(name, step, trial))
    return SelfTest(tuple(results), time.perf_counter() - began)


def run_step(name: str, step: Callable[[Trial], str], trial: Trial) -> StepResult:
    """Run one step; what it raises, but for a wish to stop, is its result."""
    began = time.perf_counter()
    try:
        what, ok = step(trial), True
    except FacedynError as error:
        what, ok = str(error), False
    except FailedError as error:
        what, ok = str(error), False
    except (ArithmeticError, ImportError, LookupError, OSError, RuntimeError, ValueError) as error:
        # a fault in one stage must not hide what the others do
        what, ok = f"{type(error).__name__}: {error}", False
    return StepResult(name, ok, time.perf_counter() - began, what)
