"""`facedyn convert`: one recording of another program as a session file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, FileNames, FrameRate, SessionOut, verb_app
from facedyn_app.cli.output import Outcome, answering

if TYPE_CHECKING:
    from facedyn_app.workflows.convert import ConvertedRecording

app = verb_app()


@app.command()
def convert(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="A table, an npz or a folder; several are frames in their order."
        ),
    ],
    out: SessionOut,
    fps: FrameRate = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="ID|FILE",
            show_default="none",
            help="The FLAME file that FLAME parameters belong to.",
        ),
    ] = None,
    file_names: FileNames = True,
    as_json: AsJson = False,
) -> None:
    """Make a session file of one recording that another program has measured.

    Read are tables of OpenFace 2 and 3, py-feat and Live Link Face, MediaPipe's blendshapes (CSV
    or JSON lines), and FLAME parameters of SMIRK, EMOCA, DECA, VHAP and the like (npz, or a folder
    of npz or npy). What a file is shows in it, not in its name.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.convert import convert_recording

        found = convert_recording(files, out, fps, head, file_names=file_names)
        answer.outcome = _outcome(found, files, out)


def _outcome(found: ConvertedRecording, files: list[Path], out: Path) -> Outcome:
    from facedyn_app.dynamics.session_qc import quality_text

    session, quality = found.session, found.quality
    info = session.info
    facts = {
        "files": files,
        "session": out,
        "program": info.program,
        "head_id": session.head_id,
        "n_channels": len(session.motion.names),
        "n_frames": quality.n_frames,
        "n_valid": quality.n_valid,
        "invalid": found.invalid,
        "seconds": float(session.motion.seconds[-1] - session.motion.seconds[0]),
        "fps": info.fps,
        "fps_assumed": bool(info.fps_assumed),
        "n_shape": len(session.shape),
        "measured": found.measured,
        "notes": found.notes,
        "quality": quality,
        "simulated": session.simulated,
    }
    lines = [
        f"{files[0].name}: {info.program}, {len(session.motion.names)} channels of "
        f"{session.head_id}, {quality.n_valid} of {quality.n_frames} frames",
        quality_text(quality),
        *found.notes,
        f"written: {out}",
    ]
    return Outcome(facts, "\n".join(lines))
