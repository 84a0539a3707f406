"""Made faces as the landmarker sees them, rendered by several processes at once."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import get_context

import torch

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import Landmarker
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.settings import LandmarkSettings
from facedyn_app.simulate.seen_heads import SeenHeads, join_seen, see_heads

PART_FACES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some neighbouring faces of a made population.

    Attributes:
        head: The head.
        first: Number of the first face.
        n_faces: Faces.
        n_looks: Pictures of each.
        seed: Which made population.
    """

    head: HeadModel
    first: int
    n_faces: int
    n_looks: int
    seed: int


def see_population(
    head: HeadModel,
    *,
    n_faces: int,
    n_looks: int,
    seed: int,
    jobs: int = 1,
    on_progress: OnProgress = ignore,
) -> SeenHeads:
    """Render made faces and see what the landmarker makes of them.

    The pictures and their order do not depend on the number of processes.

    Args:
        head: The head, its landmarks placed.
        n_faces: Made faces, each with a shape and skin of its own.
        n_looks: Pictures of each.
        seed: Which made population.
        jobs: Processes that share the work; 1 does it in this one.
        on_progress: Told of every face, or of every few where others do the work; may raise
            Cancelled.

    Raises:
        InputError: The landmarker's model is damaged.
    """
    if jobs == 1:
        return see_part(Part(head, 0, n_faces, n_looks, seed), on_progress)
    size = min(PART_FACES, -(-n_faces // jobs))
    starts = range(0, n_faces, size)
    parts = [Part(head, k, min(size, n_faces - k), n_looks, seed) for k in starts]
    seen: list[SeenHeads] = []
    # Spawned, not forked: graphics and inference threads do not survive a fork.
    with get_context("spawn").Pool(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for part in pool.imap(see_part, parts):
            seen.append(part)
            done = min(len(seen) * size, n_faces)
            on_progress(Progress("rendering made faces", done, n_faces))
    return join_seen(seen)


def see_part(part: Part, on_progress: OnProgress = ignore) -> SeenHeads:
    """Render and look at the faces of a part, in this process."""
    with Landmarker(LandmarkSettings(max_faces=1)) as landmarker:
        return see_heads(
            part.head,
            landmarker.detect_face,
            n_faces=part.n_faces,
            n_looks=part.n_looks,
            seed=part.seed,
            first=part.first,
            on_progress=on_progress,
        )
