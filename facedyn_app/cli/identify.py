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
    FaceNumber,
    LibraryFolder,
    OtherHead,
    verb_app,
)
from facedyn_app.cli.output import DONE, UNUSABLE, Outcome, run_verb, simulated_note
from facedyn_app.progress import OnProgress
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
    as_json: AsJson = False,
) -> None:
    """Who is it? Rank the enrolled speakers for videos, sessions, other programs' tables."""
    options = FitOptions(head, device, face)
    run_verb(_identify, recordings, library, top, recognizer, options, out, as_json=as_json)


def _identify(
    paths: list[Path],
    folder: Path,
    top: int,
    recognizer: Path | None,
    options: FitOptions,
    table: Path | None,
    on_progress: OnProgress,
) -> Outcome:
    from facedyn_app.cli.formatting import (
        identification_facts,
        identification_text,
        identifications_text,
    )
    from facedyn_app.workflows.identify import identify_recordings

    found = identify_recordings(paths, folder, recognizer, options, table, on_progress)
    facts = [
        {
            "recording": path,
            **identification_facts(answer, top),
            "head_id": session.head_id,
            "recognizer": recognizer,
            "simulated": session.simulated,
        }
        for path, session, answer in found.answers
    ]
    if len(paths) == 1:
        path, session, answer = found.answers[0]
        compared = f"compared with {len(answer.matches)} enrolled"
        heading = f"{path.name}{simulated_note(session.simulated)}, {compared}"
        text = f"{heading}\n{identification_text(answer, top)}"
        return Outcome({**facts[0], "table": table}, text)
    left_out = [
        {"recording": path, "sentence": error.sentence} for path, error in found.left_out.items()
    ]
    text = identifications_text([(path.name, answer) for path, _, answer in found.answers])
    exit_code = DONE if found.answers else UNUSABLE
    return Outcome({"recordings": facts, "left_out": left_out, "table": table}, text, exit_code)
