"""`facedyn identify` and `facedyn verify`: recordings compared with the enrolled speakers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from facedyn_app.cli.answers import (
    identification_facts,
    identification_text,
    identifications_text,
    verification_facts,
    verification_text,
)
from facedyn_app.cli.people import open_library
from facedyn_app.cli.places import check_output_file, naming
from facedyn_app.cli.recordings import (
    Reading,
    check_recording,
    is_video,
    numbered,
    read_ready_head,
    read_recording,
)
from facedyn_app.cli.verb import DONE, UNUSABLE, Outcome
from facedyn_app.errors import FacedynError, MismatchError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.library.rows import checked_name
from facedyn_app.pipeline import (
    Enrolled,
    check_gallery,
    identify,
    not_enrolled,
    read_enrolled,
    verify,
)
from facedyn_app.progress import OnProgress
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.records import Identification, Session
from facedyn_app.reports.scores import write_scores
from facedyn_app.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What recordings are compared with, and how they are read.

    Attributes:
        library: The library.
        names: Its speakers.
        enrolled: Gives them as they are compared with; prepares them once.
        reading: How recordings are read.
        settings: Of all stages.
        head: Gives the head for videos; reads it once.
    """

    library: Library
    names: Collection[str]
    enrolled: Callable[[], Enrolled]
    reading: Reading
    settings: Settings
    head: Callable[[], HeadModel]

    def session(self, path: Path, on_progress: OnProgress) -> Session:
        """The session of a recording."""
        head = self.head() if is_video(path) else None
        return read_recording(path, head, self.reading, self.settings, on_progress)


def _head_for(recognizer: Recognizer, reading: Reading, on_progress: OnProgress) -> HeadModel:
    """The head for videos; one that the recognizer does not read is told before the fit."""
    head = read_ready_head(reading.head or recognizer.head_id, on_progress)
    if head.head_id != recognizer.head_id:
        raise MismatchError(
            f"The recognizer was trained on head '{recognizer.head_id}', "
            f"it cannot read the motion of head '{head.head_id}'.",
            "Leave --head out, or choose a recognizer that was trained on this head.",
        )
    return head


@contextmanager
def _asking(
    folder: Path, recognizer: Path | None, reading: Reading, on_progress: OnProgress
) -> Iterator[_Asked]:
    with open_library(folder) as library:
        chosen = active_recognizer(library) if recognizer is None else load_recognizer(recognizer)
        names, settings = check_gallery(library, chosen.head_id), Settings()
        enrolled = cache(partial(read_enrolled, library, chosen, settings, on_progress))
        head = cache(partial(_head_for, chosen, reading, on_progress))
        yield _Asked(library, names, enrolled, reading, settings, head)


def identify_recordings(
    paths: Sequence[Path],
    folder: Path,
    top: int,
    recognizer: Path | None,
    reading: Reading,
    table: Path | None,
    on_progress: OnProgress,
) -> Outcome:
    """Who is it? Rank the enrolled speakers for each recording.

    A single recording that cannot be read is an error; among several it is named and left out.

    Args:
        paths: Videos, session files, other programs' measurements.
        folder: The library.
        top: Most matches to give of each.
        recognizer: A recognizer; None for the active one of the library.
        reading: How a video is analysed; by the recognizer's head where it names none.
        table: A CSV table for every recording against every speaker; None writes none.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The only recording, the library or the recognizer cannot be read.
        MismatchError: The head or the only session is another than the recognizer's.
        OutputError: The table cannot be written.
        TooLittleError: Nobody is enrolled, or the only recording is too short.
    """
    if table is not None:
        check_output_file(table, paths)
    answers: list[tuple[Path, Session, Identification]] = []
    failed: dict[Path, FacedynError] = {}
    with _asking(folder, recognizer, reading, on_progress) as asked:
        for number, path in enumerate(paths, start=1):
            within = (
                on_progress if len(paths) == 1 else numbered(on_progress, path, number, len(paths))
            )
            try:
                check_recording(path, asked.reading)
                session = asked.session(path, within)
                with naming(path):
                    answer = identify(session, asked.enrolled())
            except FacedynError as error:
                if len(paths) == 1:
                    raise
                log.warning("Left out: %s %s", error.sentence, error.hint)
                failed[path] = error
                continue
            answers.append((path, session, answer))
    if table is not None and answers:
        write_scores([(str(path), answer) for path, _, answer in answers], table)
    facts = [
        {
            "recording": path,
            **identification_facts(answer, top),
            "head_id": session.head_id,
            "recognizer": recognizer,
            "simulated": session.simulated,
        }
        for path, session, answer in answers
    ]
    if len(paths) == 1:
        return Outcome({**facts[0], "table": table}, _one_text(*answers[0], top))
    left_out = [{"recording": path, "sentence": one.sentence} for path, one in failed.items()]
    text = identifications_text([(path.name, answer) for path, _, answer in answers])
    exit_code = DONE if answers else UNUSABLE
    return Outcome({"recordings": facts, "left_out": left_out, "table": table}, text, exit_code)


def _one_text(path: Path, session: Session, answer: Identification, top: int) -> str:
    made = " (simulated)" if session.simulated else ""
    heading = f"{path.name}{made}, compared with {len(answer.matches)} enrolled"
    return f"{heading}\n{identification_text(answer, top)}"


def verify_recording(
    name: str,
    path: Path,
    folder: Path,
    recognizer: Path | None,
    reading: Reading,
    on_progress: OnProgress,
) -> Outcome:
    """Is it this speaker? One recording compared with one who is enrolled.

    Args:
        name: The speaker.
        path: A video, a session file or another program's measurement.
        folder: The library.
        recognizer: A recognizer; None for the active one of the library.
        reading: How a video is analysed; by the recognizer's head where it names none.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The recording, library or recognizer cannot be read; nobody has that name.
        MismatchError: The head or the session is another than the recognizer's.
        TooLittleError: Nobody is enrolled, or the recording is too short.
    """
    with _asking(folder, recognizer, reading, on_progress) as asked:
        if checked_name(name) not in asked.names:
            raise not_enrolled(name, asked.library)
        check_recording(path, reading)
        session = asked.session(path, on_progress)
        with naming(path):
            found = verify(checked_name(name), session, asked.enrolled())
    made = " (simulated)" if session.simulated else ""
    facts = {"recording": path, **verification_facts(found), "simulated": session.simulated}
    return Outcome(facts, f"{path.name}{made} and {name}: {verification_text(found)}")
