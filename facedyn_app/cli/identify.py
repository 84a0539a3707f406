"""`facedyn identify`: the enrolled speakers ranked for recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import (
    AsJson,
    ChosenRecognizer,
    Device,
    DeviceName,
    Engine,
    EngineName,
    FaceNumber,
    FilmNumber,
    LibraryFolder,
    MirroredPixels,
    MostFaces,
    OtherHead,
    VideoRate,
    verb_app,
)
from facedyn_app.cli.output import DONE, UNUSABLE, Outcome, answering, simulated_note
from facedyn_app.settings import MAX_FACES
from facedyn_app.workflows.options import FitOptions

app = verb_app()


@app.command()
def identify(
    recordings: Annotated[list[Path], typer.Argument(metavar="RECORDING…")],
    library: LibraryFolder,
    top: Annotated[int, typer.Option("--top", min=1, help="Most matches to show.")] = 5,
    recognizer: ChosenRecognizer = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="SCORES.csv",
            show_default="(none)",
            help="A table of every recording against every speaker.",
        ),
    ] = None,
    head: OtherHead = None,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    engine: EngineName = Engine.BUNDLE,
    max_faces: MostFaces = MAX_FACES,
    fps: VideoRate = None,
    stream: FilmNumber = None,
    mirrored: MirroredPixels = False,
    as_json: AsJson = False,
) -> None:
    """Who is it? Rank the enrolled speakers for videos, sessions, other programs' tables."""
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
        from facedyn_app.cli.formatting import (
            identification_facts,
            identification_text,
            identifications_text,
        )
        from facedyn_app.workflows.identify import identify_recordings

        found = identify_recordings(
            recordings, library, recognizer, options, out, answer.on_progress
        )
        facts = [
            {
                "recording": one.key,
                **identification_facts(who, top),
                "head_id": one.session.head_id,
                "recognizer": recognizer,
                "simulated": one.session.simulated,
            }
            for one, who in found.answers
        ]
        if len(recordings) == 1:
            one, who = found.answers[0]
            heading = f"{one.title}{simulated_note(one.session.simulated)}, compared with"
            text = f"{heading} {len(who.matches)} enrolled\n{identification_text(who, top)}"
            answer.outcome = Outcome({**facts[0], "table": out}, text)
            return
        left_out = [
            {"recording": path, "sentence": error.sentence} for path, error in found.left_out
        ]
        text = identifications_text([(one.title, who) for one, who in found.answers])
        told = {"recordings": facts, "left_out": left_out, "table": out}
        answer.outcome = Outcome(told, text, DONE if found.answers else UNUSABLE)
