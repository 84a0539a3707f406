"""`facedyn convert`: one recording of another program as a session file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.cli.formatting import quality_text
from facedyn_app.cli.output import Outcome
from facedyn_app.dynamics.session_qc import assess_quality, invalid_counts
from facedyn_app.errors import InputError
from facedyn_app.library.session_file import save_session
from facedyn_app.records import Session
from facedyn_app.settings import Settings
from facedyn_app.tracks.reading import only_session
from facedyn_app.workflows.heads import flame_file
from facedyn_app.workflows.path_checks import check_input_file, check_output_file
from facedyn_app.workflows.recordings import Form, form_of, read_kept

NO_DRIFT = "No shape was measured over time, so that no drift can be told."


def convert_recording(
    files: Sequence[Path], out: Path, fps: float | None, head: str | None
) -> Outcome:
    """Read a recording of another program and write its session file.

    Args:
        files: The file or folder; several are frames in their order.
        out: The session file.
        fps: Frame rate where the files have no times.
        head: The FLAME file that FLAME parameters belong to, or the id of a remembered one.

    Raises:
        InputError: A file cannot be used; the sentence says why, and nothing is written.
        MismatchError: The files do not go together, or not with the head.
        OutputError: The session file cannot be written.
        TooLittleError: No row holds a measurement.
    """
    for path in files:
        check_input_file(path, "file")
        if form_of(path) is Form.VIDEO:
            raise InputError(
                f"'{path}' is no measurement that is known of any program.",
                "A video is measured with 'facedyn fit'.",
            )
    session = only_session(read_kept(files, fps, flame_file(head)), files[0])
    check_output_file(out, inputs=[path for path in files if path.is_file()])
    save_session(session, out)
    return _outcome(session, files, out)


def _outcome(session: Session, files: Sequence[Path], out: Path) -> Outcome:
    quality = assess_quality(session, Settings().trust)
    notes = [str(note) for note in session.meta.get("notes", ())]
    if not len(session.shape_chunks):
        notes.append(NO_DRIFT)
    program = session.meta.get("program")
    facts: dict[str, Any] = {
        "files": list(files),
        "session": out,
        "program": program,
        "head_id": session.head_id,
        "n_channels": len(session.expression_names),
        "n_frames": quality.n_frames,
        "n_valid": quality.n_valid,
        "invalid": invalid_counts(session),
        "seconds": float(session.seconds[-1] - session.seconds[0]),
        "fps": session.meta.get("fps"),
        "fps_assumed": session.meta.get("fps_assumed", False),
        "n_shape": len(session.shape),
        "measured": _measured(session),
        "notes": notes,
        "quality": asdict(quality),
        "simulated": session.simulated,
    }
    lines = [
        f"{files[0].name}: {program}, {len(session.expression_names)} channels of "
        f"{session.head_id}, {quality.n_valid} of {quality.n_frames} frames",
        quality_text(quality),
        *notes,
        f"written: {out}",
    ]
    return Outcome(facts, "\n".join(lines))


def _measured(session: Session) -> list[str]:
    """Which of jaw, pose, gaze and shape were measured."""
    there = {
        "jaw": bool(np.nan_to_num(session.jaw).any()),
        "rotation": bool(np.isfinite(session.rotation).any()),
        "translation": bool(np.isfinite(session.translation).any()),
        "gaze": session.gaze is not None,
        "shape": bool(len(session.shape)),
    }
    return [name for name, known in there.items() if known]
