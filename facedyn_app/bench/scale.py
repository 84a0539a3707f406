"""Scaling of the program: workers, length, landmarks, coefficients, gallery, library."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.fit_speed import wide_head
from facedyn_app.bench.growth import Growth, measured_growth
from facedyn_app.bench.large_library import fill_rows
from facedyn_app.bench.memory import measure_memory
from facedyn_app.bench.rendered_truth import simulated_landmarks
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.folders import temporary_folder
from facedyn_app.headmodel.landmark_positions import placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.record_file import RecordFile
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.ranking import rank
from facedyn_app.recognizer.scoring import Gallery, plain_space, uncalibrated
from facedyn_app.records import Embedding
from facedyn_app.topology import MIRRORED_POINTS
from facedyn_app.workflows.heads import ready_head
from facedyn_app.workflows.library import list_library

WIDTH = 1152
"""Numbers of a direction, as many as of the recognizer that comes along."""
SEED = 20262


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the tasks are, and how often each is measured.

    Attributes:
        workers: Processes that fit at once.
        minutes: Lengths of recordings whose memory is measured.
        landmarks: Landmarks of a fit, of as many as the last one says.
        coefficients: Expressions of a fit.
        gallery: Enrolled speakers.
        sessions: Sessions of a library, a fifth as many speakers.
        film_seconds: Length of the film that is fitted, s.
        n_repeats: Repeats of each.
    """

    workers: tuple[float, ...] = (1, 2)
    minutes: tuple[float, ...] = (1 / 6, 1, 10, 60)
    landmarks: tuple[float, ...] = (60, 120, 240, 468)
    coefficients: tuple[float, ...] = (20, 40, 80, 160)
    gallery: tuple[float, ...] = (10, 100, 1_000, 10_000, 100_000)
    sessions: tuple[float, ...] = (10, 100, 1_000, 10_000)
    film_seconds: float = 12.0
    n_repeats: int = 5


QUICK = Sizes(
    minutes=(1 / 6, 1),
    landmarks=(60, 240),
    coefficients=(20, 80),
    gallery=(10, 1_000, 10_000),
    sessions=(10, 100, 1_000),
    film_seconds=2.0,
    n_repeats=1,
)


def measure_scale(
    sizes: Sizes, tasks: Collection[str], on_progress: OnProgress = ignore
) -> Iterator[Growth]:
    """Measure how the program's costs grow, one after the other.

    Args:
        sizes: How large.
        tasks: Some of `TASKS`.
        on_progress: Told of each; may raise Cancelled.

    Raises:
        InputError: This system does not tell how much memory is taken.
        OutputError: There is no room for temporary files.
    """
    chosen = [name for name in TASKS if name in tasks]
    for number, name in enumerate(chosen):
        on_progress(Progress(f"scaling, {name}", number, len(chosen)))
        yield TASKS[name](sizes)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of a call in this process, s: other programs beside it do not change it much."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _workers(sizes: Sizes) -> Growth:
    """Frames a second of the fit against processes, each with one thread."""
    n_frames = round(sizes.film_seconds * 30)

    def rate(n_workers: float) -> float:
        n = int(n_workers)
        with ProcessPoolExecutor(n, get_context("spawn")) as pool:
            work = partial(_fit_film, sizes.film_seconds)
            list(pool.map(work, [True] * n))  # each imports what it needs
            began = time.perf_counter()
            done = sum(pool.map(work, [False] * 4 * n))
            return done * n_frames / (time.perf_counter() - began)

    names = ("fit", "workers", "frames/s")
    return measured_growth(names, sizes.workers, rate, sizes.n_repeats, more_is_better=True)


def _fit_film(seconds: float, warm_up: bool) -> int:
    """Fit a film of simulated landmarks in a process of its own; 1 where it was for the clock."""
    torch.set_num_threads(1)
    _fit(ready_head(DEFAULT_HEAD), 1.0 if warm_up else seconds)
    return int(not warm_up)


def _fit(head: HeadModel, seconds: float) -> float:
    head = replace(head, sha256=None)
    film = simulated_landmarks(head, Case(Take.TALK, seconds=seconds))
    return cpu_seconds(lambda: fit_session(head, film, FitSettings()))


def _memory(sizes: Sizes) -> Growth:
    """Peak of memory against the length of a recording; each length in a process of its own."""

    def peak(minutes: float) -> float:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(_peak, minutes).result()

    names = ("recording gathered and fitted", "minutes", "memory above the start/MiB")
    return measured_growth(names, sizes.minutes, peak, 1)


