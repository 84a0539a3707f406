"""Pages of reports on sessions, speakers and libraries, gathered from the library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from facedyn_app import PROGRAM
from facedyn_app.dynamics.motion_range import measure_motion_range
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import FacedynError, InputError, TooLittleError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry, SpeakerEntry
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import DriftReport, NoDrift, Session
from facedyn_app.reports.corpus_page import Member, corpus_page
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.session_page import session_page
from facedyn_app.reports.speaker_page import Visit, speaker_page
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.drift import (
    DriftReading,
    different_heads,
    sessions_by_date,
    shown_by_date,
)

STAGE = "gathering for the report"
UNTRACED = "not known: the session does not say of which recording it is"


def session_report(
    name: str,
    session: Session,
    trust: TrustSettings,
    library: Library | None = None,
    clinical: Mapping[str, object] | None = None,
) -> str:
    """The page of one session.

    Args:
        name: What it is called.
        session: The session.
        trust: Where "good" ends and "do not use" begins.
        library: Where its speaker and consent are looked up, by the recording's SHA-256.
        clinical: The section on clinical measures; None for none.
    """
    speaker, consent = ("", "") if library is None else _consent_for(library, session)
    return session_page(name, session, trust, _provenance(speaker, consent), clinical)


def speaker_report(
    library: Library, speaker: str, trust: TrustSettings, on_progress: OnProgress = ignore
) -> str:
    """The page of one speaker's sessions, by date.

    Raises:
        InputError: There is no such speaker, or a session cannot be read.
        TooLittleError: They have no sessions.
    """
    entries = sessions_by_date(library, speaker)
    if not entries:
        raise TooLittleError(
            f"There is no session of '{speaker}' in the library '{library.folder}'.",
            "Enrol a recording first.",
        )
    visits, reading = [], DriftReading()
    for number, entry in enumerate(entries):
        on_progress(Progress(STAGE, number, len(entries)))
        session = library.load(entry)
        reading.add(entry.name, session)
        visits.append(_visit(entry, session, trust))
    known = library.speaker(speaker)
    found = _provenance(known.name, known.consent)
    return speaker_page(visits, _drift(found.speaker, reading), trust, found)


def library_report(library: Library, trust: TrustSettings, on_progress: OnProgress = ignore) -> str:
    """The page of all speakers of a library.

    Raises:
        TooLittleError: There is nobody in it.
    """
    speakers = library.speakers()
    if not speakers:
        raise TooLittleError(
            f"There is nobody in the library '{library.folder}'.", "Enrol a speaker first."
        )
    members = []
    for number, known in enumerate(speakers):
        on_progress(Progress(STAGE, number, len(speakers)))
        with suppress(InputError):  # another program has forgotten them meanwhile
            members.append(_member(library, known, trust))
    return corpus_page(str(library.folder), members, trust, _provenance())


def _provenance(speaker: str = "", consent: str = "") -> Provenance:
    return Provenance(PROGRAM, datetime.now().astimezone(), speaker, consent)


def _consent_for(library: Library, session: Session) -> tuple[str, str]:
    """Speaker and consent of the library's session of the same face of the same recording."""
    wanted = session.info.source_sha256
    if wanted is None:
        return "", UNTRACED
    entries = [
        entry
        for entry in library.sessions()
        if entry.source_sha256 == wanted
        and entry.speaker is not None
        and (library.load(entry).info.face or 1) == (session.info.face or 1)
    ]
    names = {str(entry.speaker) for entry in entries}
    if len(names) != 1:
        return "", "several speakers have this recording" if names else ""
    known = library.speaker(names.pop())
    return known.name, known.consent


def _member(library: Library, known: SpeakerEntry, trust: TrustSettings) -> Member:
    entries = shown_by_date(library, known.name)
    mixed = different_heads(known.name, entries)
    qualities, versions = [], []
    damages: list[FacedynError] = []
    reading = DriftReading()
    for entry in entries:
        try:
            session = library.load(entry)
        except FacedynError as error:
            damages.append(error)
        else:
            if mixed is None:
                reading.add(entry.name, session)
            qualities.append(assess_quality(session, trust))
            versions.append(_versions(session))
    no_drift = [*damages, *([mixed] if mixed is not None else [])]
    return Member(
        name=known.name,
        consent=known.consent,
        simulated=any(entry.simulated for entry in entries),
        qualities=tuple(qualities),
        drift=NoDrift(known.name, no_drift[0].sentence)
        if no_drift
        else _drift(known.name, reading),
        unread=tuple(error.sentence for error in damages),
        versions=tuple(versions),
    )


def _drift(speaker: str, reading: DriftReading) -> DriftReport | NoDrift:
    """The drift of sessions that are read already, or why there is none."""
    try:
        return reading.drift(speaker)
    except FacedynError as error:
        return NoDrift(speaker, error.sentence)


def _versions(session: Session) -> str:
    """What made a session: the settings by the beginning of their SHA-256."""
    settings = json.dumps(session.info.settings, sort_keys=True)
    number = sha256(settings.encode()).hexdigest()[:12]
    program = session.info.program or "a program not known"
    head = (session.info.head_sha256 or "not known")[:12]
    return f"{program}, head {session.head_id} ({head}), settings {number}"


def _visit(entry: SessionEntry, session: Session, trust: TrustSettings) -> Visit:
    source = entry.source_sha256[:12] if entry.source_sha256 else "not known"
    return Visit(
        name=entry.name,
        date_words=entry.date_words,
        simulated=entry.simulated,
        versions=f"{_versions(session)}, recording {source}",
        quality=assess_quality(session, trust),
        ranges=measure_motion_range(session),
    )
