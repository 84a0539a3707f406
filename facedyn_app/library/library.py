"""The library: a folder with the speakers, their consent, their sessions, and who did what."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from facedyn_app.library import operations
from facedyn_app.library.audit import take_out, write_audit
from facedyn_app.library.bulk_enrolment import NewSession, enrol_sessions
from facedyn_app.library.embeddings import erase_embeddings, speaker_row
from facedyn_app.library.names import Erasure
from facedyn_app.library.open_library import OpenLibrary
from facedyn_app.library.records import (
    SessionEntry,
    SpeakerEntry,
    changed_entry,
    session_entries,
    speaker_entries,
)
from facedyn_app.library.schema import EnrolmentRow, SessionRow, SpeakerRow
from facedyn_app.library.work_rows import Hand, delete_work
from facedyn_app.records import (
    ConsentState,
    ConsentTerms,
    Purpose,
    Session,
    without_file_name,
)


class Library(OpenLibrary):
    """A library that is open, with its speakers and their sessions.

    How it is opened and closed, and what all calls may raise: `OpenLibrary`.
    """

    def add_session(
        self, session: Session, *, speaker: str | None = None, name: str | None = None
    ) -> SessionEntry:
        """Keep a session without enrolling it.

        Args:
            session: The session.
            speaker: Whose it is, someone with consent on record; None while unknown.
            name: What to call it; the video's name without its ending by default.

        Raises:
            ConsentError: The speaker has no consent on record.
            InputError: The same video is among the speaker's sessions already.
        """
        self.check_consent(speaker, None)
        session, name = self._nameless(session, name)
        with self.store.placed([session], self.transaction) as (orm, (file_name,)):
            row = operations.new_session(orm, session, file_name, name)
            if speaker is not None:
                operations.assign(orm, row, operations.known_speaker(orm, speaker))
            return changed_entry(orm, row)

    def enrol(
        self,
        name: str,
        session: Session | SessionEntry,
        consent: str | None = None,
        session_name: str | None = None,
        terms: ConsentTerms | None = None,
        hand: Hand | None = None,
    ) -> SessionEntry:
        """Enrol a speaker with a session, or add a session to one who is enrolled.

        Args:
            name: The speaker's name.
            session: A new session, or one that the library keeps already.
            consent: Who gave it, when, for what. Needed for a new speaker; a speaker with
                consent on record may be extended without repeating it, and another text is
                put on record beside the first.
            session_name: What to call a new session; the video's name without its ending by
                default.
            terms: What the consent is for, and until when; None for every purpose, as the text
                alone says.
            hand: The queue's item that a new session is of, which ends in the same transaction.

        Raises:
            ConsentError: There is no consent in force; nothing is enrolled or kept.
            InputError: The name cannot be one; or the session or its video is enrolled already.
        """
        self.check_consent(name, consent, terms)
        if isinstance(session, Session):
            session, session_name = self._nameless(session, session_name)
            with self.store.placed([session], self.transaction) as (orm, (file_name,)):
                if hand is not None:
                    hand.check(orm)
                row = operations.new_session(orm, session, file_name, session_name)
                speaker = operations.consenting_speaker(orm, name, consent, terms)
                operations.enrol_row(orm, row, speaker)
                if hand is not None:
                    hand.finish(orm, [row.id])
                return changed_entry(orm, row)
        with self.transaction() as orm:
            row = operations.session_row(orm, session.id)
            speaker = operations.consenting_speaker(orm, name, consent, terms)
            operations.enrol_row(orm, row, speaker)
            return changed_entry(orm, row)

    def enrol_new(
        self,
        sessions: Sequence[NewSession],
        consent: str | None,
        terms: ConsentTerms | None = None,
        hand: Hand | None = None,
    ) -> list[SessionEntry | None]:
        """Enrol speakers with new sessions, all or none: of many, much sooner than one by one.

        Recordings that their speakers have already are passed over. That is asked in the same
        transaction: what another program has added meanwhile is not added again.

        Args:
            sessions: Whose they are, and what to call them, as in `enrol`.
            consent: Of all of them, as in `enrol`.
            terms: Of all of them, as in `enrol`.
            hand: The queue's items that they are of, which end in the same transaction.

        Returns:
            The entry of each; None of those that their speakers have already, or whose items were
            cancelled meanwhile or their person forgotten.

        Raises:
            ConsentError: As `enrol`.
            InputError: A name cannot be one.
        """
        with self.transaction() as orm:  # before anything is written
            for name in {one.speaker for one in sessions}:
                operations.check_consent(orm, name, consent, terms)
        new = [self._nameless_new(one) for one in sessions]
        with self.store.placed([one.session for one in new], self.transaction) as (orm, files):
            held = [True] * len(new) if hand is None else hand.held(orm)
            enrolled = enrol_sessions(orm, new, files, consent, terms, held)
            ids = [row.id if row is not None and one else None for row, one in enrolled]
            if hand is not None:
                hand.finish(orm, [None if row is None else row.id for row, _ in enrolled])
            found = {entry.id: entry for entry in session_entries(orm, SessionRow.id.in_(ids))}
            return [None if one is None else found[one] for one in ids]

    def session_of(self, speaker: str, sha256: str, head_id: str) -> int | None:
        """The number of a speaker's session of a recording and a head; None where there is none.

        Raises:
            InputError: The name cannot be one.
        """
        with self.transaction() as orm:
            row = operations.find_speaker(orm, speaker)
            return None if row is None else operations.session_of(orm, row, sha256, head_id)

    def check_consent(
        self, name: str | None, consent: str | None, terms: ConsentTerms | None = None
    ) -> None:
        """Check that a speaker may be kept, before anything of the person is written or computed.

        Raises:
            ConsentError: No consent is given, and none is on record and in force.
            InputError: The name cannot be one.
        """
        if name is not None:
            with self.transaction() as orm:
                operations.check_consent(orm, name, consent, terms)

    def speakers(self) -> list[SpeakerEntry]:
        """All speakers, in the order of their enrolment."""
        with self.transaction() as orm:
            return speaker_entries(orm)

    def speaker(self, name: str) -> SpeakerEntry:
        """The speaker of a name; InputError where there is none."""
        with self.transaction() as orm:
            row = operations.known_speaker(orm, name)
            return speaker_entries(orm, SpeakerRow.id == row.id)[0]

    def sessions(self, speaker: str | None = None) -> list[SessionEntry]:
        """The sessions of one speaker, or all of them, in the order of adding.

        Raises:
            InputError: There is no such speaker.
        """
        with self.transaction() as orm:
            if speaker is None:
                return session_entries(orm)
            return session_entries(
                orm, SessionRow.speaker_id == operations.known_speaker(orm, speaker).id
            )

    def gallery(self, head_id: str) -> dict[str, list[SessionEntry]]:
        """The enrolled sessions of a head model, of each speaker who may be recognised."""
        found: dict[str, list[SessionEntry]] = {}
        with self.transaction() as orm:
            enrolled = EnrolmentRow.id.is_not(None)
            entries = session_entries(orm, enrolled, SessionRow.head_id == head_id)
        barred = self.without_consent(Purpose.RECOGNITION)
        for entry in entries:
            if entry.speaker not in barred:
                found.setdefault(str(entry.speaker), []).append(entry)
        return found

    def without_consent(self, purpose: Purpose) -> dict[str, ConsentState]:
        """Speakers whose consent to a purpose does not hold today, each with why."""
        found = {one.name: one.agreed.state(purpose) for one in self.speakers()}
        return {name: why for name, why in found.items() if why is not ConsentState.GIVEN}

    def _nameless(self, session: Session, name: str | None) -> tuple[Session, str | None]:
        """A new session and what it is called, without the name of its file if that is not kept."""
        return (session, name) if self.file_names else (without_file_name(session), "session")

    def _nameless_new(self, new: NewSession) -> NewSession:
        session, name = self._nameless(new.session, new.name)
        return replace(new, session=session, name=name)

    def date_session(self, entry: SessionEntry, day: date | None) -> SessionEntry:
        """Say when a session was recorded; InputError where it is gone or the day to come."""
        with self.transaction() as orm:
            row = operations.session_row(orm, entry.id)
            operations.date_row(orm, row, day)
            return changed_entry(orm, row)

    def delete_session(self, entry: SessionEntry, erasure: Erasure | None = None) -> None:
        """Delete a session, its file and its enrolment.

        Args:
            entry: The session.
            erasure: What the audit trail says of it and is taken out.

        Raises:
            InputError: It is no longer in the library.
            OutputError: The file cannot be deleted; then nothing is.
        """
        with self.transaction() as orm:
            row = operations.session_row(orm, entry.id)
            self.erase_embeddings(orm, [row.file_name])
            self.store.delete(row.file_name)
            operations.delete_session_rows(orm, row)
            if erasure is not None:
                delete_work(orm, erasure=erasure)
            taken_out = [] if erasure is None else take_out(orm, erasure.apply)
            write_audit(orm, "delete", f"session {entry.id}", taken_out=taken_out)
        self._compact()

    def forget(self, speaker: str, erasure: Erasure | None = None) -> int:
        """Delete a speaker: files, rows, consent, and the name in the audit trail.

        What is deleted is overwritten in the database. Recognizers trained on the speaker stay
        (`library.forgetting` marks them). Returns the number of sessions deleted.

        Args:
            speaker: Who is forgotten.
            erasure: What the audit trail says of them and is taken out; by default the name.

        Raises:
            InputError: There is no such speaker.
            OutputError: A file cannot be deleted; the speaker stays, to be forgotten again.
        """
        with self.transaction() as orm:
            row = operations.known_speaker(orm, speaker)
            query = select(SessionRow).where(SessionRow.speaker_id == row.id)
            sessions = orm.scalars(query).all()
            self.erase_embeddings(orm, [session.file_name for session in sessions])
            for session in sessions:
                self.store.delete(session.file_name)
                operations.delete_session_rows(orm, session)
            taken_out = operations.delete_speaker_row(orm, row, erasure)
            said = f"speaker {row.id}, {len(sessions)} sessions"
            write_audit(orm, "forget", said, taken_out=taken_out)
        self._compact()
        return len(sessions)

    def erase_embeddings(self, orm: OrmSession, file_names: Collection[str]) -> None:
        """Erase what is kept to compare with of sessions, within a transaction.

        Raises:
            OutputError: It cannot be written.
        """
        if os.path.lexists(self.embeddings_folder):
            staying = [
                speaker_row(own)
                for own in operations.enrolled_files(orm)
                if not set(own) & set(file_names)
            ]
            erase_embeddings(self.files, self.embeddings_folder, file_names, staying)
