"""Work on one item of a corpus, the same in every process and on every machine that does it."""

from __future__ import annotations

import io
import logging
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import ai_edge_litert
import av
import cv2
import numpy
import scipy
import torch

from facedyn_app import __version__
from facedyn_app.device import use_threads
from facedyn_app.errors import FacedynError, MismatchError, OutputError
from facedyn_app.files import sha256_of
from facedyn_app.fitting.landmark_errors import measured_file
from facedyn_app.headmodel.files.io import list_heads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.corpus_items import CorpusItem
from facedyn_app.library.session_file import write_session
from facedyn_app.path_checks import naming
from facedyn_app.progress import OnProgress
from facedyn_app.video import ProbedVideo
from facedyn_app.workflows.analyse import fit_face, follow_video
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.records import FollowedVideo

FOLLOWED_ON: Final = "cpu"
"""Faces are followed on processors always, so that no engine's landmarks differ from another's."""
Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class CorpusJob:
    """What every worker is given, once.

    Attributes:
        head: The head, its landmarks placed.
        head_errors: See `errors_digest`.
        program: See `program_versions`.
        options: How videos are read and fitted; the face is each item's.
        device: Where the fit is computed, "cpu" or "cuda".
    """

    head: HeadModel
    head_errors: str
    program: Mapping[str, str]
    options: FitOptions
    device: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item could not be done.

    Attributes:
        reason: A sentence.
        of_place: Whether the fault is the machine's, and another one may succeed.
    """

    reason: str
    of_place: bool = False


def program_versions() -> dict[str, str]:
    """Versions of the program and of the libraries that decide a session's numbers, by name."""
    libraries = {"av": av, "litert": ai_edge_litert, "numpy": numpy, "opencv": cv2, "scipy": scipy}
    versions = {name: str(library.__version__) for name, library in libraries.items()}
    torch_version = str(torch.__version__).partition("+")[0]  # the build for a GPU has another end
    return {"facedyn": __version__, "torch": torch_version, **versions}


def errors_digest(head: HeadModel) -> str:
    """The sha256 of what was measured of the landmarker's errors on a head of the user's."""
    if head.sha256 is None or head.head_id in list_heads():
        return ""
    path = measured_file(head.sha256)
    return sha256_of(path) if path.exists() else ""


class CorpusWorker:
    """Follows and fits items of a corpus, with one thread, so that no digit depends on the machine.

    Args:
        job: What all items have in common.

    Raises:
        MismatchError: The program here is another than where the work was begun.
    """

    def __init__(self, job: CorpusJob) -> None:
        use_threads(1)
        self._job, self._settings = job, job.options.settings()
        check_program(job)

    def follow(self, item: CorpusItem, on_progress: OnProgress) -> FollowedVideo | Failure:
        """Follow the faces of an item's recording."""

        def act() -> FollowedVideo:
            probed = ProbedVideo.of(item.path, self._settings.video)
            return follow_video(
                item.path,
                self._job.head,
                self._settings,
                device=FOLLOWED_ON,
                face=item.face,
                probed=probed,
                on_progress=on_progress,
            )

        return _attempt(item, act)

    def fit(
        self, item: CorpusItem, followed: FollowedVideo, on_progress: OnProgress
    ) -> bytes | Failure:
        """Fit an item's face; the bytes of its session file."""

        def act() -> bytes:
            job = self._job
            session = fit_face(
                followed,
                job.head,
                self._settings,
                device=job.device,
                face=item.face,
                on_progress=on_progress,
            ).session
            file = io.BytesIO()
            write_session(session, file)
            return file.getvalue()

        return _attempt(item, act)


def check_program(job: CorpusJob) -> None:
    """Make sure that this machine would give the numbers of the one where the work was begun.

    Raises:
        MismatchError: A version is another, or what was measured of the head.
    """
    here, place = program_versions(), platform.node()
    for name in sorted({*here, *job.program}):
        mine, wanted = here.get(name, "none"), job.program.get(name, "none")
        if mine != wanted:
            raise MismatchError(
                f"The worker on '{place}' has {name} {mine}, and the work was begun with {wanted}.",
                "Install the same versions on all machines.",
            )
    if errors_digest(job.head) != job.head_errors:
        raise MismatchError(
            f"The worker on '{place}' has other measured errors of the head '{job.head.head_id}'.",
            "Copy the folder 'heads' of the cache to all machines after 'facedyn heads measure'.",
        )


def _attempt(item: CorpusItem, act: Callable[[], Result]) -> Result | Failure:
    try:
        with naming(item.path):
            return act()
    except OutputError as error:
        where = f"{error.sentence.rstrip('.')}, on '{platform.node()}'."
        return Failure(f"{where} {error.hint}".strip(), of_place=True)
    except FacedynError as error:
        return Failure(error.sentence)
    except MemoryError:
        return Failure(f"'{item.path}': there is no memory left on '{platform.node()}'.", True)
    except Exception as error:
        # at the top of a worker's own process: one recording's fault must not end all others
        log.exception("an item of a corpus has failed")
        return Failure(f"'{item.path}': a fault of the program: {type(error).__name__}: {error}")
