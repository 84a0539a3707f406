r"""Training of a recognizer on a library, which is split by sessions; then it is tested, studied.

library --split--> training sessions --train--> Recognizer
              \--> held-out speakers: choose the weights, calibrate
              \--> test sessions --assess--> headline, controls, baselines --study--> figures
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, Final

from facedyn_app.device import use_threads
from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.library.library import Library
from facedyn_app.library.locks import holding
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.sweep import TRAINING
from facedyn_app.library.training_store import TrainingStore, is_store
from facedyn_app.progress import OnProgress, Progress, StopEarly, ignore
from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.checkpoint import CheckpointDir
from facedyn_app.recognizer.evaluation import accuracy_of
from facedyn_app.recognizer.files import check_recognizer_folder, save_recognizer
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.split import TestSessions
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import Trials
from facedyn_app.records import LeftOut, Purpose
from facedyn_app.settings import Settings
from facedyn_app.workflows.library import existing_library
from facedyn_app.workflows.split import (
    Corpus,
    LibrarySessions,
    Split,
    consenting_sessions,
    session_token,
    split_entries,
    trainable,
    validation_trials,
)

FIRST_NAME: Final = "recognizer"
_NAME: Final = re.compile(r"[^\W.][^/\\:*?\"<>|\x00-\x1f]{0,99}")
_NOBODY: Final = LeftOut(Purpose.TRAINING)
UNFINISHED: Final = TRAINING
"""What the folder of an unfinished training is called after the recognizer's."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train on a library.

    Attributes:
        test_sessions: Which sessions are kept for testing.
        head_id: Of the sessions to take; None where there is only one.
        device: "auto", "cpu" or "cuda".
        resume: Whether to go on with an unfinished training.
        sessions: Numbers of the library's sessions to take; None for all.
    """

    test_sessions: TestSessions
    head_id: str | None = None
    device: str = "auto"
    resume: bool = False
    sessions: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a library has to train on.

    Attributes:
        folder: The library.
        sessions: Its sessions whose speaker has consented to training.
        taken: Names that its recognizers have.
        unfinished: Names of trainings that were stopped and can go on.
        left_out: How many speakers have not consented to training.
    """

    folder: Path
    sessions: tuple[SessionEntry, ...] = ()
    taken: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()
    left_out: LeftOut = _NOBODY

    def free_name(self) -> str:
        """A name for a new recognizer; that of an unfinished training where there is one."""
        if self.unfinished:
            return min(self.unfinished)
        n_most = len(self.taken) + 1
        names = [FIRST_NAME, *(f"{FIRST_NAME} {n}" for n in range(2, n_most + 2))]
        return next(name for name in names if name not in self.taken)

    def name_error(self, name: str) -> str:
        """What is wrong with a name for a new recognizer; empty where nothing is."""
        if not name:
            return "Give the recognizer a name."
        if not _NAME.fullmatch(name) or name.endswith((UNFINISHED, " ", ".")):
            return 'A name begins with a letter or a digit and has none of / \\ : * ? " < > |'
        if name in self.taken:
            return "There is a recognizer of this name already."
        return ""


def read_material(folder: Path, _on_progress: OnProgress = ignore) -> Material:
    """Read what a library has to train on; nothing where there is no library yet."""
    library = existing_library(folder)
    if library is None:
        return Material(folder)
    with library:
        place = library.recognizers_folder
        names = [path.name for path in place.iterdir() if not path.name.startswith(".")]
        unfinished = [
            name.removesuffix(UNFINISHED)
            for name in names
            if name.endswith(UNFINISHED) and CheckpointDir(place / name, "").begun
        ]
        sessions, left_out = trainable(library)
        return Material(
            folder,
            tuple(sessions),
            frozenset(name for name in names if not name.endswith(UNFINISHED)),
            frozenset(unfinished),
            left_out,
        )


def train_on_library(
    folder: Path, out: Path, settings: Settings, plan: TrainingPlan, on_progress: OnProgress
) -> Recognizer:
    """As `train_recognizer`, of a library or a training store; InputError where there is none."""
    if is_store(folder):
        return train_recognizer(TrainingStore(folder), out, settings, plan, on_progress)
    with Library.open(folder, create=False) as library:
        return train_recognizer(library, out, settings, plan, on_progress)


def train_by_name(
    name: str,
    folder: Path,
    settings: Settings,
    plan: TrainingPlan,
    enough: Event,
    on_progress: OnProgress,
) -> Recognizer:
    """As `train_on_library`, among the library's own recognizers.

    Args:
        name: The new recognizer's.
        folder: The library.
        settings: Features, network, training, threads.
        plan: Split, head, device.
        enough: Once it is set, the best so far becomes the result.
        on_progress: Called several times a second; may raise Cancelled.
    """

    def until_enough(progress: Progress) -> None:
        on_progress(progress)
        if enough.is_set() and isinstance(progress.partial, TrainingState):
            raise StopEarly

    use_threads(settings.machine.threads)
    with Library.open(folder, create=False) as library:
        out = library.recognizers_folder / name
        return train_recognizer(library, out, settings, plan, until_enough)


