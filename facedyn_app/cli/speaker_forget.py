"""`facedyn speakers forget`: a speaker, a session, or everybody whose consent has ended."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.errors import InputError
from facedyn_app.formatting import counted

if TYPE_CHECKING:
    from facedyn_app.workflows.forget import Forgotten


def forget(
    library: LibraryFolder,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The speaker.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="KEY", help="A session alone.")
    ] = None,
    ended: Annotated[
        bool,
        typer.Option("--expired", help="Everybody of whose consent nothing holds any more."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a speaker or a session and all that was measured of them; there is no way back."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.forget import (
            forget_ended,
            forget_for_good,
            what_goes,
            what_goes_with_ended,
        )

        if ended and (name or session):
            raise InputError("'--expired' says who goes.", "Leave out NAME and '--session'.")
        goes = what_goes_with_ended(library) if ended else what_goes(library, name, session).lines()
        if goes and not yes:
            _ask(goes, asks=not as_json and sys.stdin.isatty())
        if ended:
            found = forget_ended(library, answer.on_progress) if goes else []
            text = "\n".join(map(_text, found)) or "nobody's consent has ended"
            answer.outcome = Outcome({"forgotten": [_facts(one) for one in found]}, text)
        else:
            one = forget_for_good(library, name, session, answer.on_progress)
            answer.outcome = Outcome(_facts(one), _text(one))


def _ask(goes: Sequence[str], *, asks: bool) -> None:
    """Say what will go, and ask whether it shall; where nobody can be asked it does not."""
    listed = "\n".join(["This will go:", *(f"  {line}" for line in goes)])
    if not asks:
        raise InputError(f"{listed}\nNothing is forgotten yet.", "Say '--yes' to do it.")
    typer.echo(listed, err=True)
    typer.confirm("Forget all of it? There is no way back", abort=True, err=True)


def _facts(found: Forgotten) -> dict[str, object]:
    return {
        "speaker": found.speaker,
        "n_sessions": found.n_sessions,
        "marked_recognizers": found.recognizers,
        "searched_files": found.search.n_files,
        "searched_folders": found.search.folders,
        "found": [{"path": one.path, "what": one.what} for one in found.search.findings],
    }


def _text(found: Forgotten) -> str:
    n = found.n_sessions
    who = f"{found.speaker or 'the session'}, {counted(n, 'session')}"
    return f"forgotten: {who}\n{found.search.words()}"
