"""Clinical measures of a person over time: the sessions measured, two of them compared, a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.dynamics.clinical.change import Change, measure_change
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import TooLittleError
from facedyn_app.library.audit import Speaker
from facedyn_app.library.library import Library
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.reports.clinical_course_words import ClinicalVisit
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.task_faces import TaskFaces, draw_task_faces
from facedyn_app.settings import ClinicalSettings, Settings, TrustSettings
from facedyn_app.workflows.drift import sessions_by_date
from facedyn_app.workflows.heads import head_to_draw, quiet_drawing
from facedyn_app.workflows.measure import MeasureOptions, measure_recording

NEEDS_TWO = "A change needs two sessions or more."


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalCourse:
    """A person's sessions, measured.

    Attributes:
        person: Who it is; empty where nobody is named.
        consent: Who gave it, when, for what; empty where none is known.
        visits: The sessions, by date.
    """

    person: str
    consent: str
    visits: tuple[ClinicalVisit, ...]

    @property
    def measured(self) -> list[MeasuredSession]:
        """What was measured in each."""
        return [visit.measured for visit in self.visits]


def measure_course(
    speaker: str,
    folder: Path,
    ipd_mm: float | None,
    settings: Settings,
    on_progress: OnProgress,
    *,
    file_names: bool = True,
) -> ClinicalCourse:
    """Measure all sessions of an enrolled speaker.

    Args:
        speaker: Who it is.
        folder: The library.
        ipd_mm: Their inter-pupillary distance, mm; None takes the adult mean.
        settings: What counts as what, and where "good" ends.
        file_names: Whether sessions are called as their files; else by number.
        on_progress: Called for every session; may raise Cancelled.

    Raises:
        InputError: The library or a session cannot be read, or there is no such speaker.
        MismatchError: Sessions of different heads.
        TooLittleError: They have no session.
    """
    options, visits = MeasureOptions(ipd_mm), []
    with Library.open(folder, create=False, file_names=file_names) as library:
        entries = sessions_by_date(library, speaker)
        consents = {known.name: known.consent for known in library.speakers()}
        for number, entry in enumerate(entries):
            on_progress(Progress("measuring", number, len(entries)))
            session = library.load(entry)
            measured = measure_recording(
                entry.name, session, options, settings.clinical, on_progress
            )
            quality = assess_quality(session, settings.trust)
            visits.append(ClinicalVisit(entry.name, entry.date_words, measured, quality))
        if visits:
            of = Speaker(name=entries[0].speaker)
            library.audit.record("measure", "clinical measures of ", of)
    if not visits:
        raise TooLittleError(f"There is no session of '{speaker}'.", "Enrol a recording first.")
    name = str(entries[0].speaker)
    return ClinicalCourse(name, consents.get(name, ""), tuple(visits))


def course_of_files(sessions: Sequence[MeasuredSession], trust: TrustSettings) -> ClinicalCourse:
    """The course of recordings that are measured already, in the order given.

    Raises:
        TooLittleError: There are fewer than two.
    """
    if len(sessions) < 2:
        raise TooLittleError(NEEDS_TWO, "Name them in one command.")
    visits = []
    for one in sessions:
        date = one.session.info.recorded_at
        words = "" if date is None else date.date().isoformat()
        visits.append(ClinicalVisit(one.name, words, one, assess_quality(one.session, trust)))
    return ClinicalCourse("", "", tuple(visits))


def compare_visits(
    course: ClinicalCourse, before: int, after: int, settings: ClinicalSettings
) -> tuple[Change, ...]:
    """What changed from one session of a course, from 0, to another."""
    every = [one.measures for one in course.measured]
    return measure_change(every[before], every[after], every, settings)


def faces_of_visits(
    course: ClinicalCourse,
    before: int,
    after: int,
    tasks: Sequence[str],
    paper: tuple[int, int, int],
    on_progress: OnProgress,
) -> tuple[TaskFaces, ...]:
    """The faces of two sessions of a course at tasks; none where their heads differ.

    Args:
        course: The course.
        before: Place of the earlier session, from 0.
        after: Place of the later one.
        tasks: Ids of tasks that both have measured.
        paper: (R, G, B) behind the heads.
        on_progress: Called for every task; may raise Cancelled.

    Raises:
        InputError: The head is not at hand.
    """
    pair = [course.measured[place] for place in (before, after)]
    if not tasks or pair[0].session.head_id != pair[1].session.head_id:
        return ()
    head = head_to_draw(pair[0].session, on_progress)
    quiet_drawing()
    return tuple(draw_task_faces(head, pair[0], pair[1], tasks, paper, on_progress))
