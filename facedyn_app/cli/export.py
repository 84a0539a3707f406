"""`facedyn export`: what was measured on a recording, as files that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedyn_app.cli.output import Outcome
from facedyn_app.headmodel.channel_sets import drawing_head_of
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import OnProgress
from facedyn_app.records import Session
from facedyn_app.reports.film import write_film
from facedyn_app.reports.kinds import MeshFormat, MeshKind, TableFormat
from facedyn_app.reports.meshes import SessionMeshes, frame_at, write_one, write_sequence
from facedyn_app.reports.tables import table_columns, write_table
from facedyn_app.workflows.heads import read_head, read_ready_head
from facedyn_app.workflows.path_checks import (
    check_input_file,
    check_output_file,
    check_output_folder,
    naming,
)


def export_table(path: Path, out: Path, on_progress: OnProgress) -> Outcome:
    """Write a session as a table.

    Args:
        path: The session file.
        out: The table; its ending says its format.
        on_progress: Called for every block of frames; may raise Cancelled.

    Raises:
        InputError: The session cannot be read.
        OutputError: The file cannot be written.
    """
    check_input_file(path, "session file")
    check_output_file(out, inputs=(path,))
    session = load_session(path)
    write_table(session, out, TableFormat(out.suffix[1:].lower()), on_progress)
    n_frames, n_columns = len(session.seconds), len(table_columns(session))
    facts = {
        "session": path,
        "file": out,
        "n_frames": n_frames,
        "n_columns": n_columns,
        "simulated": session.simulated,
    }
    made = ", simulated" if session.simulated else ""
    return Outcome(facts, f"written: {out}, {n_frames} frames, {n_columns} columns{made}")


def export_film(
    path: Path, video: Path, out: Path, head: str | None, on_progress: OnProgress
) -> Outcome:
    """Write a recording with the outlines of the fitted head.

    Args:
        path: The session file.
        video: The recording that it was made from.
        out: The film.
        head: Id or file of the head; None for the one that the session names.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The session, its head or the recording cannot be read.
        MismatchError: The session was made from another recording, or with another head.
        OutputError: The film cannot be written.
    """
    check_input_file(path, "session file")
    check_input_file(video, "video")
    check_output_file(out, inputs=(path, video))
    session = load_session(path)
    with naming(path):
        placed = read_ready_head(head or drawing_head_of(session), on_progress)
        n_frames = write_film(session, placed, video, out, on_progress)
    facts = {
        "session": path,
        "video": video,
        "file": out,
        "n_frames": n_frames,
        "simulated": session.simulated,
    }
    made = ", simulated" if session.simulated else ""
    return Outcome(facts, f"written: {out}, {n_frames} frames{made}")


@dataclass(frozen=True, slots=True)
class MeshChoice:
    """Which meshes of a session are wanted.

    Attributes:
        kind: What they show.
        form: Their format.
        frame: One frame, from 1; None where `seconds` says which, or all are wanted.
        seconds: The frame shown at this time, s; None where `frame` says which, or all are wanted.
        head: Id or file of the head; None for the one that the session names.
    """

    kind: MeshKind
    form: MeshFormat
    frame: int | None = None
    seconds: float | None = None
    head: str | None = None

    @property
    def one_file(self) -> bool:
        """Whether it is one mesh, not a folder of them."""
        neutral = self.kind is MeshKind.NEUTRAL
        return neutral or self.frame is not None or self.seconds is not None


def export_meshes(path: Path, out: Path, choice: MeshChoice, on_progress: OnProgress) -> Outcome:
    """Write meshes of a session.

    Args:
        path: The session file.
        out: The mesh file, or the new folder for a sequence.
        choice: Which meshes.
        on_progress: Called for each mesh of a sequence; may raise Cancelled.

    Raises:
        InputError: The session or its head cannot be read, or there is no mesh of the frame.
        MismatchError: The session was fitted with another head.
        OutputError: The file or folder cannot be written.
        TooLittleError: No frame has a trusted fit.
    """
    check_input_file(path, "session file")
    if choice.one_file:
        check_output_file(out, inputs=(path,))
    else:
        check_output_folder(out)
    session = load_session(path)
    with naming(path):
        meshes = SessionMeshes(
            session, read_head(choice.head or drawing_head_of(session)), choice.kind
        )
        facts = {
            "session": path,
            "head_id": session.head_id,
            "mesh": choice.kind,
            "n_vertices": len(meshes.head.v_template),
            "unit": "m",
            "simulated": session.simulated,
        }
        if not choice.one_file:
            return _sequence(meshes, out, choice, on_progress, facts)
        frame = _frame(session, choice)
        write_one(meshes, frame, out)
    what = "neutral mesh"
    if choice.kind is not MeshKind.NEUTRAL:
        what = f"{choice.kind} mesh of frame {frame + 1}, {session.seconds[frame]:.3f} s"
        facts |= {"frame": frame + 1, "seconds": float(session.seconds[frame])}
    made = ", simulated" if session.simulated else ""
    return Outcome({**facts, "file": out}, f"written: {out}, {what}, head {session.head_id}{made}")


def _frame(session: Session, choice: MeshChoice) -> int:
    """The frame from 0; of no account for the neutral mesh."""
    if choice.seconds is not None:
        return frame_at(session, choice.seconds)
    return 0 if choice.frame is None else choice.frame - 1


def _sequence(
    meshes: SessionMeshes,
    out: Path,
    choice: MeshChoice,
    on_progress: OnProgress,
    facts: dict[str, object],
) -> Outcome:
    made = write_sequence(meshes, out, choice.form, on_progress)
    n_skipped = len(made.skipped)
    text = f"written: {len(made.files)} {choice.kind} meshes in {out}, head {meshes.head.head_id}"
    if meshes.session.simulated:
        text += ", simulated"
    if n_skipped:
        text += f"\nleft out: {n_skipped} frames without a trusted fit"
    return Outcome({**facts, "folder": out, "files": made.files, "skipped": made.skipped}, text)
