"""`facedyn import`: a folder of recordings into a library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.consent_options import ConsentBy, ConsentFor, ConsentUntil, consent_terms
from facedyn_app.cli.fit_options import with_fit_options
from facedyn_app.cli.options import AsJson, EnrolAgain, LibraryFolder, Permission, verb_app
from facedyn_app.cli.output import Outcome, answering, simulated_note
from facedyn_app.formatting import counted
from facedyn_app.library.importers import Layout
from facedyn_app.workflows.options import FitOptions, ImportStatement

if TYPE_CHECKING:
    from facedyn_app.workflows.import_ import ImportedCorpus

MOST_NAMED = 100
"""Files that are no recordings which are named in text."""

app = verb_app()


@app.command()
@with_fit_options(
    "head", "fps", "stream", "mirrored", "device", "engine", "max_faces", "file_names"
)
def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="One folder a speaker.")],
    library: LibraryFolder,
    consent: Annotated[
        str,
        typer.Option(
            "--consent", metavar="TEXT", show_default=False, help="Who gave it, when, for what."
        ),
    ] = "",
    consent_for: ConsentFor = None,
    consent_until: ConsentUntil = None,
    consent_by: ConsentBy = "",
    layout: Annotated[
        Layout, typer.Option("--layout", help="How the recordings lie in the folder.")
    ] = Layout.AUTO,
    permission: Permission = "",
    *,
    options: FitOptions,
    is_new: Annotated[
        bool, typer.Option("--new", help="Folders' names are meant, though nearly somebody's.")
    ] = False,
    again: EnrolAgain = False,
    as_json: AsJson = False,
) -> None:
    """Bring a folder of recordings into a library; again, it goes on where it was.

    Recordings are videos, session files, and measurements of other programs: OpenFace, py-feat,
    Live Link Face, MediaPipe's blendshapes, FLAME trackers. --head names the head of videos, and
    the FLAME file of FLAME parameters.
    """
    terms = consent_terms(consent, consent_for, consent_until, consent_by)
    statement = ImportStatement(consent, permission, near=is_new, again=again, terms=terms)
    with answering(as_json) as answer:
        from facedyn_app.workflows.import_ import import_folder

        found = import_folder(folder, library, layout, statement, options, answer.on_progress)
        facts = {
            "folder": folder,
            "library": library,
            "layout": str(found.layout),
            "n_speakers": found.n_speakers,
            "n_added": found.n_added,
            "n_already_there": found.n_known,
            "n_simulated": found.n_simulated,
            "n_fps_assumed": found.n_assumed,
            "copies": [{"path": path, "reason": reason} for path, reason in found.copies],
            "left_out": [{"path": path, "reason": reason} for path, reason in found.left_out],
            "passed_over": [{"path": path, "reason": why} for path, why in found.passed_over],
        }
        answer.outcome = Outcome(facts, _text(found, library))


def _text(found: ImportedCorpus, library: Path) -> str:
    from facedyn_app.tracks.rows import USUAL_FPS

    note = simulated_note(found.n_simulated == found.n_added > 0)
    lines = [
        f"imported: {counted(found.n_added, 'session')}{note} of "
        f"{counted(found.n_speakers, 'speaker')} into "
        f"{library}, {found.n_known} were there already, {len(found.left_out)} left out"
    ]
    if found.n_assumed:
        lines.append(
            f"  {found.n_assumed} of them without times: {USUAL_FPS:g} frames a second are "
            "assumed (--fps says another rate)"
        )
    lines += [f"  a copy: {path}: {reason}" for path, reason in found.copies]
    lines += [f"  left out: {reason}" for _, reason in found.left_out]
    lines += [f"  passed over: {reason}" for _, reason in found.passed_over[:MOST_NAMED]]
    if (n_more := len(found.passed_over) - MOST_NAMED) > 0:
        lines.append(f"  passed over: {n_more} more; --json names them all")
    return "\n".join(lines)
