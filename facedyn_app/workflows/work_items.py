"""Items of the work queue taken in hand, enrolled many at once, each ended as it came."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facedyn_app.errors import ConsentError, InputError, MismatchError, TooLittleError
from facedyn_app.library.bulk_enrolment import NewSession
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.takes import KnownRecordingError, OthersRecordingError
from facedyn_app.library.videos import remember_video
from facedyn_app.library.visit_dates import with_day
from facedyn_app.library.work_rows import Hand, WorkEnd, WorkItem, WorkKind, WorkState
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session
from facedyn_app.workflows.import_identity import KnownOnes, Waiting
from facedyn_app.workflows.recordings import is_video, numbered
from facedyn_app.workflows.work_details import WorkDetails, read_details
from facedyn_app.workflows.work_reading import Dropped, ItemReader, ReadItem

AT_ONCE, READ_AHEAD = 32, 8
"""Sessions that are enrolled together, and that are read while others are enrolled."""
THERE_ALREADY: Final = "The library had this recording of this speaker already."

log = logging.getLogger(__name__)
Read = Future[tuple[Session, ...]] | None


@dataclass(slots=True, eq=False)
class WorkTally:
    """What has come of items.

    Attributes:
        n_added: Sessions that were enrolled.
        n_known: Recordings that were there already.
        n_simulated: Sessions among those added that are simulated.
        n_assumed: Sessions among those added whose frame rate is assumed.
        left_out: What cannot be used: the path and why.
        copies: Recordings that their speaker has already, recoded: the path, and of which.
    """

    n_added: int = 0
    n_known: int = 0
    n_simulated: int = 0
    n_assumed: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)

    def leave_out(self, path: Path, sentence: str) -> None:
        """Say and keep why something is not enrolled."""
        log.warning("Left out: %s", sentence)
        self.left_out.append((str(path), sentence))

    def pass_over(self, path: Path, error: KnownRecordingError) -> None:
        """Say and keep that something is a recording that the library has already."""
        if isinstance(error, OthersRecordingError):
            self.leave_out(path, f"'{path}': {error.sentence}")
        else:
            log.warning("Passed over: '%s': %s", path, error.sentence)
            self.copies.append((str(path), error.sentence))


class ItemWorker:
    """Takes items in hand, one video or some measurements at a time, and enrols their sessions.

    Args:
        library: The library, open.
        mark: The mark of this worker (`WorkQueue.working`).

    Attributes:
        reader: Reads and fits.
        tally: What has come of all items so far.
        worked: The numbers of the items that it has had in hand.
    """

    def __init__(self, library: Library, mark: str) -> None:
        self.reader = ItemReader(library, mark)
        self.tally = WorkTally()
        self.worked: set[int] = set()
        self._library, self._mark = library, mark
        self._order: int | None = None
        self._details: WorkDetails | None = None
        self._known: KnownOnes | None = None
        self._waiting: list[Waiting] = []
        self._ends: list[WorkEnd] = []
        self._asked: set[str] = set()  # whose consent was asked since the last was taken in hand

    def work(self, items: Sequence[WorkItem], on_progress: OnProgress, n_before: int = 0) -> None:
        """Work items that wait; what has come when something ends it stays.

        Args:
            items: The items; those that somebody else takes are left to them.
            on_progress: Called several times a second; may raise Cancelled.
            n_before: How many items came before these, for the reports.

        Raises:
            OutputError: The library cannot be written.
        """
        try:
            for number, (item, read) in enumerate(self._in_hand(items), n_before + 1):
                self._take(item, read, _within(item, number, n_before + len(items), on_progress))
        finally:
            self._keep()

    def _in_hand(self, items: Sequence[WorkItem]) -> Iterator[tuple[WorkItem, Read]]:
        """Items in hand, and what is read of them while others are enrolled; None for a video."""
        ahead: deque[tuple[WorkItem, Read]] = deque()
        pool = ThreadPoolExecutor(1, thread_name_prefix="read ahead")
        try:
            for batch in batches(items):
                if batch[0].what.kind is WorkKind.FIT or batch[0].order != self._order:
                    while ahead:  # what follows may be of another consent, and takes long
                        yield ahead.popleft()
                    self._keep()
                self._asked.clear()
                taken = self._library.work.claim(self._mark, [item.id for item in batch])
                self.worked.update(item.id for item in taken)
                details = self._begin_order(taken)
                if details is None:
                    continue
                for item in taken:
                    video = item.what.kind is WorkKind.FIT
                    path = item.what.path
                    read = None if video else pool.submit(self.reader.read, path, details)
                    ahead.append((item, read))
                    if len(ahead) > READ_AHEAD:
                        yield ahead.popleft()
            while ahead:
                yield ahead.popleft()
        finally:
            pool.shutdown(cancel_futures=True)

    def _begin_order(self, taken: Sequence[WorkItem]) -> WorkDetails | None:
        """What was said of items of one order; None where that cannot be read, which ends them."""
        if taken and taken[0].order != self._order:
            self._order, self._known, self._details = taken[0].order, None, None
            try:
                self._details = read_details(self._library.work.details(taken[0].order))
                self._known = KnownOnes(self._library, self._details.statement)
            except InputError as error:
                for item in taken:
                    self._fail(item, error.sentence)
                self._order = None
        return self._details

    def _take(self, item: WorkItem, read: Read, on_progress: OnProgress) -> None:
        """Have the sessions of an item enrolled, unless they are there already."""
        details, known = self._details, self._known
        if details is None or known is None:
            raise ValueError("an item without what was said of it")
        try:
            self._check_person(item.what.speaker, details, known)
            if read is None:
                found = self.reader.fit(item, details, on_progress)
                self._asked.clear()  # that has taken long
            else:
                found = self.reader.owned(item, details, read.result())
            for speaker, _ in found.sessions:
                self._check_person(speaker, details, known)
        except (InputError, TooLittleError, MismatchError, ConsentError) as error:
            self._fail(item, error.sentence)
        except Dropped:
            return
        else:
            self._take_found(item, found, known)
        if max(len(self._waiting), len(self._ends)) >= AT_ONCE or read is None:
            self._keep()

    def _check_person(self, speaker: str, details: WorkDetails, known: KnownOnes) -> None:
        """Make sure that a person may be kept: consent is asked anew for what is taken in hand.

        Raises:
            ConsentError: None is given, or none is on record and in force.
            InputError: The name cannot be one, or is nearly somebody's.
        """
        if speaker in self._asked:
            return
        statement = details.statement
        self._library.check_consent(speaker, statement.consent, statement.terms)
        known.check_name(speaker)
        self._asked.add(speaker)

    def _take_found(self, item: WorkItem, found: ReadItem, known: KnownOnes) -> None:
        new = [one for one in found.sessions if not known.has(*one)]
        if new:
            self._take_new(item, new, known)
            return
        self.tally.n_known += 1
        number = found.known
        if len(found.sessions) == 1:
            session = found.sessions[0][1]
            sha256 = str(session.info.source_sha256)
            number = self._library.session_of(item.what.speaker, sha256, session.head_id)
        self._ends.append(WorkEnd(item.id, WorkState.DONE, THERE_ALREADY, number))

    def _take_new(
        self, item: WorkItem, new: Sequence[tuple[str, Session]], known: KnownOnes
    ) -> None:
        """Have sessions enrolled with the next ones, unless somebody has the recording."""
        accepted: list[Waiting] = []
        state, reason = WorkState.DONE, ""
        for speaker, session in new:
            one = Waiting(speaker, with_day(session, item.what.day), item, last=False)
            try:
                known.check_recording(one, (*self._waiting, *accepted), self._keep)
            except KnownRecordingError as error:
                self.tally.pass_over(item.what.path, error)
                reason = error.sentence
                state = WorkState.FAILED if isinstance(error, OthersRecordingError) else state
                continue
            known.add(one)
            accepted.append(one)
        if accepted:
            last = accepted.pop()
            self._waiting += [*accepted, Waiting(last.speaker, last.session, item)]
        else:
            self._ends.append(WorkEnd(item.id, state, reason))

    def _fail(self, item: WorkItem, sentence: str) -> None:
        self.tally.leave_out(item.what.path, sentence)
        self._ends.append(WorkEnd(item.id, WorkState.FAILED, sentence))

    def _keep(self) -> None:
        """Enrol what has been read, and end its items; many together are much quicker."""
        waiting, self._waiting = self._waiting, []
        ends, self._ends = self._ends, []
        details = self._details
        keep = self._library.file_names and (details is None or details.options.file_names)
        if waiting and details is not None and self._known is not None:
            numbers = [one.item.id for one in waiting]
            hand = Hand(self._mark, numbers, [one.last for one in waiting], keep, set())
            new = [
                NewSession(one.speaker, one.session, one.item.what.name, one.signature)
                for one in waiting
            ]
            statement = details.statement
            entries = self._library.enrol_new(new, statement.consent, statement.terms, hand)
            self._known.enrolled(waiting)
            for one, entry in zip(waiting, entries, strict=True):
                if one.item.id not in hand.lost:
                    self._count(one, entry)
        self._library.work.end(self._mark, ends, keep=keep)

    def _count(self, new: Waiting, entry: SessionEntry | None) -> None:
        tally = self.tally
        if entry is None:
            tally.n_known += 1
            return
        if is_video(new.path):
            remember_video(self._library, entry, new.path)
        tally.n_added += 1
        tally.n_simulated += new.session.simulated
        tally.n_assumed += bool(new.session.info.fps_assumed)


def batches(items: Sequence[WorkItem]) -> Iterator[list[WorkItem]]:
    """What is taken in hand together: a video, or measurements of one order."""
    batch: list[WorkItem] = []
    for item in items:
        video = item.what.kind is WorkKind.FIT
        if batch and (video or item.order != batch[0].order or len(batch) == AT_ONCE):
            yield batch
            batch = []
        batch.append(item)
        if video:
            yield batch
            batch = []
    if batch:
        yield batch


def _within(item: WorkItem, number: int, total: int, on_progress: OnProgress) -> OnProgress:
    """Reports about one item of many: a video's own progress, or one step of a file."""
    if item.what.kind is WorkKind.FIT:
        return numbered(on_progress, item.what.path, number, total)
    on_progress(Progress("importing", number, total))
    return on_progress
