"""Latency of the live fit from a picture's due time to its mesh, on a video paced as a camera."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.rendered_truth import make_truth, truth_video
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks.engines import read_ahead
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FloatArray, Frame
from facedyn_app.settings import Settings
from facedyn_app.video import probe_video, read_frames
from facedyn_app.workflows.camera import LiveFace, LiveFrame

FILM = Case(Take.TALK)
FILM_RATE = 30.0
STAGES = ("following", "fitting", "posing")


@dataclass(frozen=True, slots=True, eq=False)
class LiveTiming:
    """How a paced video went.

    Attributes:
        video: File name.
        rate: Frames a second that came due.
        n_frames: Frames that came due.
        n_dropped: Those that were passed over because a newer one was due already.
        n_meshes: Those that became a mesh; the others were not valid.
        latency_ms: (n_frames - n_dropped,) from a frame's due time to its mesh, ms.
        stage_ms: Median time of each stage, ms.
    """

    video: str
    rate: float
    n_frames: int
    n_dropped: int
    n_meshes: int
    latency_ms: FloatArray
    stage_ms: dict[str, float]

    def latency(self, share: float) -> float:
        """The latency that a share of the frames stays within, ms."""
        return float(np.quantile(self.latency_ms, share))


def live_film(head: HeadModel, folder: Path, on_progress: OnProgress = ignore) -> Path:
    """A rendered film of a talking head, made where it is not there yet.

    Raises:
        OutputError: The folder cannot be written.
    """
    return truth_video(head, make_truth(head, FILM), folder, on_progress)


def measure_live(
    head: HeadModel,
    settings: Settings,
    video: Path,
    rate: float = 0.0,
    on_progress: OnProgress = ignore,
) -> LiveTiming:
    """Show a video to the live fit frame by frame, each when it is due.

    A frame is due when a camera would have delivered it; decoding is done by then. Whoever is late
    goes on with the newest frame that is due.

    Args:
        head: The head, its landmarks placed.
        settings: Of all stages.
        video: The video.
        rate: Frames a second to show it at; 0 takes its own times.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: The video cannot be read.
    """
    info = probe_video(video)
    tempo = rate / info.fps if rate else 1.0
    seen: list[LiveFrame] = []
    latencies: list[float] = []
    n_frames = 0
    with LiveFace(head, settings) as live, closing(read_ahead(read_frames(video))) as frames:
        for frame, due in paced(frames, tempo):
            seen.append(live.see(frame))
            latencies.append(time.perf_counter() - due)
            n_frames = frame.index + 1
            on_progress(Progress(f"live: {video.name}", n_frames, info.n_frames))
    stages = 1e3 * np.median([one.seconds_spent for one in seen], axis=0)
    return LiveTiming(
        video=video.name,
        rate=rate or info.fps,
        n_frames=n_frames,
        n_dropped=n_frames - len(seen),
        n_meshes=sum(one.vertices is not None for one in seen),
        latency_ms=1e3 * np.array(latencies),
        stage_ms=dict(zip(STAGES, stages.tolist(), strict=True)),
    )


def paced(frames: Iterable[Frame], tempo: float) -> Iterator[tuple[Frame, float]]:
    """Each frame when it is due, with that time; those that a newer one has overtaken are left out.

    The clock begins with the first frame.
    """
    began: float | None = None
    for frame, following in pairwise(chain(frames, [None])):
        began = time.perf_counter() if began is None else began
        if frame is None or (
            following and began + following.seconds / tempo <= time.perf_counter()
        ):
            continue
        due = began + frame.seconds / tempo
        time.sleep(max(0.0, due - time.perf_counter()))
        yield frame, due
