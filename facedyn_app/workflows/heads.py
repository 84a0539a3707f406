"""Head models: read, made ready for fitting, remembered."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import FacedynError, InputError, MismatchError
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.channel_sets import as_drawn, drawing_head_of
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.files.known_heads import KnownHead, user_heads
from facedyn_app.headmodel.landmark_embedding.prepare import has_table, prepare_head
from facedyn_app.headmodel.model import HeadModel, check_head_of
from facedyn_app.npz import npz_names
from facedyn_app.path_checks import check_input_file
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import ByteArray, FloatArray, Session
from facedyn_app.settings import ONE_PICTURE
from facedyn_app.tracks.flame import FlameFile

if TYPE_CHECKING:
    from facedyn_app.landmarks import Landmarker

READING = "reading the head"
LANDMARKS = "landmark_index"
"""The array that only a head file with landmarks has."""
_OTHER_ACTIONS = (
    "Comes with facedyn: actions of the mouth as one artist sculpted them, for sessions made with "
    "it. To recognise people by it, train a recognizer on it."
)

log = logging.getLogger(__name__)


def read_head(path_or_id: str, _on_progress: OnProgress = ignore) -> HeadModel:
    """A built-in head, a remembered one, or one from a file; its landmarks need not be placed.

    Raises:
        InputError: There is none of that name.
    """
    _check_head_file(path_or_id)
    return load_head(path_or_id)


def read_ready_head(path_or_id: str, on_progress: OnProgress) -> HeadModel:
    """As `read_head`, the landmarks placed where they are not yet.

    Raises:
        InputError: There is none of that name.
        TooLittleError: The landmarker does not find the head's face.
    """
    _check_head_file(path_or_id)
    return ready_head(path_or_id, on_progress)


def _check_head_file(path_or_id: str) -> None:
    path = Path(path_or_id)
    if path.suffix:
        check_input_file(path, "head file")


def ready_head(path_or_id: str | Path, on_progress: OnProgress = ignore) -> HeadModel:
    """A head that can be fitted: read, its landmarks placed, remembered where it is the user's.

    Args:
        path_or_id: Id of a built-in or a remembered head, or a file or folder of the user's.
        on_progress: Called several times a second while landmarks are placed; may raise Cancelled.

    Raises:
        InputError: There is no such head, or the file is none that can be used.
        TooLittleError: The landmarker does not find the head's face.
    """
    on_progress(Progress(READING, 0))
    head = load_head(path_or_id)
    if head.landmarks is None:
        head = _with_landmarks(head, on_progress)
    remember_head(head, path_or_id)
    return head


def _with_landmarks(head: HeadModel, on_progress: OnProgress) -> HeadModel:
    """A head with its landmarks placed, as it was before or now."""
    quiet_drawing()  # placing landmarks draws the head
    with ExitStack() as opened:

        @cache
        def landmarker() -> Landmarker:
            # importing and opening it takes seconds; mostly the cache has the table
            from facedyn_app.landmarks import Landmarker

            return opened.enter_context(Landmarker(ONE_PICTURE))

        def detect(image: ByteArray) -> FloatArray | None:
            return landmarker().detect_image(image)

        return prepare_head(head, detect, head_cache(), on_progress)


def quiet_drawing() -> None:
    """Keep VTK from telling on stderr that it tries for a display first; its errors still come."""
    from vtkmodules.vtkCommonCore import vtkLogger

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)


def remember_head(head: HeadModel, path_or_id: str | Path) -> None:
    """Remember a head of the user's that was read from a file; one without is passed over."""
    if head.head_id in list_heads() or not Path(path_or_id).exists():
        return
    try:
        user_heads().remember(head, Path(path_or_id))
    except FacedynError as error:  # the head is as good without
        log.warning("The head '%s' is not remembered: %s", head.head_id, error.sentence)


