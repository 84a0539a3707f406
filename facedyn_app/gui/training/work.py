"""Training as the window starts it: what there is to train on, what is ordered, the work. No Qt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from facedyn_app.gui.library_work import existing_library
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import RecognizerEntry, list_recognizers
from facedyn_app.progress import Enough, OnProgress, Progress
from facedyn_app.recognizer.checkpoint import Work
from facedyn_app.recognizer.course import TrainingState
from facedyn_app.recognizer.hardware import use_threads
from facedyn_app.settings import Settings
from facedyn_app.workflows.train import UNFINISHED, TrainingPlan, train_recognizer

_NAME: Final = re.compile(r"[^\W.][^/\\:*?\"<>|\x00-\x1f]{0,99}")
FIRST_NAME: Final = "recognizer"


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a library has to train on.

    Attributes:
        folder: The library.
        sessions: Its sessions that have a speaker.
        taken: Names that its recognizers have.
        unfinished: Names of trainings that were stopped and can go on.
    """

    folder: Path
    sessions: tuple[SessionEntry, ...] = ()
    taken: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()

    def free_name(self) -> str:
        """A name for a new recognizer; that of an unfinished training where there is one."""
        if self.unfinished:
            return min(self.unfinished)
        n_most = len(self.taken) + 1
        names = [FIRST_NAME, *(f"{FIRST_NAME} {n}" for n in range(2, n_most + 2))]
        return next(name for name in names if name not in self.taken)

    def name_fault(self, name: str) -> str:
        """What is wrong with a name for a new recognizer; empty where nothing is."""
        if not name:
            return "Give the recognizer a name."
        if not _NAME.fullmatch(name) or name.endswith((UNFINISHED, " ", ".")):
            return 'A name begins with a letter or a digit and has none of / \\ : * ? " < > |'
        if name in self.taken:
            return "There is a recognizer of this name already."
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingOrder:
    """A training as it is to be done.

    Attributes:
        name: Name of the new recognizer.
        folder: The library.
        plan: Which sessions, how they are divided, and where it is computed.
        settings: Features, network, training, threads.
    """

    name: str
    folder: Path
    plan: TrainingPlan
    settings: Settings


def read_material(folder: Path) -> Callable[[OnProgress], Material]:
    """Work that reads what a library has to train on; nothing where there is no library yet."""

    def work(_report: OnProgress) -> Material:
        library = existing_library(folder)
        if library is None:
            return Material(folder)
        with library:
            place = library.recognizers_folder
            names = [path.name for path in place.iterdir() if not path.name.startswith(".")]
            unfinished = [
                name.removesuffix(UNFINISHED)
                for name in names
                if name.endswith(UNFINISHED) and Work(place / name, "").begun
            ]
            return Material(
                folder,
                tuple(entry for entry in library.sessions() if entry.speaker is not None),
                frozenset(name for name in names if not name.endswith(UNFINISHED)),
                frozenset(unfinished),
            )

    return work


def train_ordered(
    order: TrainingOrder, enough: Event
) -> Callable[[OnProgress], tuple[RecognizerEntry, ...]]:
    """Work that trains a recognizer into its library; gives the library's recognizers.

    Args:
        order: What is to be done.
        enough: Once it is set, the best so far becomes the result.
    """

    def work(on_progress: OnProgress) -> tuple[RecognizerEntry, ...]:
        def told(progress: Progress) -> None:
            on_progress(progress)
            if enough.is_set() and isinstance(progress.partial, TrainingState):
                raise Enough

        use_threads(order.settings.machine.threads)
        with Library.open(order.folder, create=False) as library:
            out = library.recognizers_folder / order.name
            train_recognizer(library, out, order.settings, order.plan, told)
            return list_recognizers(library)

    return work
