"""`facedyn verify`: one recording against one speaker who is enrolled."""

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
from facedyn_app.cli.output import Outcome, run_verb, simulated_note
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.options import FitOptions

app = verb_app()


@app.command()
def verify(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    recording: Annotated[Path, typer.Argument(metavar="RECORDING")],
    library: LibraryFolder,
    recognizer: ChosenRecognizer = None,
    head: OtherHead = None,
    device: DeviceName = Device.AUTO,
    face: FaceNumber = 0,
    as_json: AsJson = False,
) -> None:
    """Is it this speaker? Same, not the same, or cannot be told."""
    options = FitOptions(head, device, face)
    run_verb(_verify, name, recording, library, recognizer, options, as_json=as_json)


def _verify(
    name: str,
    path: Path,
    folder: Path,
    recognizer: Path | None,
    options: FitOptions,
    on_progress: OnProgress,
) -> Outcome:
    from facedyn_app.cli.formatting import verification_facts, verification_text
    from facedyn_app.workflows.verify import verify_recording

    session, found = verify_recording(name, path, folder, recognizer, options, on_progress)
    facts = {"recording": path, **verification_facts(found), "simulated": session.simulated}
    note = simulated_note(session.simulated)
    return Outcome(facts, f"{path.name}{note} and {name}: {verification_text(found)}")
