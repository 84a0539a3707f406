"""Speed of landmarks with each engine, and of the recognizer's network; the clock for both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.rendered_truth import make_truth, truth_video
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import track_faces
from facedyn_app.landmarks.mediapipe_tracking import open_graph
from facedyn_app.landmarks.models import FaceModels, known_notices_removed
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.network import MotionNetwork
from facedyn_app.records import ByteArray
from facedyn_app.settings import BUNDLE, MEDIAPIPE, LandmarkSettings, NetworkSettings
from facedyn_app.video import probe_video, read_frames

FILM = Case(Take.ACTIONS)
QUICK_FILM = Case(Take.ACTIONS, seconds=3.0)
CROP_PX, BATCH = 256, 32
N_FEATURES = 84
"""Features of a frame: of 39 expression channels and the jaw, with their velocities."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One way of doing a thing, and how fast it is.

    Attributes:
        what: The way, in words.
        device: Where it ran.
        n_frames: Frames done.
        seconds: Wall time.
        own: Whether it is the program's way; the others stand beside it for comparison.
        excess_percent: How far the cost reached lies above the fully converged one; None where
            there is no cost.
    """

    what: str
    device: str
    n_frames: int
    seconds: float
    own: bool = False
    excess_percent: float | None = None

    @property
    def frames_per_second(self) -> float:
        """Frames a second of wall time."""
        return self.n_frames / self.seconds


def devices() -> tuple[str, ...]:
    """The devices of this machine that the fit can run on."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def device_name(device: str) -> str:
    """A device in words."""
    if device == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
    return str(torch.cuda.get_device_name(device))


def timed(work: Callable[[], object], device: str = "cuda") -> float:
    """Wall time of a call, s; the device, where it is a GPU, is waited for before and after."""
    _wait_for(device)
    began = time.perf_counter()
    work()
    _wait_for(device)
    return time.perf_counter() - began


def _wait_for(device: str) -> None:
    if device != "cpu" and torch.cuda.is_available():
        torch.cuda.synchronize(device)


def landmark_film(
    head: HeadModel, folder: Path, *, quick: bool, on_progress: OnProgress = ignore
) -> Path:
    """A rendered film of a face that moves.

    Args:
        head: The head to film.
        folder: Where rendered videos are kept.
        quick: Whether the film is short.
        on_progress: Told of every frame; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written.
    """
    film = QUICK_FILM if quick else FILM
    return truth_video(head, make_truth(head, film), folder, on_progress)


def measure_landmark_speed(video: Path, on_progress: OnProgress = ignore) -> tuple[Speed, ...]:
    """Decoding, MediaPipe by itself, the landmark network in torch, and the program's whole way.

    Args:
        video: What to follow a face in.
        on_progress: Told of every part; may raise Cancelled.

    Raises:
        InputError: The video cannot be read, or MediaPipe cannot be loaded.
    """
    found: list[Speed] = []
    for number, speed in enumerate(_ways(video)):
        found.append(speed)
        on_progress(Progress("measuring the speed of landmarks", number + 1, 4 + len(devices())))
    return tuple(found)


def _ways(video: Path) -> Iterator[Speed]:
    pictures: list[ByteArray] = []
    seconds = timed(lambda: pictures.extend(frame.image for frame in read_frames(video)))
    yield Speed("decoding alone", device_name("cpu"), len(pictures), seconds)
    yield _mediapipe(pictures)
    crops = [cv2.resize(picture, (CROP_PX, CROP_PX)).astype(np.uint8) for picture in pictures]
    for device in devices():
        yield _network(crops, device)
    for engine in (MEDIAPIPE, BUNDLE):
        yield _followed(video, engine, len(pictures))


def _followed(video: Path, engine: str, n_frames: int) -> Speed:
    """The program's whole way with one of its engines."""
    info, settings = probe_video(video), LandmarkSettings(engine=engine, mirrored_mean=False)
    seconds = timed(lambda: sum(1 for _ in track_faces(read_frames(video), info, settings)))
    if engine == MEDIAPIPE:
        return Speed(
            "the program with engine mediapipe, decoding included", "CPU", n_frames, seconds
        )
    device = device_name(devices()[-1])
    return Speed("the program, decoding included", device, n_frames, seconds, own=True)


