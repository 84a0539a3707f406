"""Easy simulated speakers and a network that learns them in seconds."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.recognizer.backend import Backend, Whitening
from facedyn_app.recognizer.descriptors import n_descriptors
from facedyn_app.recognizer.files import save_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.recognizer.scoring import uncalibrated
from facedyn_app.recognizer.trials import LabelledSession, Trials
from facedyn_app.records import Session
from facedyn_app.settings import FeatureSettings, NetworkSettings, Settings, TrainSettings
from tests.sessions import altered, resting_session

NAMES = ("eyeBlinkLeft", "mouthSmileLeft", "browInnerUp")


@pytest.fixture(autouse=True, scope="module")
def _one_thread(one_thread: None) -> None:
    """Tiny networks are slower on several threads, and far slower beside other work."""


def easy_session(
    speaker: int, session: int, head_id: str = "made", seconds: float = 12.0
) -> Session:
    """Each speaker waves each channel at their own pace; offsets and noise are the session's."""
    rng = np.random.default_rng([speaker, session])
    own = np.random.default_rng(speaker)
    t = np.arange(int(25 * seconds)) / 25.0
    pace, size = own.uniform(0.3, 3.0, 3), own.uniform(0.1, 0.4, 3)
    waves = size * np.sin(2 * np.pi * pace * t[:, None] + rng.uniform(0, 6, 3))
    n = len(t)
    return resting_session(
        t,
        expression=waves + rng.uniform(size=3) + 0.03 * rng.standard_normal((n, 3)),
        names=NAMES,
        jaw=0.01 * rng.standard_normal((n, 3)),
        shape_chunks=rng.standard_normal((int(seconds), 2)),
        shape_chunk_seconds=np.arange(int(seconds)) + 0.5,
        error_px=np.zeros(n),
        head_id=head_id,
        simulated=True,
    )


def with_channels(session: Session, names: tuple[str, ...]) -> Session:
    columns = [NAMES.index(name) for name in names]
    return altered(session, expression=session.motion.expression[:, columns], names=names)


def without(session: Session, name: str) -> Session:
    """The session with a channel that never leaves 0."""
    still = session.motion.expression.copy()
    still[:, session.motion.names.index(name)] = 0.0
    return altered(session, expression=still)


def labelled(speakers: range, sessions: range) -> Iterator[LabelledSession]:
    for speaker in speakers:
        for session in sessions:
            yield LabelledSession(f"made {speaker}", easy_session(speaker, session))


def small_settings(max_steps: int = 40, **train: float) -> Settings:
    return Settings(
        features=FeatureSettings(window_s=5.0, hop_s=2.5),
        network=NetworkSettings(
            width=24,
            n_blocks=1,
            n_heads=2,
            kernel=7,
            embedding=16,
            dropout=0.0,
            statistics_dropout=0.0,
        ),
        train=TrainSettings(
            speakers_per_batch=12,
            warmup_steps=5,
            max_steps=max_steps,
            learning_rate=5e-3,
            window_s=4.0,
            **train,  # type: ignore[arg-type]
        ),
    )


def held_out_trials() -> Trials:
    speakers = range(100, 108)
    return Trials(list(labelled(speakers, range(2))), list(labelled(speakers, range(2, 3))))


SIZES = NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=8)
TESTED = {
    "n_probes": 12,
    "top1_window": 0.75,
    "chance_uniform": 0.25,
    "intervals": {"top1_window": [0.6, 0.9]},
}


def plain_backend(n_channels: int, n_embedding: int) -> Backend:
    """A back-end that has learnt nothing: the numbers as they are."""
    widths = n_descriptors(n_channels), n_embedding
    parts = [Whitening(np.zeros(n), np.ones(n), np.eye(n, dtype=np.float32)) for n in widths]
    return Backend(parts[0], parts[1], np.zeros(n_channels, dtype=bool), 100)


def made_recognizer(folder: Path, head_id: str = "made") -> Path:
    """An untrained recognizer in a folder, with made metrics; gives the folder."""
    network = MotionNetwork(12, SIZES).eval()
    recognizer = Recognizer(
        head_id,
        NAMES,
        FeatureSettings(window_s=5.0),
        SIZES,
        network,
        plain_backend(6, 8),
        uncalibrated(),
        training={"n_speakers": 4, "data": "simulated speakers", "left_out": {"jaw_x": 1.0}},
        metrics={"test_sessions": TESTED},
        from_simulation=True,
    )
    save_recognizer(recognizer, folder)
    return folder
