"""Work around heads that the window starts, each as one function for a worker thread; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.gui.recording import Recording
from facedyn_app.headmodel.channel_sets import OTHER_PROGRAM, as_drawn, drawing_head_of
from facedyn_app.headmodel.coefficients import check_head_of
from facedyn_app.headmodel.drawing.sheet import contact_sheet
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.files.known_heads import user_heads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.placing.landmark_picture import landmark_picture
from facedyn_app.progress import OnProgress
from facedyn_app.records import ByteArray
from facedyn_app.workflows.heads import ready_head


@dataclass(frozen=True, slots=True)
class HeadChoice:
    """A head that can be chosen.

    Attributes:
        head_id: Its id.
        words: Its name for the user.
        tip: Where it comes from.
        there: Whether its file is there.
    """

    head_id: str
    words: str
    tip: str
    there: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class HeadPictures:
    """A head as it can be judged by eye.

    Attributes:
        head_id: Which one.
        sheet: (H, W, 3) uint8 RGB, what it can do.
        landmarks: (H, W, 3) uint8 RGB, where its landmarks sit.
    """

    head_id: str
    sheet: ByteArray
    landmarks: ByteArray


def make_ready(name: str) -> Callable[[OnProgress], HeadModel]:
    """Work that reads a head and places its landmarks where that is not done yet."""

    def work(on_progress: OnProgress) -> HeadModel:
        return ready_head(name, on_progress)

    return work


def read(name: str) -> Callable[[OnProgress], HeadModel]:
    """Work that reads a head, without placing its landmarks."""

    def work(_report: OnProgress) -> HeadModel:
        return load_head(name)

    return work


def head_of_session(recording: Recording) -> Callable[[OnProgress], HeadModel]:
    """Work that reads the head that a recording was fitted with."""

    def work(on_progress: OnProgress) -> HeadModel:
        head = ready_head(recording.session.head_id, on_progress)
        check_head_of(recording.session, head)
        return head

    return work


def head_to_draw(recording: Recording) -> Callable[[OnProgress], HeadModel]:
    """Work that reads a head that can draw a recording; its landmarks need not be placed."""

    def work(on_progress: OnProgress) -> HeadModel:
        if OTHER_PROGRAM not in recording.session.meta:
            return head_of_session(recording)(on_progress)
        head = load_head(drawing_head_of(recording.session))
        as_drawn(recording.session, head)
        return head

    return work


def list_choices(_report: OnProgress) -> tuple[HeadChoice, ...]:
    """Work that lists the heads that come along and those that are remembered."""
    built_in = [
        HeadChoice(name, f"{name} (built in)", "Comes with facedyn") for name in list_heads()
    ]
    remembered = []
    for head in user_heads().entries():
        path = Path(head.path)
        there = path.exists()
        words = f"{head.family} {head.version}".strip() + f" · {path.name}"
        tip = f"{head.head_id}: {path}" + ("" if there else " (the file is gone)")
        remembered.append(HeadChoice(head.head_id, words, tip, there))
    return (*built_in, *remembered)


def draw_pictures(name: str) -> Callable[[OnProgress], HeadPictures]:
    """Work that draws what a head can do and where its landmarks sit."""

    def work(on_progress: OnProgress) -> HeadPictures:
        head = ready_head(name, on_progress)
        return HeadPictures(head.head_id, contact_sheet(head, on_progress), landmark_picture(head))

    return work
