"""`facedyn backup`: a library as one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import counted

app = verb_app()


@app.command()
def backup(
    library: LibraryFolder,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The backup.")],
    as_json: AsJson = False,
) -> None:
    """Write a library into one file with checksums, while others go on working with it.

    It is encrypted where the library is, and opened by the same passphrase. Of another library
    nothing in it is encrypted: keep it where only those can read it who may read the library.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.backup import backup as back_up

        facts = back_up(library, out, answer.on_progress)
        text = (
            f"backed up, {'' if facts.encrypted else 'not '}encrypted: "
            f"{counted(facts.n_sessions, 'session')} of "
            f"{counted(facts.n_speakers, 'speaker')} in {out}\n"
            f"head of the audit: {facts.audit_head}"
        )
        answer.outcome = Outcome({"library": library, "backup": out, **asdict(facts)}, text)
