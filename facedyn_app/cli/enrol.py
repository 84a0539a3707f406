"""`facedyn enrol`: a speaker enrolled with recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.consent_options import (
    ConsentBy,
    ConsentFor,
    ConsentUntil,
    consent_facts,
    consent_terms,
)
from facedyn_app.cli.fit_options import USUAL, with_fit_options
from facedyn_app.cli.options import AsJson, EnrolAgain, IsNew, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.workflows.options import FitOptions

if TYPE_CHECKING:
    from facedyn_app.workflows.enrol import EnrolledRecordings

app = verb_app()


@app.command()
@with_fit_options("head", *USUAL)
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
    consent_for: ConsentFor = None,
    consent_until: ConsentUntil = None,
    consent_by: ConsentBy = "",
    *,
    options: FitOptions,
    is_new: IsNew = False,
    again: EnrolAgain = False,
    as_json: AsJson = False,
) -> None:
    """Enrol a speaker with recordings, by consent: videos, sessions, other programs' tables."""
    terms = consent_terms(consent, consent_for, consent_until, consent_by)
    with answering(as_json) as answer:
        from facedyn_app.workflows.enrol import Enrolment, enrol_recordings

        who = Enrolment(name, consent, is_new, again, terms)
        found = enrol_recordings(who, recordings, library, options, answer.on_progress)
        answer.outcome = Outcome(_facts(found, library), _text(found, library))


def _facts(found: EnrolledRecordings, library: Path) -> dict[str, object]:
    return {
        "speaker": found.speaker,
        "consent": found.consent,
        **consent_facts(found.agreed),
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


def _text(found: EnrolledRecordings, library: Path) -> str:
    from facedyn_app.dynamics.session_qc import quality_line

    lines = [f"enrolled: {found.speaker}, {len(found.sessions)} new, in {library}"]
    for (entry, quality), notes in zip(found.sessions, found.notes, strict=True):
        note = simulated_note(entry.simulated)
        lines.append(f"  {entry.name}{note}, {entry.date_words}: {quality_line(quality)}")
        lines += [f"    {reason}" for reason in (*quality.reasons, *notes)]
    lines += [f"  passed over: {path.name}: {why}" for path, why in found.copies]
    return "\n".join([*lines, f"consent: {found.consent}", f"  {found.agreed.words()}"])
