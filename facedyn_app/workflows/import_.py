"""Import of a folder of recordings into a library, as often as it takes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.importers import (
    Corpus,
    Layout,
    Recording,
    check_permission,
    find_recordings,
)
from facedyn_app.library.library import Library
from facedyn_app.library.names import NearNameError
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.takes import KnownRecordingError, OthersRecordingError
from facedyn_app.library.videos import remember_video
from facedyn_app.library.visit_dates import with_day
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import face_id, only_session, sha256_of_recording
from facedyn_app.workflows.import_identity import KnownOnes, Waiting
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.recording_content import content_with_progress
from facedyn_app.workflows.recordings import (
    is_video,
    named_flame_file,
    numbered,
    read_kept,
    read_recording,
)

AT_ONCE, READ_AHEAD = 32, 8
"""Sessions that are enrolled together, and that are read while others are enrolled."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class ImportedCorpus:
    """What has come of a corpus into a library.

    Attributes:
        layout: How the corpus lies on disk.
        n_speakers: Its speakers.
        n_added: Sessions that were enrolled.
        n_known: Recordings that were there already.
        n_simulated: Sessions among those added that are simulated.
        n_assumed: Sessions among those added whose frame rate is assumed.
        left_out: What cannot be used: the path and why.
        passed_over: What is no recording: the path and why.
        copies: Recordings that their speaker has already, recoded: the path, and of which.
    """

    layout: Layout
    n_speakers: int
    n_added: int
    n_known: int
    n_simulated: int
    n_assumed: int
    left_out: tuple[tuple[str, str], ...]
    passed_over: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()


class _Import:
    """One import: what is in the library already, what has come, what cannot be used."""

    def __init__(
        self, library: Library, statement: ImportStatement, options: FitOptions, layout: Layout
    ) -> None:
        self._library, self._statement = library, statement
        self._options, self._settings, self._layout = options, options.settings(), layout
        self._known = KnownOnes(library, statement)
        self.head: HeadModel | None = None
        self.flame: FlameFile | None = None
        self._waiting: list[Waiting] = []
        self.n_added = self.n_simulated = self.n_known = self.n_assumed = 0
        self.left_out: list[tuple[str, str]] = []
        self.copies: list[tuple[str, str]] = []

    def permitted(self, recordings: Sequence[Recording]) -> list[Recording]:
        """The recordings of those who may be kept; a folder of no possible name is left out.

        Raises:
            ConsentError: Consent is missing.
        """
        of_speakers: dict[str, list[Recording]] = {}
        for one in recordings:
            of_speakers.setdefault(one.speaker, []).append(one)
        for speaker, own in sorted(of_speakers.items()):
            try:
                self._library.check_consent(speaker, self._statement.consent, self._statement.terms)
                self._known.check_name(speaker)
            except InputError as error:
                place = own[0].path.parent
                hint = f" {error.hint}" if isinstance(error, NearNameError) else ""
                self.leave_out(place, f"'{place}': {error.sentence}{hint}")
                own.clear()
        return [one for own in of_speakers.values() for one in own]

    def take_all(self, recordings: Sequence[Recording], on_progress: OnProgress) -> None:
        """Import recordings; what has come when something ends it stays."""
        try:
            for number, (recording, read) in enumerate(self._read_ahead(recordings), start=1):
                self._take(
                    recording, read, _within(recording, number, len(recordings), on_progress)
                )
        finally:
            self.keep()

    def _read_ahead(
        self, recordings: Sequence[Recording]
    ) -> Iterator[tuple[Recording, Future[tuple[Session, ...]] | None]]:
        """Recordings and what is read of them while others are enrolled; None for a video."""
        ahead: deque[tuple[Recording, Future[tuple[Session, ...]] | None]] = deque()
        pool = ThreadPoolExecutor(1, thread_name_prefix="read ahead")
        try:
            for one in recordings:
                video = is_video(one.path)
                fps, flame = self._options.fps, self.flame
                read = None if video else pool.submit(read_kept, [one.path], fps, flame)
                ahead.append((one, read))
                if len(ahead) > READ_AHEAD:
                    yield ahead.popleft()
            yield from ahead
        finally:
            pool.shutdown(cancel_futures=True)

    def _take(
        self,
        recording: Recording,
        read: Future[tuple[Session, ...]] | None,
        on_progress: OnProgress,
    ) -> None:
        """Import a recording; one that is there already, or cannot be used, is passed over."""
        try:
            found = (
                self._fitted(recording, on_progress) if read is None else self._of(recording, read)
            )
        except (InputError, TooLittleError, MismatchError) as error:
            self.leave_out(recording.path, error.sentence)
            return
        new = [one for one in found if not self._known.has(one[0], one[1].info.source_sha256)]
        self.n_known += not new
        for speaker, session in new:
            self._add(Waiting(speaker, with_day(session, recording.day), recording))
        if len(self._waiting) >= AT_ONCE or read is None:
            self.keep()

    def _add(self, new: Waiting) -> None:
        """Have a session enrolled with the next ones, unless somebody has the recording."""
        path = new.recording.path
        try:
            self._known.check_recording(new, self._waiting, self.keep)
        except KnownRecordingError as error:
            if isinstance(error, OthersRecordingError):
                self.leave_out(path, f"'{path}': {error.sentence}")
            else:
                log.warning("Passed over: '%s': %s", path, error.sentence)
                self.copies.append((str(path), error.sentence))
            return
        self._known.add(new)
        self._waiting.append(new)

    def keep(self) -> None:
        """Enrol what has been read; many sessions together are much quicker than one by one."""
        if self._waiting:
            self._known.enrolled(self._waiting)
            new = [
                NewSession(one.speaker, one.session, one.recording.name, one.signature)
                for one in self._waiting
            ]
            statement = self._statement
            entries = self._library.enrol_new(new, statement.consent, statement.terms)
            for one, entry in zip(self._waiting, entries, strict=True):
                self._count(one, entry)
            self._waiting = []

    def _count(self, new: Waiting, entry: SessionEntry | None) -> None:
        if entry is None:
            self.n_known += 1
            return
        if is_video(new.recording.path):
            remember_video(self._library, entry, new.recording.path)
        self.n_added += 1
        self.n_simulated += new.session.simulated
        self.n_assumed += bool(new.session.info.fps_assumed)

    def leave_out(self, path: Path, sentence: str) -> None:
        """Say and keep why something is not imported."""
        log.warning("Left out: %s", sentence)
        self.left_out.append((str(path), sentence))

    def _fitted(self, recording: Recording, on_progress: OnProgress) -> list[tuple[str, Session]]:
        """The session of a video and whose it is; none where the library has it already."""
        from facedyn_app.video import ProbedVideo  # slow to import

        speaker, path = recording.speaker, recording.path
        # what is no video is told before it is read whole
        probed = ProbedVideo.of(path, self._options.video)
        sha256 = sha256_of_recording([path], on_progress)
        # asked anew for each: another import may have added it meanwhile, and a fit takes minutes
        if self._library.has_recording(speaker, sha256):
            return []
        session = read_recording(
            path, self.head, self._options, self._settings, on_progress, sha256, probed
        )
        return [(speaker, session)]

    def _of(
        self, recording: Recording, read: Future[tuple[Session, ...]]
    ) -> list[tuple[str, Session]]:
        """The sessions that were read and whose they are."""
        speaker, sessions = recording.speaker, read.result()
        if self._layout is not Layout.OPENFACE or len(sessions) == 1:
            return [(speaker, only_session(sessions, recording.path))]
        # each face of a table is a person; the file counts them from 0, sessions from 1
        return [(f"{speaker} face {face_id(one)}", one) for one in sessions]


