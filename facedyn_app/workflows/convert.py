"""Conversion of one recording of another program into a session file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.dynamics.session_qc import assess_quality, invalid_counts
from facedyn_app.errors import InputError
from facedyn_app.library.session_file import save_session
from facedyn_app.path_checks import check_input_file, check_output_file
from facedyn_app.records import Quality, Session, without_file_name
from facedyn_app.settings import Settings
from facedyn_app.tracks.reading import only_session
from facedyn_app.workflows.heads import flame_file
from facedyn_app.workflows.recordings import SESSION_ENDING, Form, form_of, read_kept

NO_DRIFT = "No shape was measured over time, so that no drift can be told."


@dataclass(frozen=True, slots=True, eq=False)
class ConvertedRecording:
    """A recording of another program as a session.

    Attributes:
        session: The session.
        quality: Of its measurement.
        invalid: Frames that are not valid, by reason.
        measured: Which of jaw, rotation, translation, gaze and shape were measured.
        notes: Sentences on what its program has not measured.
    """

    session: Session
    quality: Quality
    invalid: Mapping[str, int]
    measured: tuple[str, ...]
    notes: tuple[str, ...]


def convert_recording(
    files: Sequence[Path],
    out: Path,
    fps: float | None,
    head: str | None,
    *,
    file_names: bool = True,
) -> ConvertedRecording:
    """Read a recording of another program and write its session file.

    Args:
        files: The file or folder; several are frames in their order.
        out: The session file.
        fps: Frame rate where the files have no times.
        head: The FLAME file that FLAME parameters belong to, or the id of a remembered one.
        file_names: Whether the session says the file's name.

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
    if not file_names:
        session = without_file_name(session)
    inputs = [path for path in files if path.is_file()]
    check_output_file(out, inputs, endings=(SESSION_ENDING,))
    save_session(session, out)
    notes = list(session.info.notes)
    if not len(session.shape_chunks):
        notes.append(NO_DRIFT)
    quality = assess_quality(session, Settings().trust)
    return ConvertedRecording(
        session, quality, invalid_counts(session), _measured(session), tuple(notes)
    )


def _measured(session: Session) -> tuple[str, ...]:
    there = {
        "jaw": bool(np.nan_to_num(session.motion.jaw).any()),
        "rotation": bool(np.isfinite(session.motion.rotation).any()),
        "translation": bool(np.isfinite(session.motion.translation).any()),
        "gaze": session.motion.gaze is not None,
        "shape": bool(len(session.shape)),
    }
    return tuple(name for name, known in there.items() if known)