def _mediapipe(pictures: list[ByteArray]) -> Speed:
    """MediaPipe's own landmarker, one process, as its documentation shows it."""
    landmarker = open_graph(LandmarkSettings(max_faces=1))
    import mediapipe as mp

    images = [
        mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
        for picture in pictures
    ]
    with known_notices_removed():
        landmarker.detect_for_video(images[0], 0)
    with landmarker:

        def detect() -> None:
            for number, image in enumerate(images, start=1):
                landmarker.detect_for_video(image, 40 * number)

        seconds = timed(detect)
    return Speed("MediaPipe, one process", "CPU", len(images), seconds)


def _network(crops: list[ByteArray], device: str) -> Speed:
    """The landmark network by itself, a batch at a time."""
    models = FaceModels(torch.device(device))
    models.points(crops[:BATCH])

    def run() -> None:
        for start in range(0, len(crops), BATCH):
            models.points(crops[start : start + BATCH])

    words = f"landmark network in {models.runtime}, batches of {BATCH}"
    return Speed(words, device_name(device), len(crops), timed(run))


@dataclass(frozen=True, slots=True)
class ForwardSpeed:
    """Windows a second that a network embeds, without gradients.

    Attributes:
        network: Of the recognizer's network.
        transformer: Of `torch.nn.TransformerEncoder` of the same width, depth and heads on the
            same subsampled steps.
        full_rate: Of the same encoder on all frames.
        n_windows: Windows embedded at a time.
        n_frames: Frames of a window.
        device: Where.
        n_threads: Threads of the CPU.
    """

    network: float
    transformer: float
    full_rate: float
    n_windows: int
    n_frames: int
    device: str
    n_threads: int


def measure_forward(
    settings: NetworkSettings,
    *,
    n_windows: int = 256,
    n_frames: int = 300,
    device: str = "cpu",
    n_repeats: int = 3,
    on_progress: OnProgress = ignore,
) -> ForwardSpeed:
    """Time the forward pass, the best of some repeats.

    Args:
        settings: Sizes of the network.
        n_windows: Windows at a time.
        n_frames: Frames of a window.
        device: A torch device.
        n_repeats: Repeats of each.
        on_progress: Told of every pass; may raise `Cancelled`.
    """
    windows = torch.randn(n_windows, n_frames, N_FEATURES, device=device)
    network = MotionNetwork(N_FEATURES, settings).to(device).eval()
    plain = {quarter: _Plain(settings, quarter).to(device).eval() for quarter in (True, False)}
    modules: list[nn.Module] = [network, plain[True], plain[False]]
    rates = []
    for k, module in enumerate(modules):
        seconds = []
        for n in range(n_repeats):
            on_progress(Progress("timing the network", k * n_repeats + n, len(modules) * n_repeats))
            with torch.inference_mode():
                seconds.append(timed(partial(module, windows), device))
        rates.append(n_windows / min(seconds))
    return ForwardSpeed(
        network=rates[0],
        transformer=rates[1],
        full_rate=rates[2],
        n_windows=n_windows,
        n_frames=n_frames,
        device=device,
        n_threads=torch.get_num_threads(),
    )


class _Plain(nn.Module):
    """torch's transformer encoder with a mean over time, on every fourth frame or on all."""

    def __init__(self, settings: NetworkSettings, quarter: bool) -> None:
        super().__init__()
        self.step = 4 if quarter else 1
        self.narrow = nn.Linear(N_FEATURES, settings.width)
        layer = nn.TransformerEncoderLayer(
            settings.width,
            settings.n_heads,
            4 * settings.width,
            settings.dropout,
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, settings.n_blocks)
        self.embedding = nn.Linear(settings.width, settings.embedding)

    def forward(self, windows: Tensor) -> Tensor:
        """(B, T, F) to (B, D)."""
        steps = self.encoder(self.narrow(windows[:, :: self.step]))
        y: Tensor = self.embedding(steps.mean(dim=1))
        return y