def flame_file(path_or_id: str | None) -> FlameFile | None:
    """The FLAME file of FLAME parameters, remembered so that they can be drawn.

    Args:
        path_or_id: A FLAME file, or the id of a remembered one; a built-in head or None is none.

    Raises:
        InputError: There is no such head, or the file is none that can be used.
        MismatchError: It is a head of another family.
    """
    if path_or_id is None or path_or_id in list_heads():
        return None
    head = load_head(path_or_id)
    if head.meta.get("family") != "FLAME" or head.sha256 is None:
        raise MismatchError(
            f"The head '{head.head_id}' is no FLAME head, which FLAME parameters need.",
            "Name the FLAME file that their program used.",
        )
    remember_head(head, path_or_id)
    return FlameFile(head.sha256, head.n_shape, head.n_expression)


def known_flame_file(head_id: str) -> FlameFile | None:
    """The FLAME file of a remembered head, which is not read; None where the id is of none.

    Raises:
        InputError: The list of remembered heads is damaged.
    """
    known = user_heads().find(head_id)
    if known is None or known.family != "FLAME":
        return None
    return FlameFile(known.sha256, known.n_shape, known.n_expression)


@dataclass(frozen=True, slots=True, eq=False)
class RememberedHead:
    """A head file that the program remembers.

    Attributes:
        known: What it is.
        landmarks_placed: Whether it can be fitted at once.
        file_there: Whether the file is where it was.
    """

    known: KnownHead
    landmarks_placed: bool
    file_there: bool


def list_all_heads() -> tuple[list[HeadModel], list[RememberedHead]]:
    """The heads that come with the program, and the files that it remembers.

    Raises:
        InputError: A built-in head is missing from this installation or damaged, or the list of
            remembered heads is.
    """
    built_in = [load_head(head_id) for head_id in list_heads()]
    remembered = [
        RememberedHead(known, _placed(known), Path(known.path).exists())
        for known in user_heads().entries()
    ]
    return built_in, remembered


def forget_head(head_id: str) -> None:
    """Take a head off the list of remembered ones; its file stays where it is.

    Raises:
        InputError: It is not remembered.
        OutputError: The list cannot be written.
    """
    user_heads().forget(head_id)


def _placed(known: KnownHead) -> bool:
    """Whether the landmarks are in the cache, or came with the file."""
    if has_table(known.sha256, head_cache()):
        return True
    try:
        return LANDMARKS in npz_names(Path(known.path))
    except (InputError, OSError, ValueError):  # it is gone, or no npz
        return False


@dataclass(frozen=True, slots=True)
class HeadChoice:
    """A head that can be chosen.

    Attributes:
        head_id: Its id.
        text: Its name for the user.
        tip: Where it comes from.
        there: Whether its file is there.
    """

    head_id: str
    text: str
    tip: str
    there: bool = True


def head_of_session(session: Session, on_progress: OnProgress) -> HeadModel:
    """The head that a session was fitted with, its landmarks placed."""
    head = ready_head(session.head_id, on_progress)
    check_head_of(session, head)
    return head


def head_to_draw(session: Session, on_progress: OnProgress) -> HeadModel:
    """A head that can draw a session; its landmarks need not be placed."""
    if session.info.other_program is None:
        return head_of_session(session, on_progress)
    head = load_head(drawing_head_of(session))
    as_drawn(session, head)
    return head


def list_choices(_on_progress: OnProgress = ignore) -> tuple[HeadChoice, ...]:
    """List the heads that come along and those that are remembered."""
    tips = dict.fromkeys(list_heads(), _OTHER_ACTIONS) | {DEFAULT_HEAD: "Comes with facedyn"}
    built_in = [HeadChoice(name, f"{name} (built in)", tip) for name, tip in tips.items()]
    remembered = []
    for head in user_heads().entries():
        path = Path(head.path)
        there = path.exists()
        text = f"{head.family} {head.version}".strip() + f" · {path.name}"
        tip = f"{head.head_id}: {path}" + ("" if there else " (the file is gone)")
        remembered.append(HeadChoice(head.head_id, text, tip, there))
    return (*built_in, *remembered)