def _peak(minutes: float) -> float:
    torch.set_num_threads(1)
    before, (found,) = measure_memory(ready_head(DEFAULT_HEAD), FitSettings(), [minutes])
    return max(found.fitted_mib - before, 1.0)


def _landmarks(sizes: Sizes) -> Growth:
    """Time of a fit against the number of landmarks."""
    head = ready_head(DEFAULT_HEAD)
    heads = [_with_landmarks(head, share / sizes.landmarks[-1]) for share in sizes.landmarks]
    fewer = {float(len(placed_landmarks(one).index)): one for one in heads}
    names = ("fit", "landmarks", f"CPU s for {sizes.film_seconds:g} s of film")
    _fit(heads[0], sizes.film_seconds)

    def cost(n: float) -> float:
        return _fit(fewer[n], sizes.film_seconds)

    return measured_growth(names, tuple(fewer), cost, sizes.n_repeats)


def _with_landmarks(head: HeadModel, share: float) -> HeadModel:
    """The head with a share of its landmarks, each with its mirror image, evenly taken."""
    table = placed_landmarks(head)
    pairs = np.minimum(table.index, MIRRORED_POINTS[table.index])
    there = np.unique(pairs)
    places = np.linspace(0, len(there) - 1, round(share * len(there)))
    kept = np.isin(pairs, there[places.round().astype(np.int64)])
    parts = (table.index[kept], table.face[kept], table.bary[kept], table.weight[kept])
    return replace(head, landmarks=type(table)(*parts))


def _coefficients(sizes: Sizes) -> Growth:
    """Time of a fit against the number of expressions."""
    head = ready_head(DEFAULT_HEAD)
    names = ("fit", "expressions", f"CPU s for {sizes.film_seconds:g} s of film")

    def cost(n: float) -> float:
        return _fit(wide_head(head, head.n_shape, int(n)), sizes.film_seconds)

    cost(sizes.coefficients[0])
    return measured_growth(names, sizes.coefficients, cost, sizes.n_repeats)


def _gallery(sizes: Sizes) -> Growth:
    """Time to rank simulated speakers whose directions are mapped from disk, once loaded."""
    rng = np.random.default_rng(SEED)
    n_most = int(sizes.gallery[-1])
    with temporary_folder("gallery") as folder:
        kept = RecordFile(folder / "directions", LibraryFiles(folder, None), 4 * WIDTH)
        for first in range(0, n_most, 10_000):
            rows = rng.standard_normal((min(10_000, n_most - first), WIDTH), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            kept.append({f"{first + k}": row.tobytes() for k, row in enumerate(rows)})

        def cost(n: float) -> float:
            names = tuple(map(str, range(int(n))))
            found = kept.matrix(names, WIDTH)
            if found is None:
                raise ValueError("the directions are not as they were written")
            gallery = Gallery(names, found[0], plain_space(WIDTH))
            noise = rng.standard_normal((4, WIDTH), dtype=np.float32) / WIDTH**0.5
            probe = Embedding(found[0][n_most // 2 % int(n)] + noise, np.zeros((4, 2)))
            rank(probe, gallery, uncalibrated())  # what is mapped is read once
            return 1000.0 * cpu_seconds(lambda: rank(probe, gallery, uncalibrated())[:5])

        names = ("ranking of a gallery", "speakers", "CPU ms")
        return measured_growth(names, sizes.gallery, cost, sizes.n_repeats)


def _sessions(sizes: Sizes) -> Growth:
    """Time to open and list a library of simulated rows."""

    def cost(n: float) -> float:
        folder = place / str(int(n))
        if not folder.exists():
            with Library.open(folder) as library:
                fill_rows(library, max(1, int(n) // 5), int(n))
        return cpu_seconds(lambda: list_library(folder))

    with temporary_folder("libraries") as place:
        list_library(_made(place, 10))
        return measured_growth(
            ("opening of a library", "sessions", "CPU s"), sizes.sessions, cost, sizes.n_repeats
        )


def _made(place: Path, n_sessions: int) -> Path:
    folder = place / "first"
    with Library.open(folder) as library:
        fill_rows(library, n_sessions, n_sessions)
    return folder


TASKS: Mapping[str, Callable[[Sizes], Growth]] = {
    "workers": _workers,
    "memory": _memory,
    "landmarks": _landmarks,
    "coefficients": _coefficients,
    "gallery": _gallery,
    "sessions": _sessions,
}
"""What can be measured, by name."""
