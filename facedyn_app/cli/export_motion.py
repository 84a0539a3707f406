"""`facedyn export --layout`: a session's motion in other programs' forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facedyn_app.cli.output import Outcome
from facedyn_app.headmodel.channel_sets import ARKIT, drawing_head_of
from facedyn_app.library.session_file import load_session
from facedyn_app.records import Session
from facedyn_app.reports.kinds import ExportLayout
from facedyn_app.workflows.heads import read_head
from facedyn_app.workflows.path_checks import check_input_file, check_output_file, naming


def export_motion(path: Path, out: Path, layout: ExportLayout, head: str | None) -> Outcome:
    """Write a session's motion for another program.

    Args:
        path: The session file.
        out: The file.
        layout: In which form.
        head: Id or file of the head; None for the one that draws the session.

    Raises:
        InputError: The session or its head cannot be read.
        MismatchError: The session has not the channels that the form asks for.
        OutputError: The file cannot be written.
        TooLittleError: No frame has a trusted fit.
    """
    check_input_file(path, "session file")
    check_output_file(out, inputs=(path,))
    session = load_session(path)
    with naming(path):
        n_frames, notes = _written(session, out, layout, head)
    facts: dict[str, Any] = {
        "session": path,
        "file": out,
        "layout": str(layout),
        "n_frames": n_frames,
        "notes": notes,
        "simulated": session.simulated,
    }
    made = ", simulated" if session.simulated else ""
    lines = [f"written: {out}, {n_frames} frames in the layout {layout}{made}", *notes]
    return Outcome(facts, "\n".join(lines))


def _written(
    session: Session, out: Path, layout: ExportLayout, head: str | None
) -> tuple[int, list[str]]:
    """The number of frames written, and sentences on what is not in the file."""
    if layout is ExportLayout.LIVELINK:
        from facedyn_app.reports.live_link import write_live_link

        # ARKit's own blendshapes need no head to say what they are
        own = None if session.head_id == ARKIT else read_head(head or drawing_head_of(session))
        table = write_live_link(session, own, out)
        unmeasured = ", ".join(table.unmeasured)
        return table.n_frames, [f"Not measured, 0 throughout: {unmeasured}."] if unmeasured else []
    if layout is ExportLayout.FLAME:
        from facedyn_app.reports.flame_parameters import write_flame_parameters

        missing = write_flame_parameters(session, out)
        notes = [f"Not measured, 0 throughout: {', '.join(missing)}."] if missing else []
        if any(name.startswith("eyelid") for name in session.expression_names):
            notes.append("FLAME has no lids: those of the session are left out.")
        return len(session.seconds), notes
    from facedyn_app.reports.animation import write_animation

    return write_animation(session, read_head(head or drawing_head_of(session)), out), []
