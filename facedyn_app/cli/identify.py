"""`facedyn identify`: the enrolled speakers ranked for recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.fit_options import USUAL, with_fit_options
from facedyn_app.cli.options import AsJson, ChosenRecognizer, LibraryFolder, verb_app
from facedyn_app.cli.output import DONE, UNUSABLE, Outcome, answering, simulated_note
from facedyn_app.workflows.options import FitOptions

if TYPE_CHECKING:
    from facedyn_app.workflows.identify import IdentifiedRecordings

app = verb_app()


@app.command()
@with_fit_options("other_head", *USUAL)
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
    *,
    options: FitOptions,
    as_json: AsJson = False,
) -> None:
    """Who is it? Rank the enrolled speakers for videos, sessions, other programs' tables."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.identify import identify_recordings

        found = identify_recordings(
            recordings, library, recognizer, options, out, answer.on_progress
        )
        tell = _one if len(recordings) == 1 else _several
        answer.outcome = tell(found, recognizer, out, top)


def _one(
    found: IdentifiedRecordings, recognizer: Path | None, table: Path | None, top: int
) -> Outcome:
    from facedyn_app.cli.formatting import identification_text

    recording, answer = found.answers[0]
    heading = f"{recording.title}{simulated_note(recording.session.simulated)}, compared with"
    text = f"{heading} {len(answer.matches)} enrolled\n{identification_text(answer, top)}"
    return Outcome({**_facts(found, recognizer, top)[0], "table": table}, text)


def _several(
    found: IdentifiedRecordings, recognizer: Path | None, table: Path | None, top: int
) -> Outcome:
    from facedyn_app.cli.formatting import identifications_text

    facts = {
        "recordings": _facts(found, recognizer, top),
        "left_out": [{"recording": path, "sentence": why.sentence} for path, why in found.left_out],
        "table": table,
    }
    text = identifications_text([(one.title, answer) for one, answer in found.answers])
    return Outcome(facts, text, DONE if found.answers else UNUSABLE)


def _facts(
    found: IdentifiedRecordings, recognizer: Path | None, top: int
) -> list[dict[str, object]]:
    from facedyn_app.cli.formatting import identification_facts

    return [
        {
            "recording": one.key,
            **identification_facts(answer, top),
            "head_id": one.session.head_id,
            "recognizer": recognizer,
            "simulated": one.session.simulated,
        }
        for one, answer in found.answers
    ]
