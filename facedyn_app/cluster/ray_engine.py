"""Engine of a Ray cluster: actors that follow faces and fit them, replaced when they are lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from facedyn_app.cluster.connection import connect
from facedyn_app.cluster.schedule import Schedule
from facedyn_app.errors import InputError
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.workflows.corpus_engine import WAIT_SECONDS, Outcomes
from facedyn_app.workflows.corpus_worker import CorpusJob

START_SECONDS: Final = 180.0
"""For so long it is waited for a worker where none is ready, s."""
GPU, CPU = "GPU", "CPU"


class RayEngine:
    """Works with the actors of a Ray cluster that runs already.

    Args:
        address: HOST:PORT, or "auto" for the cluster that this machine belongs to.
        n_workers: Actors on processors; 0 for one a core of the cluster.

    Attributes:
        words: What it is, for people.
    """

    def __init__(self, address: str, n_workers: int) -> None:
        self._address, self._n_workers = address, n_workers
        self._ray: Any = None
        self.words = f"ray at {address}"

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            InputError: No cluster answers there.
        """
        self._ray = connect(self._address)
        n = self._n_workers or int(self._resources(CPU)) or 1
        self.words = f"ray at {self._address}, workers: {n}"
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take leave of the cluster, which runs on."""
        self._ray.shutdown()

    def _resources(self, name: str) -> float:
        return float(self._ray.cluster_resources().get(name, 0.0))

    def device(self, wanted: str) -> str:
        """See `Engine`."""
        has_gpu = self._resources(GPU) >= 1
        if wanted == "cuda" and not has_gpu:
            raise InputError(
                f"The Ray cluster at '{self._address}' has no GPU.", "Use --device cpu or auto."
            )
        return "cuda" if has_gpu and wanted != "cpu" else "cpu"

    def run(self, items: Sequence[CorpusItem], job: CorpusJob) -> Outcomes:
        """See `Engine`."""
        n_gpus = int(self._resources(GPU)) if job.device == "cuda" else 0
        n_cpus = self._n_workers or max(1, int(self._resources(CPU)) - n_gpus)
        schedule = Schedule(self._ray, items, job, min(n_cpus, len(items)), n_gpus)
        seen = time.monotonic()
        try:
            while schedule.n_left:
                schedule.hand_out()
                outcomes = schedule.collect(WAIT_SECONDS)
                yield from outcomes or (None,)
                seen = time.monotonic() if schedule.has_workers else seen
                if time.monotonic() - seen > START_SECONDS:
                    raise InputError(
                        f"The Ray cluster at '{self._address}' has had no worker ready for "
                        f"{START_SECONDS:.0f} s.",
                        "Its cores may be taken by other work: 'ray status' tells.",
                    )
        finally:
            schedule.close()
