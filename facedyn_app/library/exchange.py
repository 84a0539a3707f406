"""Speakers taken from one library to another: sessions, consent, tags, notes, dates in one archive.

Nobody goes without the consent that is on record: it comes into the other library with them. Where
that has a speaker of the same name already, nothing is taken in, since the program cannot tell
whether they are one person.

Under a passphrase of its own everything in the archive is sealed (`library.protection`): the files,
and in the manifest's facts the `speakers`, beside the `protection` that opens them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app import PROGRAM
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.library import operations
from facedyn_app.library.annotations import Annotation, all_annotations, set_annotation
from facedyn_app.library.archive import (
    MOST_IN_MEMORY,
    Archive,
    ArchiveWriter,
    CountedBytes,
    opened_archive,
    total_size,
)
from facedyn_app.library.archive_checks import damage_told, refused
from facedyn_app.library.audit import Speaker, write_audit
from facedyn_app.library.carried_speakers import (
    CarriedGrant,
    CarriedSession,
    CarriedSpeaker,
    speaker_of,
)
from facedyn_app.library.consent import write_grants
from facedyn_app.library.library import Library
from facedyn_app.library.names import check_near
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.sealed_archive import (
    Sealing,
    facts_of_speakers,
    sealed_by,
    sealing_of,
    speaker_facts,
    unsealed_by,
)
from facedyn_app.library.records import SessionEntry, SpeakerEntry
from facedyn_app.library.schema import SpeakerRow, in_utc, now
from facedyn_app.library.session_file import load_session
from facedyn_app.path_checks import naming
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session

KIND: Final = "facedyn-speakers"
WHAT: Final = "file of exported speakers"
FOLDER: Final = "sessions"


def export_speakers(
    library: Library,
    names: Sequence[str],
    out: Path,
    on_progress: OnProgress,
    passphrase: str | None = None,
) -> tuple[CarriedSpeaker, ...]:
    """Write speakers into a file, for its owner alone, whole or not at all.

    Args:
        library: Whose speakers.
        names: Which ones.
        out: The file.
        on_progress: Told of what is written, in MiB; may raise Cancelled.
        passphrase: What opens the file; None: it is open to everybody who reads it.

    Raises:
        InputError: There is no such speaker, the passphrase is too short, or a session's file is
            missing.
        OutputError: The file cannot be written.
    """
    wanted = list(dict.fromkeys(operations.checked_name(name) for name in names))
    of_speakers, of_sessions = all_annotations(library)
    carried: list[CarriedSpeaker] = []
    files: dict[str, SessionEntry] = {}
    for name in wanted:
        speaker, own = library.speaker(name), library.sessions(name)
        files |= {f"{FOLDER}/{one.file_name}": one for one in own}
        carried.append(_carried(speaker, own, of_speakers, of_sessions))
    sealing = None if passphrase is None else Sealing.new(passphrase)
    with atomic_file(out) as file, ArchiveWriter(file, KIND) as archive:
        own_only(file)
        sizes = total_size(map(library.session_path, files.values()))
        told = CountedBytes(on_progress, "exporting", sizes)
        for name, entry in files.items():
            try:
                content = library.reading(entry, lambda p: library.files.read(p, MOST_IN_MEMORY))
                archive.add_content(name, sealed_by(sealing, name, content), told)
            except FileNotFoundError as error:
                raise InputError(
                    f"The file '{library.session_path(entry)}' of a session is missing.",
                    "'facedyn library check' says which session it is.",
                ) from error
        facts = speaker_facts(sealing, [asdict(one) for one in carried])
        archive.finish({"program": PROGRAM, "made_at": now(), **facts})
        with library.transaction() as orm:  # of who is gone by now nothing is exported
            for one in carried:
                number = operations.known_speaker(orm, one.name).id
                write_audit(orm, "export", Speaker(number), f", {len(one.sessions)} sessions")
    return tuple(carried)


def _carried(
    speaker: SpeakerEntry,
    sessions: Sequence[SessionEntry],
    of_speakers: dict[int, Annotation],
    of_sessions: dict[int, Annotation],
) -> CarriedSpeaker:
    noted = of_speakers.get(speaker.id, Annotation())
    own = []
    for one in sessions:
        said = of_sessions.get(one.id, Annotation())
        at = None if one.recorded_at is None else one.recorded_at.isoformat()
        name = f"{FOLDER}/{one.file_name}"
        own.append(CarriedSession(name, one.name, one.enrolled, at, said.tags, said.note))
    at = speaker.consented_at.isoformat()
    grants = tuple(map(CarriedGrant.of, speaker.agreed.grants))
    return CarriedSpeaker(
        speaker.name, speaker.consent, at, grants, noted.tags, noted.note, tuple(own)
    )


def import_speakers(
    library: Library,
    path: Path,
    on_progress: OnProgress,
    *,
    near: bool = False,
    ask: Callable[[], str | None] = lambda: None,
) -> tuple[CarriedSpeaker, ...]:
    """Take speakers of another library in, all or none, with the consent that was on record there.

    Args:
        library: The library.
        path: The file.
        on_progress: Told of what is read; may raise Cancelled.
        near: Whether a name may be nearly somebody's.
        ask: Gives what opens the file, where it is sealed.

    Raises:
        LockedError: The file is sealed, and this does not open it.
        InputError: The file is none, is damaged or of a newer version; or there is a speaker of
            one of the names already.
        NearNameError: A name is nearly somebody's.
        OutputError: The library cannot be written.
    """
    with opened_archive(path, KIND, WHAT) as archive:
        sealing = sealing_of(path, archive.facts, ask)
        carried = _speakers_in(path, archive, sealing)
        with library.transaction() as orm:
            _check_names(orm, carried, near=near)
        sessions: list[Session] = []

        @contextmanager
        def opened(member: Path) -> Iterator[BinaryIO]:
            name = member.as_posix()
            yield BytesIO(unsealed_by(sealing, name, archive.read(name)))

        for speaker in carried:
            for one in speaker.sessions:
                on_progress(Progress("reading sessions", len(sessions)))
                with naming(path):
                    sessions.append(load_session(Path(one.file), opened))
        with library.store.placed(sessions, library.transaction) as (orm, names):
            _check_names(orm, carried, near=near)
            kept = iter(zip(sessions, names, strict=True))
            for speaker in carried:
                _take_in(orm, speaker, [next(kept) for _ in speaker.sessions])
    return carried


def _check_names(orm: OrmSession, carried: Sequence[CarriedSpeaker], *, near: bool) -> None:
    known = list(orm.scalars(select(SpeakerRow.name)))
    for one in carried:
        if operations.checked_name(one.name) in known:
            raise InputError(
                f"There is a speaker '{one.name}' in the library already.",
                "Rename one of the two ('facedyn speakers rename'), and merge them if they are "
                "one person.",
            )
        if not near:
            check_near(one.name, known)


def _take_in(
    orm: OrmSession, speaker: CarriedSpeaker, sessions: Sequence[tuple[Session, str]]
) -> None:
    row = operations.consenting_speaker(orm, speaker.name, speaker.consent)
    row.consented_at = speaker.consented_at
    write_grants(orm, row.id, [one.grant() for one in speaker.grants])
    if speaker.tags or speaker.note:
        set_annotation(orm, speaker.tags, speaker.note, speaker_id=row.id)
    for one, (session, file_name) in zip(speaker.sessions, sessions, strict=True):
        kept = operations.new_session(orm, session, file_name, one.name)
        at = one.recorded_at
        kept.recorded_at = None if at is None else in_utc(datetime.fromisoformat(at))
        if one.enrolled:
            operations.enrol_row(orm, kept, row)
        else:
            operations.assign(orm, kept, row)
        if one.tags or one.note:
            set_annotation(orm, one.tags, one.note, session_id=kept.id)
    write_audit(orm, "import", Speaker(row.id), f", {len(sessions)} sessions, of another library")


def _speakers_in(
    path: Path, archive: Archive, sealing: Sealing | None
) -> tuple[CarriedSpeaker, ...]:
    """Who is in an archive; every file of it belongs to one session.

    Raises:
        InputError: What it says of them is damaged, or somebody has no consent.
    """
    with damage_told(path, "what it says of its speakers is damaged"):
        said = facts_of_speakers(sealing, archive.facts)
        carried = tuple(speaker_of(one) for one in said)
    files = [one.file for speaker in carried for one in speaker.sessions]
    names = [operations.checked_name(one.name) for one in carried]
    if sorted(files) != sorted(archive.members) or len(set(names)) != len(names) or not names:
        raise refused(path, "what it says of its speakers is damaged")
    for one in carried:
        if not one.consent.strip():
            raise refused(path, f"there is no consent of '{one.name}' in it")
    return carried