def import_folder(
    folder: Path,
    library_folder: Path,
    layout: Layout,
    statement: ImportStatement,
    options: FitOptions,
    on_progress: OnProgress,
) -> ImportedCorpus:
    """Import a corpus; what is in the library already is not read again.

    Args:
        folder: The corpus.
        library_folder: The library; made where there is none.
        layout: How the corpus lies on disk.
        statement: Consent, and permission where the licence asks for one.
        options: How videos are analysed.
        on_progress: Called several times a second; may raise Cancelled. What has come stays.

    Raises:
        ConsentError: Consent or permission is missing.
        InputError: The folder has no recordings, or not one that can be used.
        OutputError: The library cannot be written.
    """
    corpus = find_recordings(folder, layout, content_with_progress(on_progress))
    check_permission(corpus.layout, statement.permission)
    with Library.open(library_folder, file_names=options.file_names) as library:
        work = _Import(library, statement, options, corpus.layout)
        recordings = work.permitted(corpus.recordings)
        for path, sentence in corpus.left_out:
            work.leave_out(path, sentence)
        work.flame = named_flame_file(options, [one.path for one in recordings])
        if any(is_video(one.path) for one in recordings):
            from facedyn_app.workflows.heads import read_ready_head  # slow to import

            work.head = read_ready_head(str(options.head), on_progress)
        _note_permission(library, corpus, folder, statement.permission)
        work.take_all(recordings, on_progress)
    if not work.n_added and not work.n_known and not work.copies:
        raise InputError(
            f"Not one of the {len(corpus.recordings)} recordings in '{folder}' can be used.",
            work.left_out[0][1] if work.left_out else "",
        )
    return ImportedCorpus(
        layout=corpus.layout,
        n_speakers=len({one.speaker for one in recordings}),
        n_added=work.n_added,
        n_known=work.n_known,
        n_simulated=work.n_simulated,
        n_assumed=work.n_assumed,
        left_out=tuple(work.left_out),
        passed_over=tuple((str(path), sentence) for path, sentence in corpus.passed_over),
        copies=tuple(work.copies),
    )


def _within(
    recording: Recording, number: int, n_recordings: int, on_progress: OnProgress
) -> OnProgress:
    """Reports about one recording of many: a video's own progress, or one step of a file."""
    if is_video(recording.path):
        return numbered(on_progress, recording.path, number, n_recordings)
    on_progress(Progress("importing", number, n_recordings))
    return on_progress


def _note_permission(library: Library, corpus: Corpus, folder: Path, permission: str) -> None:
    if permission.strip():
        name = folder.name if library.file_names else "a folder"
        stated = f"{name}, layout {corpus.layout}, permission stated: {permission.strip()}"
        library.audit.record("import", stated)
