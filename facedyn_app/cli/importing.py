"""`facedyn import`: a folder of recordings into a library, as often as it takes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facedyn_app.assets import sha256_of
from facedyn_app.cli.evaluate import made_note
from facedyn_app.cli.recordings import (
    Reading,
    is_session_file,
    numbered,
    read_ready_head,
    read_recording,
)
from facedyn_app.cli.verb import Outcome
from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.importers import (
    Corpus,
    Layout,
    Recording,
    check_permission,
    find_recordings,
)
from facedyn_app.library.library import Library
from facedyn_app.progress import Progress, Report
from facedyn_app.records import Session
from facedyn_app.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the user states before anything is read.

    Attributes:
        consent: Who gave it, when, for what.
        permission: What allows the work where a corpus' licence forbids it; may be empty.
    """

    consent: str
    permission: str = ""


class _Import:
    """One import: what is in the library already, what has come, what cannot be used."""

    def __init__(
        self, library: Library, statement: Statement, reading: Reading, settings: Settings
    ) -> None:
        self._library, self._statement = library, statement
        self._reading, self._settings = reading, settings
        self._known: set[tuple[str | None, str | None]] = {
            (entry.speaker, entry.source_sha256)
            for entry in library.sessions()
            if entry.speaker and entry.source_sha256
        }
        self.head: HeadModel | None = None
        self.added: list[Session] = []
        self.n_known = 0
        self.left_out: list[dict[str, str]] = []

    def take(self, recording: Recording, report: Report) -> None:
        """Import a recording; one that is there already, or cannot be used, is passed over."""
        try:
            session = self._read(recording, report)
        except (InputError, TooLittleError, MismatchError) as error:
            self.leave_out(recording.path, error.sentence)
            return
        if session is None:
            self.n_known += 1
            return
        entry = self._library.enrol(
            recording.speaker, session, self._statement.consent, recording.name
        )
        self._known.add((entry.speaker, entry.source_sha256))
        self.added.append(session)

    def leave_out(self, path: Path | None, sentence: str) -> None:
        """Say and keep why something is not imported."""
        log.warning("Left out: %s", sentence)
        self.left_out.append({"path": str(path or ""), "reason": sentence})

    def _read(self, recording: Recording, report: Report) -> Session | None:
        """The session, or None where the library has it already."""
        path = recording.path
        if not is_session_file(path) and self._has(recording, sha256_of(path)):
            return None
        session = read_recording(path, self.head, self._reading, self._settings, report)
        if self._has(recording, session.meta["source"]["sha256"]):
            return None
        return session

    def _has(self, recording: Recording, sha256: str) -> bool:
        return (recording.speaker, sha256) in self._known


def import_folder(
    folder: Path,
    library_folder: Path,
    layout: Layout,
    statement: Statement,
    reading: Reading,
    report: Report,
) -> Outcome:
    """Import a corpus; what is in the library already is not read again.

    Args:
        folder: The corpus.
        library_folder: The library; made where there is none.
        layout: How the corpus lies on disk.
        statement: Consent, and permission where the licence asks for one.
        reading: How videos are analysed.
        report: Called several times a second; may raise Cancelled. What has come stays.

    Raises:
        ConsentError: Consent or permission is missing.
        InputError: The folder has no recordings, or not one that can be used.
        OutputError: The library cannot be written.
    """
    corpus = find_recordings(folder, layout)
    check_permission(corpus.layout, statement.permission)
    with Library.open(library_folder) as library:
        for speaker in sorted({one.speaker for one in corpus.recordings}):
            library.check_consent(speaker, statement.consent)
        work = _Import(library, statement, reading, reading.settings())
        for sentence in corpus.left_out:
            work.leave_out(None, sentence)
        if not all(is_session_file(one.path) for one in corpus.recordings):
            work.head = read_ready_head(str(reading.head), report)
        _note_permission(library, corpus, folder, statement.permission)
        for number, recording in enumerate(corpus.recordings, start=1):
            within = _within(recording, number, corpus.recordings, report)
            work.take(recording, within)
    return _outcome(folder, library_folder, corpus, work)


def _within(
    recording: Recording, number: int, recordings: Sequence[Recording], report: Report
) -> Report:
    """Reports about one recording of many: a video's own progress, or one step of a file."""
    if not is_session_file(recording.path):
        return numbered(report, recording.path, number, len(recordings))
    report(Progress("importing", number, len(recordings)))
    return report


def _note_permission(library: Library, corpus: Corpus, folder: Path, permission: str) -> None:
    if permission.strip():
        stated = f"{folder.name}, layout {corpus.layout}, permission stated: {permission.strip()}"
        library.logbook.record("import", stated)


def _outcome(folder: Path, library: Path, corpus: Corpus, work: _Import) -> Outcome:
    if not work.added and not work.n_known:
        raise InputError(
            f"Not one of the {len(corpus.recordings)} recordings in '{folder}' can be used.",
            work.left_out[0]["reason"] if work.left_out else "",
        )
    n_simulated = sum(session.simulated for session in work.added)
    counts = Counter(one.speaker for one in corpus.recordings)
    facts: dict[str, Any] = {
        "folder": folder,
        "library": library,
        "layout": str(corpus.layout),
        "n_speakers": len(counts),
        "n_added": len(work.added),
        "n_already_there": work.n_known,
        "n_simulated": n_simulated,
        "left_out": work.left_out,
    }
    made = made_note(n_simulated == len(work.added) > 0)
    lines = [
        f"imported: {len(work.added)} sessions{made} of {len(counts)} speakers into {library}, "
        f"{work.n_known} were there already, {len(work.left_out)} left out"
    ]
    lines += [f"  left out: {one['reason']}" for one in work.left_out]
    return Outcome(facts, "\n".join(lines))
