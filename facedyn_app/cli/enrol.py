"""`facedyn enrol`: a speaker enrolled with recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.options import (
    AsJson,
    Device,
    DeviceName,
    Engine,
    EngineName,
    EnrolAgain,
    FaceNumber,
    FilmNumber,
    HeadName,
    LibraryFolder,
    MirroredPixels,
    MostFaces,
    VideoRate,
    verb_app,
)
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.settings import MAX_FACES
from facedyn_app.workflows.options import FitOptions

app = verb_app()


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING")],
    library: LibraryFolder,
    consent: Annotated[
        str,
        typer.Option(
            "--consent",
            metavar="TEXT",
            show_default=False,
            help="Who gave it, when, for what. Without it nobody new is enrolled.",
        ),
    ] = "",
    head: HeadName = DEFAULT_HEAD,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    engine: EngineName = Engine.BUNDLE,
    max_faces: MostFaces = MAX_FACES,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    is_new: Annotated[
        bool, typer.Option("--new", help="The name is meant, though it is nearly somebody's.")
    ] = False,
    again: EnrolAgain = False,
    as_json: AsJson = False,
) -> None:
    """Enrol a speaker with recordings, by consent: videos, sessions, other programs' tables."""
    options = FitOptions(
        head,
        device,
        face,
        engine=engine,
        max_faces=max_faces,
        fps=fps,
        stream=stream,
        mirrored=mirrored,
    )
    with answering(as_json) as answer:
        from facedyn_app.dynamics.session_qc import quality_line
        from facedyn_app.workflows.enrol import enrol_recordings

        found = enrol_recordings(
            name,
            recordings,
            library,
            consent,
            options,
            answer.on_progress,
            near=is_new,
            again=again,
        )
        facts = {
            "speaker": found.speaker,
            "consent": found.consent,
            "library": library,
            "sessions": [
                {
                    "name": entry.name,
                    "source": entry.source_name,
                    "head_id": entry.head_id,
                    "seconds": entry.seconds,
                    "simulated": entry.simulated,
                    "quality": quality,
                    "notes": notes,
                }
                for (entry, quality), notes in zip(found.sessions, found.notes, strict=True)
            ],
            "copies": [{"recording": path, "reason": reason} for path, reason in found.copies],
        }
        lines = [f"enrolled: {found.speaker}, {len(found.sessions)} new, in {library}"]
        for (entry, quality), notes in zip(found.sessions, found.notes, strict=True):
            note = simulated_note(entry.simulated)
            lines.append(f"  {entry.name}{note}, {entry.date_words}: {quality_line(quality)}")
            lines += [f"    {reason}" for reason in (*quality.reasons, *notes)]
        lines += [f"  passed over: {path.name}: {why}" for path, why in found.copies]
        lines.append(f"consent: {found.consent}")
        answer.outcome = Outcome(facts, "\n".join(lines))
