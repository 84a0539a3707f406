"""Takes of a library: which of its sessions are of the very recording that a new session is of.

The same file has the same content hash. A copy of it, recoded or cut, moves alike: the few sessions
whose signatures are nearest are read and compared (`dynamics.same_take`). The signature of a
session stands with its row, so that 10,000 sessions are looked through without being read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.dynamics.same_take import (
    NO_MATCH,
    TakeMatch,
    TakeTracks,
    nearest_takes,
    take_match,
    take_signature,
    take_tracks,
)
from facedyn_app.errors import InputError
from facedyn_app.library.database import ReadOnlyError
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import MOST_NAMED, SessionRow, TakeRow
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FloatArray, KnownRecording, Session

MOST_COMPARED = 8
"""Sessions, those with the nearest signatures, that are read and compared."""


class KnownRecordingError(InputError):
    """A recording that a library has already."""


class OthersRecordingError(KnownRecordingError):
    """A recording that a library has already, of another speaker."""


def known_error(name: str, known: Sequence[KnownRecording]) -> KnownRecordingError:
    """The error for a recording of which a library has sessions, one at least."""
    others = [one for one in known if one.speaker != name]
    if others:
        return OthersRecordingError(
            f"{others[0].words} It is not enrolled for '{name}' as well.",
            "Say '--again' if both are meant to have it.",
        )
    return KnownRecordingError(
        f"{known[0].words} It does not count as a second session.",
        "Say '--again' to enrol it all the same.",
    )


def check_new(
    library: Library, name: str, session: Session, on_progress: OnProgress = ignore
) -> None:
    """Make sure that a library has not the recording of a session yet.

    A second session of the same file for the same speaker is not looked at: the library refuses
    it in any case.

    Raises:
        KnownRecordingError: It has a copy of it for this speaker.
        OthersRecordingError: It has it for another one.
    """
    known = find_known(library, session, on_progress)
    told = [one for one in known if one.speaker != name or one.correlation is not None]
    if told:
        raise known_error(name, told)


def find_known(
    library: Library, session: Session, on_progress: OnProgress = ignore
) -> tuple[KnownRecording, ...]:
    """The sessions of speakers that are of the very recording that a session is of.

    Args:
        library: The library.
        session: The session in question; one of the library finds itself.
        on_progress: Told of every session that has no signature yet; may raise `Cancelled`.

    Raises:
        InputError: The library cannot be read.
    """
    entries = [entry for entry in library.sessions() if entry.speaker is not None]
    same = same_file(library, session, entries)
    ids = {entry.id for entry in same}
    others = [entry for entry in entries if entry.id not in ids]
    copies = find_copies(library, session, others, on_progress)
    return (
        *(KnownRecording(one.id, one.name, str(one.speaker)) for one in same),
        *(KnownRecording(one.id, one.name, str(one.speaker), r) for one, r in copies),
    )


def same_file(
    library: Library, session: Session, entries: Sequence[SessionEntry]
) -> list[SessionEntry]:
    """Those of the entries that are of the same face in the same file."""
    sha256 = session.info.source_sha256
    found = [entry for entry in entries if sha256 is not None and entry.source_sha256 == sha256]
    return [entry for entry in found if _same_face(library, entry, session.info.face)]


def _same_face(library: Library, entry: SessionEntry, face: int | None) -> bool:
    try:
        known = library.load(entry).info.face if face is not None else None
    except InputError:  # the file is the same; of whom it was cannot be read any more
        return True
    return known is None or known == face


def find_copies(
    library: Library,
    session: Session,
    entries: Sequence[SessionEntry],
    on_progress: OnProgress = ignore,
) -> list[tuple[SessionEntry, float]]:
    """Those of the entries that are of the same take, with the correlation of the motion.

    Only sessions of the same head or channel set can be compared.

    Raises:
        InputError: The library cannot be read.
    """
    alike = [entry for entry in entries if entry.head_id == session.head_id]
    if not alike:
        return []
    tracks = take_tracks(session)
    signatures = _signatures(library, alike, on_progress)
    listed = [entry for entry in alike if entry.id in signatures]
    nearest = nearest_takes(
        take_signature(tracks), [signatures[entry.id] for entry in listed], MOST_COMPARED
    )
    found = [(listed[k], _compared(library, listed[k], tracks)) for k in nearest]
    return [(entry, match.correlation) for entry, match in found if match.same]


def _compared(library: Library, entry: SessionEntry, tracks: TakeTracks) -> TakeMatch:
    try:
        return take_match(take_tracks(library.load(entry)), tracks)
    except InputError:  # said where it is asked for
        return NO_MATCH


def _signatures(
    library: Library, entries: Sequence[SessionEntry], on_progress: OnProgress
) -> Mapping[int, FloatArray]:
    """The signatures of sessions; those that have none get it. One that is damaged has none."""
    with library.transaction() as orm:
        signatures = _kept_signatures(orm, [entry.id for entry in entries])
    missing = [entry for entry in entries if entry.id not in signatures]
    made: dict[int, FloatArray] = {}
    for number, entry in enumerate(missing):
        on_progress(Progress("looking at earlier recordings", number, len(missing)))
        try:
            made[entry.id] = take_signature(take_tracks(library.load(entry)))
        except InputError:  # said where it is asked for
            continue
    if made:
        _keep(library, made)
    return {**signatures, **made}


def _kept_signatures(orm: OrmSession, ids: Sequence[int]) -> dict[int, FloatArray]:
    # a library of an earlier version that may only be read has none
    if not inspect(orm.connection()).has_table(TakeRow.__tablename__):
        return {}
    query = select(TakeRow.session_id, TakeRow.signature)
    if len(ids) < MOST_NAMED:
        query = query.where(TakeRow.session_id.in_(ids))
    kept = orm.execute(query).all()
    return {number: signature for number, signature in kept if signature is not None}


def _keep(library: Library, signatures: Mapping[int, FloatArray]) -> None:
    try:
        with library.transaction() as orm:
            for number, signature in signatures.items():
                if orm.get(SessionRow, number) is None:  # another program has deleted it meanwhile
                    continue
                orm.merge(TakeRow(session_id=number, signature=signature))
    except ReadOnlyError:
        return  # made again the next time
