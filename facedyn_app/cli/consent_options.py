"""Consent on the command line: its options, its facts for scripts, its words for people."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from facedyn_app.records import Consent, ConsentTerms, Purpose

ALL, ENDLESS = "all", "none"
PURPOSES = "|".join(Purpose)

ConsentFor = Annotated[
    str | None,
    typer.Option(
        "--consent-for",
        metavar="PURPOSE,…",
        show_default="every purpose, as the text says",
        help=f"What the consent is for: {PURPOSES}.",
    ),
]
ConsentUntil = Annotated[
    str | None,
    typer.Option(
        "--consent-until", metavar="YYYY-MM-DD", show_default="no end", help="Its last day."
    ),
]
ConsentBy = Annotated[
    str, typer.Option("--consent-by", metavar="TEXT", show_default=False, help="Who gives it.")
]


def parsed_purposes(text: str) -> frozenset[Purpose]:
    """Purposes with commas between them; `all` is every one.

    Raises:
        typer.BadParameter: There is another word among them, or none at all.
    """
    if text.strip() == ALL:
        return frozenset(Purpose)
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in list(Purpose)]
    if unknown or not words:
        raise typer.BadParameter(f"'{text}' is not of {PURPOSES} with commas between them")
    return frozenset(map(Purpose, words))


def parsed_day(text: str) -> date:
    """A day.

    Raises:
        typer.BadParameter: It is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is no day such as 2027-12-31") from error


def consent_terms(
    consent: str, purposes: str | None, until: str | None, given_by: str
) -> ConsentTerms | None:
    """What a consent is for, as it was said; None where the text alone says it.

    Raises:
        typer.BadParameter: It cannot be understood, or there is no consent.
    """
    if purposes is None and until is None and not given_by.strip():
        return None
    if not consent.strip():
        raise typer.BadParameter("these say more of a '--consent TEXT', which is missing")
    return ConsentTerms(
        frozenset(Purpose) if purposes is None else parsed_purposes(purposes),
        None if until is None else parsed_day(until),
        given_by,
    )


def consent_facts(consent: Consent) -> dict[str, object]:
    """A consent by purpose, for scripts."""
    purposes = {}
    for purpose in Purpose:
        grant = consent.of(purpose)
        withdrawn = None if grant is None else grant.withdrawn_at
        purposes[purpose.value] = {
            "state": consent.state(purpose).value,
            "given_at": None if grant is None else grant.given_at.isoformat(),
            "given_by": "" if grant is None else grant.given_by,
            "until": None if grant is None or grant.until is None else grant.until.isoformat(),
            "withdrawn_at": None if withdrawn is None else withdrawn.isoformat(),
        }
    return {
        "given_as_text": consent.as_text,
        "consent_ended": consent.has_ended(),
        "purposes": purposes,
    }
