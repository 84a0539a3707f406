"""Speed of following a face with each engine, beside MediaPipe by itself and decoding alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from facedyn_app.bench.cases import Case
from facedyn_app.bench.rendered_truth import make_truth, truth_video
from facedyn_app.bench.speed import Speed, device_name, devices, timed
from facedyn_app.bench.takes import Take
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import track_faces
from facedyn_app.landmarks.mediapipe_tracking import open_graph
from facedyn_app.landmarks.models import FaceModels
from facedyn_app.landmarks.runners import known_notices_removed
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import ByteArray
from facedyn_app.settings import BUNDLE, MEDIAPIPE, LandmarkSettings
from facedyn_app.video import probe_video, read_frames

FILM = Case(Take.ACTIONS)
QUICK_FILM = Case(Take.ACTIONS, seconds=3.0)
CROP_PX, BATCH = 256, 32


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
    info, settings = probe_video(video), LandmarkSettings(engine=engine)
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
