"""Shape drift of a speaker in detail: components, sessions, neutral faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.dynamics.drift import DriftComponents
from facedyn_app.errors import FacedynError
from facedyn_app.headmodel.channel_sets import as_drawn, drawing_head_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import differences_mm, neutral_vertices, seen_vertices
from facedyn_app.headmodel.rendering.appearance import NEUTRAL_SKIN
from facedyn_app.headmodel.rendering.fine_mesh import FineMesh
from facedyn_app.headmodel.rendering.paint import drawn_mesh, paint_colours
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress
from facedyn_app.records import BoolArray, ByteArray, DriftReport, FloatArray, Session
from facedyn_app.workflows.drift import drift_in_detail, sessions_by_date
from facedyn_app.workflows.heads import ready_head


@dataclass(frozen=True, slots=True, eq=False)
class NeutralFaces:
    """The neutral face of each session, ready to be drawn.

    Attributes:
        vertices: (I, V, 3) at the mean shape of each session, m.
        seen: (V,) which vertices lie near a landmark.
        mesh: What is drawn of them.
        paint: (V', 3) uint8 RGB of the drawn vertices.
        moved_mm: (S,) what the drift of each component comes to on the face: root mean square
            over the vertices seen, mm; NaN with one session.
    """

    vertices: FloatArray
    seen: BoolArray
    mesh: FineMesh
    paint: ByteArray
    moved_mm: FloatArray

    def differences_mm(self, one: int, other: int) -> FloatArray:
        """(V,) how far the faces of two sessions lie apart, mm."""
        return differences_mm(self.vertices[one], self.vertices[other], self.seen)


@dataclass(frozen=True, slots=True, eq=False)
class DriftDetail:
    """A speaker's drift with all that lies behind it.

    Attributes:
        report: Their drift.
        moves: What lies behind it.
        entries: The sessions of `moves` in the library.
        faces: Their neutral faces; None where their head is not at hand.
        no_faces: Why not, a sentence.
    """

    report: DriftReport
    moves: DriftComponents
    entries: tuple[SessionEntry, ...]
    faces: NeutralFaces | None
    no_faces: str = ""


def detail_drift(speaker: str, folder: Path, on_progress: OnProgress) -> DriftDetail:
    """Measure the drift of an enrolled speaker, and draw their neutral faces."""
    with Library.open(folder, create=False) as library:
        drift, moves = drift_in_detail(library, speaker)
        # the names of a speaker's sessions are unique; those too short are in no table
        known = {entry.name: entry for entry in sessions_by_date(library, speaker)}
        entries = tuple(known[name] for name in moves.names)
        session = library.load(entries[0])
    try:
        faces = _faces(ready_head(drawing_head_of(session), on_progress), session, moves)
    except FacedynError as error:
        text = f"The faces are not drawn. {error.sentence}"
        return DriftDetail(drift, moves, entries, None, text)
    return DriftDetail(drift, moves, entries, faces)


def _faces(head: HeadModel, session: Session, moves: DriftComponents) -> NeutralFaces:
    as_drawn(session, head)
    mesh = drawn_mesh(head)
    seen = seen_vertices(head)
    directions = head.shapedirs[seen, :, : len(moves.drift)]
    per_sd = np.sqrt((directions**2).sum(axis=1).mean(axis=0))
    return NeutralFaces(
        vertices=np.stack([neutral_vertices(head, mean) for mean in moves.means]),
        seen=seen,
        mesh=mesh,
        paint=paint_colours(head, mesh, NEUTRAL_SKIN),
        moved_mm=1000.0 * per_sd * moves.drift,
    )
