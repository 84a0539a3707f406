"""Cost of a library's protection: sessions written and read, protected and not, in one run.

Blocks of sessions go into both libraries in turn, the order changing from block to block, so that
what else the machine does falls on both alike; they are read back in the same way, in another
order. The ratio of the times that the blocks take together is what protection costs; that of each
pair of blocks shows how far it can be trusted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library
from facedyn_app.library.protection.held import lock_library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import FloatArray, Session
from facedyn_app.simulate.corpus import simulate_sessions

PASSPHRASE = "a benchmark's library"
CONSENT = "simulated speakers need none"
BLOCK = 50
"""Sessions that are written or read before it is the other library's turn."""
N_LISTED = 10
"""How often each library is opened and listed; a protected one is unlocked already."""


@dataclass(frozen=True, slots=True, eq=False)
class ProtectionCost:
    """What protection costs at one kind of work.

    Attributes:
        what: "writing", "reading", "opening and listing".
        plain_s: How long the sessions took without protection, s.
        protected_s: With it, s.
        ratio: With over without, 1 for no cost.
        low: The 5 % quantile of the ratios of a bootstrap over pairs of blocks.
        high: The 95 % quantile.
    """

    what: str
    plain_s: float
    protected_s: float
    ratio: float
    low: float
    high: float


def measure_protection(
    folder: Path, n_sessions: int, seconds: float, database: str | None, on_progress: OnProgress
) -> list[ProtectionCost]:
    """Write and read sessions of simulated speakers in two libraries, one of them protected.

    Args:
        folder: An empty folder for both.
        n_sessions: How many sessions each gets.
        seconds: How long a session is, s.
        database: How the protected one's database is kept; None for the usual way.
        on_progress: Told of every block; may raise Cancelled.
    """
    made = list(simulate_sessions(0, 4, seconds))
    with Library.open(folder / "plain"), Library.open(folder / "protected"):
        pass
    protect_library(folder / "protected", PASSPHRASE, database=database)
    try:
        with (
            Library.open(folder / "plain") as plain,
            Library.open(folder / "protected") as protected,
        ):
            return _measured((plain, protected), made, n_sessions, on_progress)
    finally:
        lock_library(folder / "protected")


def _measured(
    libraries: tuple[Library, Library],
    made: Sequence[Session],
    n_sessions: int,
    on_progress: OnProgress,
) -> list[ProtectionCost]:
    firsts = range(0, n_sessions, BLOCK)
    written, read = np.zeros((len(firsts), 2)), np.zeros((len(firsts), 2))
    for k, first in enumerate(firsts):
        on_progress(Progress("writing sessions", first, n_sessions))
        block = [_numbered(made, n) for n in range(first, min(first + BLOCK, n_sessions))]
        for which in _turns(k):
            written[k, which] = _timed(partial(libraries[which].enrol_new, block, CONSENT))
    order = np.random.default_rng(0).permutation(n_sessions)
    entries = [library.sessions() for library in libraries]
    for k, first in enumerate(firsts):
        on_progress(Progress("reading sessions", first, n_sessions))
        chosen = order[first : first + BLOCK]
        for which in _turns(k):
            own = [entries[which][n] for n in chosen]
            read[k, which] = _timed(partial(_load, libraries[which], own))
    listed = np.zeros((N_LISTED, 2))
    for k in range(N_LISTED):
        on_progress(Progress("listing sessions", k, N_LISTED))
        for which in _turns(k):
            listed[k, which] = _timed(partial(_list, libraries[which].folder))
    named = {"writing": written, "reading": read, "opening and listing": listed}
    return [_cost(what, times) for what, times in named.items()]


def _numbered(made: Sequence[Session], number: int) -> NewSession:
    """A session as of a recording of its own, one of four of a speaker."""
    session = made[number % len(made)]
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    source = replace(session.info.source, sha256=sha256) if session.info.source else None
    info = replace(session.info, source=source)
    speaker, name = f"simulated {number // 4:05d}", f"session {number}"
    return NewSession(speaker, replace(session, info=info), name)


def _turns(block: int) -> tuple[int, int]:
    return (0, 1) if block % 2 == 0 else (1, 0)


def _list(folder: Path) -> None:
    with Library.open(folder, create=False) as library:
        library.sessions()


def _load(library: Library, entries: Sequence[SessionEntry]) -> None:
    for entry in entries:
        library.load(entry)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _cost(what: str, times: FloatArray) -> ProtectionCost:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(times), size=(1000, len(times)))
    ratios = times[drawn, 1].sum(axis=1) / times[drawn, 0].sum(axis=1)
    plain, protected = (float(total) for total in times.sum(axis=0))
    low, high = (float(q) for q in np.quantile(ratios, (0.05, 0.95)))
    return ProtectionCost(what, plain, protected, protected / plain, low, high)
