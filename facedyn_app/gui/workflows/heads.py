"""Heads: listed, read, chosen for drawing, pictured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from facedyn_app.gui.recording import Recording
from facedyn_app.headmodel.channel_sets import OTHER_PROGRAM, as_drawn, drawing_head_of
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.files.known_heads import user_heads
from facedyn_app.headmodel.model import HeadModel, check_head_of
from facedyn_app.headmodel.rendering.appearance import Skin
from facedyn_app.headmodel.rendering.fine_mesh import FineMesh, subdivide
from facedyn_app.headmodel.rendering.paint import drawn_faces, eyeballs
from facedyn_app.progress import OnProgress
from facedyn_app.records import ByteArray
from facedyn_app.reports.head_pictures import contact_sheet, landmark_picture
from facedyn_app.workflows.heads import ready_head

NEUTRAL: Final = Skin(
    skin=(205, 178, 160),
    lips=(178, 120, 112),
    brows=(96, 78, 68),
    iris=(88, 74, 62),
    hair=(176, 152, 136),
    flush=0.0,
)
EYE_LEVELS: Final = 2


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


def read_head(name: str, _on_progress: OnProgress) -> HeadModel:
    """Read a head, without placing its landmarks."""
    return load_head(name)


def head_of_session(recording: Recording, on_progress: OnProgress) -> HeadModel:
    """Read the head that a recording was fitted with."""
    head = ready_head(recording.session.head_id, on_progress)
    check_head_of(recording.session, head)
    return head


def head_to_draw(recording: Recording, on_progress: OnProgress) -> HeadModel:
    """Read a head that can draw a recording; its landmarks need not be placed."""
    if OTHER_PROGRAM not in recording.session.meta:
        return head_of_session(recording, on_progress)
    head = load_head(drawing_head_of(recording.session))
    as_drawn(recording.session, head)
    return head


def list_choices(_on_progress: OnProgress) -> tuple[HeadChoice, ...]:
    """List the heads that come along and those that are remembered."""
    built_in = [
        HeadChoice(name, f"{name} (built in)", "Comes with facedyn") for name in list_heads()
    ]
    remembered = []
    for head in user_heads().entries():
        path = Path(head.path)
        there = path.exists()
        text = f"{head.family} {head.version}".strip() + f" · {path.name}"
        tip = f"{head.head_id}: {path}" + ("" if there else " (the file is gone)")
        remembered.append(HeadChoice(head.head_id, text, tip, there))
    return (*built_in, *remembered)


def draw_pictures(name: str, on_progress: OnProgress) -> HeadPictures:
    """Draw what a head can do and where its landmarks sit."""
    head = ready_head(name, on_progress)
    return HeadPictures(head.head_id, contact_sheet(head, on_progress), landmark_picture(head))


def drawn_mesh(head: HeadModel) -> FineMesh:
    """The head's mesh, finer at the eyes alone: few enough triangles to play without a GPU."""
    faces = drawn_faces(head)
    eyes = eyeballs(head)[faces].all(axis=1)
    return subdivide(faces, len(head.v_template), np.where(eyes, EYE_LEVELS, 0))
