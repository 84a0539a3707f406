"""Consents on record: read, given, changed and withdrawn, by person and purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.errors import ConsentError, InputError
from facedyn_app.library.columns import LAST_YEAR, DamagedError
from facedyn_app.library.schema import MOST_NAMED, ConsentRow, SpeakerRow
from facedyn_app.records import Consent, ConsentTerms, Grant, Purpose, stricter

_LONGEST_GIVER = 200


def consents_of(orm: OrmSession, rows: Sequence[SpeakerRow]) -> dict[int, Consent]:
    """The consent of each of these speakers, by number."""
    found: dict[int, list[ConsentRow]] = {}
    query = select(ConsentRow)
    if len(rows) < MOST_NAMED:
        query = query.where(ConsentRow.speaker_id.in_([row.id for row in rows]))
    # a library of an earlier version that may only be read has none
    if inspect(orm.connection()).has_table(ConsentRow.__tablename__):
        for one in orm.scalars(query):
            found.setdefault(one.speaker_id, []).append(one)
    return {row.id: _consent(row, found.get(row.id, ())) for row in rows}


def consent_of(orm: OrmSession, row: SpeakerRow) -> Consent:
    """The consent of a speaker."""
    own = select(ConsentRow).where(ConsentRow.speaker_id == row.id)
    return _consent(row, orm.scalars(own).all())


def check_in_force(orm: OrmSession, row: SpeakerRow) -> None:
    """Check that something a speaker has consented to holds, before more is kept of them.

    Raises:
        ConsentError: All of it has expired or is withdrawn.
    """
    consent = consent_of(orm, row)
    if consent.has_ended():
        raise ConsentError(
            f"The consent of '{row.name}' has ended ({consent.words()}), so nothing is enrolled.",
            "Give the new consent and say what it is for: '--consent TEXT --consent-for PURPOSES'.",
        )


def add_consent(orm: OrmSession, row: SpeakerRow, terms: ConsentTerms) -> None:
    """Put a consent on record that is given beside what holds: it adds, and takes nothing away.

    A purpose that holds already goes on until the later of both days. A consent given as text
    holds for every purpose, without an end: there is nothing to add to it.
    """
    consent = consent_of(orm, row)
    if consent.as_text:
        return
    wanted = consent.in_force()
    for purpose in terms.purposes:
        until = terms.until
        if purpose in wanted:
            until = _later(wanted[purpose], until)
        wanted[purpose] = until
    set_consent(orm, row, wanted, terms.given_by)


def set_consent(
    orm: OrmSession, row: SpeakerRow, wanted: Mapping[Purpose, date | None], given_by: str = ""
) -> None:
    """Say what a speaker's consent holds for from now on; what else has held is withdrawn.

    Args:
        orm: A transaction.
        row: The speaker.
        wanted: The purposes, each with its last day, None without an end.
        given_by: Who gives what is given now; may be empty.

    Raises:
        InputError: A day has passed already, or the giver cannot be one.
    """
    today, time = date.today(), datetime.now(UTC).replace(microsecond=0)
    before = consent_of(orm, row)
    if before.as_text and dict(wanted) == before.in_force(today):
        return
    held, giver = before.in_force(today), _checked_giver(given_by)
    grants = []
    for purpose in Purpose:
        old = before.of(purpose)
        if purpose in wanted:
            until = _checked_day(wanted[purpose], today)
            if old is None or purpose not in held:
                grants.append(Grant(purpose, time, until, given_by=giver))
            else:
                grants.append(replace(old, until=until, given_by=giver or old.given_by))
        elif old is not None:
            grants.append(replace(old, withdrawn_at=time) if purpose in held else old)
    write_grants(orm, row.id, grants)


def new_consent(orm: OrmSession, row: SpeakerRow, terms: ConsentTerms) -> None:
    """Put the terms of a new speaker's consent on record.

    Raises:
        InputError: The day has passed already, the giver cannot be one, or it is for nothing.
    """
    if not terms.purposes:
        raise InputError("A consent must be for something.", f"Choose from {_PURPOSES}.")
    until = _checked_day(terms.until, date.today())
    giver, time = _checked_giver(terms.given_by), datetime.now(UTC).replace(microsecond=0)
    grants = [Grant(one, time, until, given_by=giver) for one in Purpose if one in terms.purposes]
    write_grants(orm, row.id, grants)


def merge_consents(orm: OrmSession, source: SpeakerRow, target: SpeakerRow) -> None:
    """Let what both have consented to hold for two speakers who become one."""
    one, other = consent_of(orm, source), consent_of(orm, target)
    if not (one.as_text and other.as_text):
        kept = (stricter(one.of(purpose), other.of(purpose)) for purpose in Purpose)
        write_grants(orm, target.id, [grant for grant in kept if grant is not None])
    delete_consents(orm, source.id)


def delete_consents(orm: OrmSession, *speaker_ids: int) -> None:
    """Delete what is on record of speakers by purpose."""
    orm.execute(delete(ConsentRow).where(ConsentRow.speaker_id.in_(speaker_ids)))
    orm.flush()


def write_grants(orm: OrmSession, speaker_id: int, grants: Sequence[Grant]) -> None:
    """Put a speaker's grants on record in place of those that were."""
    delete_consents(orm, speaker_id)
    for grant in grants:
        orm.add(
            ConsentRow(
                speaker_id=speaker_id,
                purpose=grant.purpose.value,
                given_at=grant.given_at.isoformat(),
                until=None if grant.until is None else grant.until.isoformat(),
                withdrawn_at=None if grant.withdrawn_at is None else grant.withdrawn_at.isoformat(),
                given_by=grant.given_by,
            )
        )
    orm.flush()


_PURPOSES = ", ".join(Purpose)


def _consent(row: SpeakerRow, purposes: Sequence[ConsentRow]) -> Consent:
    order = list(Purpose)
    grants = sorted(map(_grant, purposes), key=lambda grant: order.index(grant.purpose))
    return Consent(row.consent, datetime.fromisoformat(row.consented_at), tuple(grants))


def _grant(row: ConsentRow) -> Grant:
    try:
        purpose = Purpose(row.purpose)
    except ValueError as error:
        raise DamagedError(f"a row holds {row.purpose[:40]!r} in place of a purpose") from error
    return Grant(
        purpose,
        datetime.fromisoformat(row.given_at),
        None if row.until is None else datetime.fromisoformat(row.until).date(),
        None if row.withdrawn_at is None else datetime.fromisoformat(row.withdrawn_at),
        row.given_by,
    )


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _checked_day(until: date | None, today: date) -> date | None:
    if until is not None and until < today:
        raise InputError(
            f"A consent cannot be given until {until}, which has passed.",
            "Give a day from today on; '--withdraw' takes a consent back.",
        )
    if until is not None and until.year > LAST_YEAR:
        raise InputError(f"A consent cannot be given until {until}.", "Leave the end out.")
    return until


def _checked_giver(giver: str) -> str:
    text = giver.strip()
    if len(text) > _LONGEST_GIVER or not text.isprintable():
        raise InputError(
            f"{giver[:40]!r} cannot be who gave a consent.",
            f"Use up to {_LONGEST_GIVER} printable characters.",
        )
    return text
