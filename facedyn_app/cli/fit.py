"""`facedyn fit`: from a video to a session file, or to one for each of its faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.fit_options import ALL_FACES, with_fit_options
from facedyn_app.cli.options import AsJson, SessionOut, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import NONE, indented, number, table
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.options import FitOptions

if TYPE_CHECKING:
    from facedyn_app.workflows.fit import FittedFace

_COLUMNS = ("face", "seen/s", "valid %", "error %", "measurement", "session")

app = verb_app()


@app.command()
@with_fit_options(
    "head",
    "n_shape",
    "n_expression",
    "device",
    "face_or_all",
    "mirrored_mean",
    "optical_flow",
    "engine",
    "max_faces",
    "fps",
    "stream",
    "file_names",
    "mirrored",
)
def fit(
    video: Annotated[Path, typer.Argument(metavar="VIDEO")],
    out: SessionOut,
    *,
    options: FitOptions,
    as_json: AsJson = False,
) -> None:
    """Follow a face through a video, fit a head to it, write a session file."""
    with answering(as_json) as answer:
        if options.face == ALL_FACES:
            each = replace(options, face=0)
            answer.outcome = _fit_all(video, out, each, answer.on_progress)
        else:
            answer.outcome = _fit(video, out, options, answer.on_progress)


def _fit(video: Path, out: Path, options: FitOptions, on_progress: OnProgress) -> Outcome:
    from facedyn_app.dynamics.session_qc import quality_text
    from facedyn_app.fitting.focal import focal_text
    from facedyn_app.workflows.fit import fit_video

    found = fit_video(video, out, options, on_progress)
    session, fitted, quality = found.analysis.session, found.analysis.fit, found.quality
    fit_fps = quality.n_frames / found.seconds["fit"]
    total_fps = quality.n_frames / found.seconds["total"]
    facts = {
        "video": video,
        "face": found.analysis.face,
        "session": out,
        "head_id": session.head_id,
        "n_shape": len(session.shape),
        "n_expression": len(session.motion.names),
        "n_frames": quality.n_frames,
        "n_valid": quality.n_valid,
        "error_percent_face": quality.error_percent_face,
        "fit_fps": fit_fps,
        "total_fps": total_fps,
        "seconds_per_stage": found.seconds,
        "focal_px": fitted.focal_px,
        "focal_log_sd": fitted.focal_log_sd,
        "converged": fitted.converged,
        "n_iterations": fitted.n_iterations,
        "quality": quality,
        "simulated": session.simulated,
    }
    note = ", simulated" if session.simulated else ""
    lines = [
        f"{video.name}{note}: {quality.n_valid} of {quality.n_frames} frames fitted "
        f"with head {session.head_id}",
        quality_text(quality),
        f"focal length: {focal_text(fitted.focal_px, fitted.focal_log_sd)}",
        f"speed: {total_fps:.0f} frames/s in all, {fit_fps:.0f} frames/s for the fit alone",
        f"written: {out}",
    ]
    return Outcome(facts, "\n".join(lines))


def _fit_all(video: Path, out: Path, options: FitOptions, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.fit import fit_every_face

    found = fit_every_face(video, out, options, on_progress)
    n_fitted = sum(face.session is not None for face in found.faces)
    facts = {
        "video": video,
        "head_id": found.head_id,
        "n_frames": found.n_frames,
        "n_faces": len(found.faces),
        "n_fitted": n_fitted,
        "simulated": found.info.simulated,
        "faces": [_face_facts(face) for face in found.faces],
    }
    note = ", simulated" if found.info.simulated else ""
    lines = [
        f"{video.name}{note}: {n_fitted} of {len(found.faces)} faces fitted with head "
        f"{found.head_id}",
        indented(table(_COLUMNS, [_row(face) for face in found.faces], right=(0, 1, 2, 3))),
        "valid: of the frames in which the face was seen",
        *(f"left out: {face.left_out}" for face in found.faces if face.left_out),
    ]
    return Outcome(facts, "\n".join(lines))


def _face_facts(face: FittedFace) -> dict[str, object]:
    return {
        "number": face.seen.number,
        "seconds_seen": face.seen.seconds,
        "first_seconds": face.seen.first_seconds,
        "last_seconds": face.seen.last_seconds,
        "n_seen": face.seen.n_frames,
        "valid_share": face.valid_share,
        "session": face.session,
        "quality": face.quality,
        "left_out": face.left_out or None,
    }


def _row(face: FittedFace) -> tuple[str, ...]:
    seen, quality = face.seen, face.quality
    first = (str(seen.number), number(seen.seconds, 1))
    if quality is None or face.valid_share is None:
        return (*first, NONE, NONE, NONE, "left out")
    measured = (number(100 * face.valid_share, 0), number(quality.error_percent_face))
    return (*first, *measured, quality.verdict, str(face.session))
