"""`facedyn speakers consent` and `expired`: what a speaker has consented to, and what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.consent_options import (
    ENDLESS,
    PURPOSES,
    consent_facts,
    parsed_day,
    parsed_purposes,
)
from facedyn_app.cli.options import AsJson, LibraryFolder
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import table

if TYPE_CHECKING:
    from facedyn_app.library.records import SpeakerEntry


def consent(
    speaker: Annotated[str, typer.Argument(metavar="SPEAKER", help="The speaker's name.")],
    library: LibraryFolder,
    purposes: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="PURPOSE,…", help=f"What it holds for from now on: {PURPOSES}."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="YYYY-MM-DD|none", help="Its last day from now on."),
    ] = None,
    withdraw: Annotated[
        str | None, typer.Option("--withdraw", metavar="PURPOSE,…|all", help="What it ends for.")
    ] = None,
    given_by: Annotated[
        str, typer.Option("--by", metavar="TEXT", show_default=False, help="Who gives it.")
    ] = "",
    text: Annotated[
        str,
        typer.Option(
            "--text", metavar="TEXT", show_default=False, help="The consent in words, to be added."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a speaker has consented to; or say what holds from now on, or withdraw it."""
    from facedyn_app.workflows.consent import ConsentWish, read_consent, wish_consent

    endless = until is not None and until.strip() == ENDLESS
    wish = ConsentWish(
        None if purposes is None else parsed_purposes(purposes),
        frozenset() if withdraw is None else parsed_purposes(withdraw),
        None if until is None or endless else parsed_day(until),
        endless,
        given_by,
        text,
    )
    with answering(as_json) as answer:
        if wish == ConsentWish():
            entry = read_consent(library, speaker)
        else:
            entry = wish_consent(library, speaker, wish).speaker
        facts = {"name": entry.name, **_facts(entry)}
        lines = [f"{entry.name}: {entry.agreed.words()}", *entry.consent.split("\n")]
        answer.outcome = Outcome(facts, "\n  ".join(lines))


def expired(library: LibraryFolder, as_json: AsJson = False) -> None:
    """List of whose consent something has expired, or nothing holds any more."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.consent import expired_speakers

        found = expired_speakers(library)
        rows = [
            (one.name, "ended" if one.agreed.has_ended() else "in part", one.agreed.words())
            for one in found
        ]
        facts = {
            "library": library,
            "speakers": [{"name": one.name, **_facts(one)} for one in found],
        }
        text = table(("speaker", "consent", "purposes"), rows) if rows else "nobody's"
        answer.outcome = Outcome(facts, text)


def _facts(entry: SpeakerEntry) -> dict[str, object]:
    return {
        "key": entry.id,
        "consent": entry.consent,
        "consented_at": entry.consented_at.isoformat(),
        **consent_facts(entry.agreed),
        "n_sessions": entry.n_sessions,
    }
