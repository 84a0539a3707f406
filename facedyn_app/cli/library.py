"""`facedyn library`: whether it is sound, how it is protected; its videos found again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.library_protection import passphrase, protect, recovery, rekey, unprotect
from facedyn_app.cli.options import AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import UNUSABLE, Outcome, answering
from facedyn_app.formatting import counted

if TYPE_CHECKING:
    from facedyn_app.library.integrity import LibraryCheck
    from facedyn_app.library.videos import Relinked

app = verb_app()
app.command()(protect)
app.command()(unprotect)
app.command()(passphrase)
app.command()(rekey)
app.command()(recovery)


@app.callback()
def library() -> None:
    """Check a library, encrypt it, set what it keeps, find the videos of its sessions again."""


@app.command()
def check(
    library: LibraryFolder,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Delete session files that belong to nobody.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every session; find files of nobody and what was left half done."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.library_check import check

        found = check(library, sweep=sweep, on_progress=answer.on_progress)
        facts = {"library": library, "sound": found.sound, **asdict(found)}
        code = {} if found.sound else {"exit_code": UNUSABLE}
        answer.outcome = Outcome(facts, _text(found), **code)


@app.command()
def settings(
    library: LibraryFolder,
    file_names: Annotated[
        bool | None,
        typer.Option(
            "--file-names/--no-file-names",
            show_default="as it is",
            help="Whether names of recordings' files are kept and shown.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a library keeps of its recordings, or say so for what is to come."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.library_settings import library_settings

        found = library_settings(library, file_names)
        lines = [f"file names: {'kept' if found.file_names else 'not kept'}"]
        if found.n_named and not found.file_names:
            n = f"{counted(found.n_named, 'session')}"
            lines.append(f"{n} from before still hold theirs; forgotten and imported again, none.")
        answer.outcome = Outcome({"library": library, **asdict(found)}, "\n".join(lines))


@app.command()
def relink(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the videos are now; or one video.")
    ],
    library: LibraryFolder,
    as_json: AsJson = False,
) -> None:
    """Find the videos of a library's sessions by their content, after they were moved."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.kept import relink as relink_in

        found = relink_in(folder, library, answer.on_progress)
        facts = {
            "library": library,
            "folder": folder,
            "n_looked_at": found.n_looked,
            "found": [
                {"speaker": entry.speaker, "session": entry.name, "key": entry.id, "video": path}
                for entry, path in found.found
            ],
            "missing": [
                {"speaker": entry.speaker, "session": entry.name, "key": entry.id}
                for entry in found.missing
            ],
        }
        answer.outcome = Outcome(facts, _relinked_text(found))


def _relinked_text(found: Relinked) -> str:
    n = len(found.found)
    lines = [f"found: the videos of {counted(n, 'session')}"]
    lines += [
        f"  {entry.speaker or 'unknown'}, {entry.name} (#{entry.id}): {path}"
        for entry, path in found.found
    ]
    if found.missing:
        lines.append("not where they were seen last, and not here either:")
        lines += [
            f"  {entry.speaker or 'unknown'}, {entry.name} (#{entry.id}): {entry.source_name}"
            for entry in found.missing
        ]
    return "\n".join(lines)


def _text(found: LibraryCheck) -> str:
    n = found.n_sessions
    lines = [f"{counted(n, 'session')}: {'sound' if found.sound else 'not sound'}"]
    for title, items in (
        ("without a file", found.missing),
        ("damaged", found.damaged),
        ("of nobody ('--sweep' deletes them)", found.unreferenced),
        ("half-written, in hand or not a day old", found.unfinished),
        ("unfinished trainings", found.trainings),
        ("swept", found.swept),
    ):
        lines += [f"{title}:", *(f"  {item}" for item in items)] if items else []
    for n, what in (
        (found.given_back, "which a program had in hand that was killed, wait again"),
        (found.waiting, "wait in the queue; 'facedyn queue run' goes on with them"),
    ):
        lines += [f"{counted(n, 'recording')} {what}"] if n else []
    return "\n".join([*lines, *filter(None, [found.shared])])
