"""Live camera: read, fitted frame by frame to the expression-only mesh, recorded."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from facedyn_app.device import choose_device, use_one_thread
from facedyn_app.fitting.live import LiveFit
from facedyn_app.headmodel.model import HeadModel, truncate
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.landmarks import Face, open_tracker
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, FloatArray, Frame, Landmarks, PartialFit
from facedyn_app.settings import Settings
from facedyn_app.video import ListSources, RecordedVideo, VideoRecorder
from facedyn_app.video.camera import choose_source
from facedyn_app.workflows.camera_feed import CameraFeed
from facedyn_app.workflows.heads import ready_head

PATIENCE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """What is known of one frame.

    Attributes:
        fit: Its motion.
        vertices: (V, 3) float32 the expression-only mesh in the head frame, m; None where the
            frame is not valid.
        seconds_spent: In following, fitting and posing, s.
    """

    fit: PartialFit
    vertices: FloatArray | None
    seconds_spent: tuple[float, float, float]


class LiveFace:
    """Follows and fits the largest face of single frames; a context manager that ends its threads.

    A frame is little work: one thread does it quicker than several that wait for each other. The
    face's shape is estimated beside it, on another.

    Args:
        head: The head, its landmarks placed.
        settings: Of all stages; the mean with the mirrored picture is left out, which takes longer.
        device: "auto", "cpu" or "cuda".

    Attributes:
        expression_names: Names of the coefficients of what is seen.

    Raises:
        InputError: The landmarker's model is damaged, or the device is not there.
        MismatchError: The settings ask for more directions than the head has.
    """

    def __init__(self, head: HeadModel, settings: Settings, device: str = "auto") -> None:
        head = truncate(head, settings.fit.n_shape, settings.fit.n_expression)
        one = replace(settings.landmarks, max_faces=1, mirrored_mean=False, optical_flow=False)
        self.expression_names = head.expression_names
        self._learner = ThreadPoolExecutor(1, "live-shape", use_one_thread)
        self._worker = ThreadPoolExecutor(1, "live", use_one_thread)
        self._fit = LiveFit(head, settings.fit, device, self._learner)
        self._mesh = ExpressionMesh(head)
        self._tracker = open_tracker(one, choose_device(device))

    def __enter__(self) -> LiveFace:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads."""
        self._worker.shutdown()
        self._learner.shutdown(cancel_futures=True)
        self._tracker.close()

    def see(self, frame: Frame) -> LiveFrame:
        """What the next frame shows.

        Args:
            frame: The frame; frames come in order of time, some may be left out.
        """
        return self._worker.submit(self._see, frame).result()

    def _see(self, frame: Frame) -> LiveFrame:
        began = time.perf_counter()
        faces = self._tracker.track([frame])[0].faces
        followed = time.perf_counter()
        fit = self._fit.fit(_landmarks(frame, faces[0] if faces else None))
        fitted = time.perf_counter()
        vertices = (
            self._mesh.vertices(fit.motion.expression, fit.motion.jaw)[0]
            if fit.motion.valid[0]
            else None
        )
        posed = time.perf_counter()
        return LiveFrame(fit, vertices, (followed - began, fitted - followed, posed - fitted))


def _landmarks(frame: Frame, face: Face | None) -> Landmarks:
    """The landmarks of one frame, NaN where there is no face."""
    height, width = frame.image.shape[:2]
    unknown = np.full(1, np.nan, np.float32)
    if face is None:
        points = np.full((1, N_LANDMARKS, 2), np.nan, np.float32)
        scores = np.full((1, N_BLENDSHAPES), np.nan, np.float32)
        return Landmarks(np.array([frame.seconds]), points, scores, width, height, unknown, unknown)
    return Landmarks(
        seconds=np.array([frame.seconds]),
        points=face.points[None],
        scores=face.scores[None],
        width=width,
        height=height,
        certainty=np.array([face.certainty], np.float32),
        sharpness=np.array([face.sharpness], np.float32),
        turn=face.turn[None],
    )


def read_camera(
    feed: CameraFeed, list_sources: ListSources, number: int, on_progress: OnProgress
) -> None:
    """Read a camera until it is stopped, and let it go.

    Args:
        feed: Takes the pictures.
        list_sources: Lists the cameras.
        number: Which of them, from 1.
        on_progress: Called several times a second; may raise Cancelled.
    """
    try:
        on_progress(Progress("opening the camera", 0))
        feed.choices = list_sources()
        source = choose_source(feed.choices, number).open()
        with closing(source):
            feed.simulated = source.simulated
            while True:
                feed.put(source.read())
                on_progress(Progress("reading the camera", 1))
    finally:
        feed.end()


def fit_camera(
    feed: CameraFeed, head_name: str, settings: Settings, on_progress: OnProgress
) -> None:
    """Fit the newest frame of a camera until no more come.

    Args:
        feed: Has the frames, and takes what is found.
        head_name: Id of the head to fit.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.
    """
    head = ready_head(head_name, on_progress)
    with LiveFace(head, settings, settings.machine.device) as live:
        while not feed.over:
            frame = feed.newest(PATIENCE_SECONDS)
            if frame is not None:
                feed.tell(frame, live.see(frame).fit, live.expression_names)
            on_progress(Progress("fitting", 1))


def write_recording(recorder: VideoRecorder, _on_progress: OnProgress) -> RecordedVideo:
    """Write a recording until it is ended; it cannot be cancelled, only ended."""
    return recorder.write()