def train_recognizer(
    library: Corpus, out: Path, settings: Settings, plan: TrainingPlan, on_progress: OnProgress
) -> Recognizer:
    """Train a recognizer on a library and write it; what is unfinished is kept beside it.

    Args:
        library: The sessions, or a store of them.
        out: The recognizer's folder.
        settings: Features, network and training.
        plan: Split, head, device.
        on_progress: Told of every step; may raise `Cancelled`, and then `resume` goes on; or
            `StopEarly` at a step of training, and then the best so far is the result.

    Raises:
        ConsentError: Nobody has consented to training.
        TooLittleError: Too few speakers, sessions, or valid frames.
        MismatchError: Sessions of several heads; or the unfinished training is another one.
        InputError: An unfinished training is there and is not to be gone on with, or is damaged.
        OutputError: The recognizer cannot be written there.
    """
    split = plan_split(consenting_sessions(library), library.folder, plan, settings)
    check_recognizer_folder(out)
    place = out.with_name(out.name + UNFINISHED)
    work = CheckpointDir(place, _identity(split, settings), library.files.below(place))
    if work.begun and not plan.resume:
        raise InputError(
            f"An unfinished training lies in '{work.folder}'.",
            "Go on with it with '--resume', or delete that folder.",
        )
    recognizer = _train(library, split, settings, plan, work, on_progress)
    tested = _tested(recognizer, library, split, on_progress)
    if tested is not None:
        recognizer = replace(
            recognizer, metrics={**recognizer.metrics, "test_sessions": tested.as_json()}
        )
    if is_first_process():
        save_recognizer(recognizer, out, library.files)
        shutil.rmtree(work.folder, ignore_errors=True)
        n_speakers = recognizer.training["n_speakers"]
        if isinstance(library, Library):
            library.audit.record("train", f"recognizer '{out.name}' on {n_speakers} speakers")
    return recognizer


def _train(
    library: Corpus,
    split: Split,
    settings: Settings,
    plan: TrainingPlan,
    work: CheckpointDir,
    on_progress: OnProgress,
) -> Recognizer:
    """Train, alone with the folder of the unfinished work: whoever is in it cannot be forgotten."""
    taken = f"A training runs in '{work.folder}' already."
    with holding(work.folder, taken) if is_first_process() else nullcontext():
        return train(
            LibrarySessions(library, split.train),
            validation_trials(library, split.validation),
            settings,
            device=plan.device,
            about=_about(split, plan.test_sessions),
            from_simulation=split.simulated,
            checkpoint_dir=work,
            on_progress=on_progress,
        )


def is_first_process() -> bool:
    """Whether this process is the one that writes: of several under torchrun the first."""
    return os.environ.get("RANK", "0") == "0"


def plan_split(
    sessions: Sequence[SessionEntry], folder: Path, plan: TrainingPlan, settings: Settings
) -> Split:
    """How a plan divides a library's sessions; there is enough to train on.

    Args:
        sessions: All of the library's that may be trained on.
        folder: The library, for the words of an error.
        plan: Which of them to take, and how to divide them.
        settings: The share held out, and the seed.

    Raises:
        TooLittleError: Too few speakers or sessions.
        MismatchError: Sessions of several heads.
    """
    chosen = [entry for entry in sessions if plan.sessions is None or entry.id in plan.sessions]
    split = split_entries(chosen, folder, plan.test_sessions, plan.head_id, settings.train)
    _check_enough(split, folder, plan.test_sessions)
    return split


def _check_enough(split: Split, folder: Path, chosen: TestSessions) -> None:
    speakers = [entry.speaker for entry in split.enrolled]
    if len(set(speakers)) < 2:
        raise TooLittleError(
            f"There is only one speaker to train on in the library '{folder}', '{speakers[0]}'.",
            "Training needs two or more: import or enrol others.",
        )
    if len(set(speakers)) == len(speakers):
        tested = f" beside those for testing ('{chosen}')" if split.test else ""
        raise TooLittleError(
            f"No speaker in the library '{folder}' has two sessions to train on{tested}.",
            "Add recordings from other days, or test none with '--test-sessions none'.",
        )


def _tested(
    recognizer: Recognizer, library: Corpus, split: Split, on_progress: OnProgress
) -> Accuracy | None:
    if not split.test:
        return None
    trials = Trials(LibrarySessions(library, split.enrolled), LibrarySessions(library, split.test))
    return accuracy_of(recognizer, trials, 0, on_progress)


def _about(split: Split, chosen: TestSessions) -> dict[str, Any]:
    entries = split.enrolled
    return {
        "data": split.data,
        "test_sessions": str(chosen),
        "n_held_out_speakers": len({entry.speaker for entry in split.validation}),
        "sessions": [session_token(entry) for entry in entries],
    }


def _identity(split: Split, settings: Settings) -> str:
    plan = {k: v for k, v in asdict(settings.train).items() if k != "budget_minutes"}
    told = {
        "train": [entry.file_name for entry in split.train],
        "held_out": [entry.file_name for entry in split.validation],
        "settings": [asdict(settings.features), asdict(settings.network), plan],
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
