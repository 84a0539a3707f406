"""Memory that long recordings take: simulated landmarks, gathered and fitted as a video's."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.rendered_truth import simulated_landmarks
from facedyn_app.errors import InputError
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import Face, FrameFaces, TrackCollector
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import Frame, Landmarks, VideoInfo

FPS = 30.0
TAKE_SECONDS = 8.0
REPORT_FRAMES = 300


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What this process has taken at most, once a recording has been worked on.

    Attributes:
        minutes: Length of the recording.
        n_frames: Its frames.
        collected_mib: Peak of resident memory when its landmarks are gathered, MiB.
        fitted_mib: The same when it is fitted.
    """

    minutes: float
    n_frames: int
    collected_mib: float
    fitted_mib: float


def measure_memory(
    head: HeadModel,
    settings: FitSettings,
    minutes: Sequence[float],
    on_progress: OnProgress = ignore,
) -> tuple[float, tuple[MemoryUse, ...]]:
    """Gather and fit simulated recordings, the shortest first: a peak never falls.

    Args:
        head: The head, its landmarks placed.
        settings: Of the fit.
        minutes: Lengths.
        on_progress: Told of the progress; may raise Cancelled.

    Returns:
        The peak before the first of them, MiB, and what each came to.

    Raises:
        InputError: This system does not tell the peak.
        OutputError: There is no room for temporary files.
    """
    # simulated landmarks come without readings: the head is fitted as one that was never measured
    head = replace(head, sha256=None)
    take = simulated_landmarks(head, Case(Take.TALK, seconds=TAKE_SECONDS))
    before = peak_mib()
    return before, tuple(_measure(head, settings, take, m, on_progress) for m in sorted(minutes))


def peak_mib() -> float:
    """Most resident memory that this process has had, MiB.

    Raises:
        InputError: This system does not tell.
    """
    if sys.platform == "win32":
        raise InputError("Windows does not tell this program how much memory it took at most.")
    with suppress(OSError, ValueError, IndexError):
        # what getrusage tells begins with what the starting process has had
        told = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(told.split("VmHWM:")[1].split()[0]) / 2**10
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _measure(
    head: HeadModel, settings: FitSettings, take: Landmarks, minutes: float, on_progress: OnProgress
) -> MemoryUse:
    n_frames = round(60 * minutes * FPS)
    info = VideoInfo(Path("simulated"), take.width, take.height, FPS, n_frames, 60 * minutes)
    collector = TrackCollector(info)
    for found in _repeated_faces(take, n_frames):
        collector.add(found)
        if collector.n_frames % REPORT_FRAMES == 0:
            on_progress(Progress(f"gathering {minutes:g} min", collector.n_frames, n_frames))
    track = collector.track()
    collected = peak_mib()
    fit_session(head, track, settings, on_progress=on_progress)
    return MemoryUse(minutes, n_frames, collected, peak_mib())


def _repeated_faces(take: Landmarks, n_frames: int) -> Iterator[FrameFaces]:
    """A take over and over, forwards and backwards, so that the face never jumps."""
    picture = np.zeros((take.height, take.width, 3), dtype=np.uint8)
    n = len(take.seconds)
    there = np.concatenate([np.arange(n), np.arange(n - 2, 0, -1)])
    seen = take.points[0, :, 0] != 0  # landmarks that the head lacks lie in the corner
    for index in range(n_frames):
        row = there[index % len(there)]
        points = take.points[row].copy()
        points[~seen] = points[seen].mean(axis=0)
        face = Face(1, points, take.scores[row], sharpness=1.0)
        yield FrameFaces(Frame(index, index / FPS, picture), (face,))
