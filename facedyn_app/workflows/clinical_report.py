"""A page to print on clinical measures over time: of a speaker, or of session files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from facedyn_app import PROGRAM
from facedyn_app.errors import FacedynError, TooLittleError
from facedyn_app.path_checks import check_output_file
from facedyn_app.progress import OnProgress
from facedyn_app.reports.clinical_pages import MOST_TASKS, course_page
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.page import Provenance
from facedyn_app.reports.task_faces import common_tasks
from facedyn_app.settings import ClinicalSettings, Settings
from facedyn_app.workflows.audit import record_speaker_use
from facedyn_app.workflows.clinical_course import (
    NEEDS_TWO,
    ClinicalCourse,
    compare_visits,
    course_of_files,
    faces_of_visits,
    measure_course,
)
from facedyn_app.workflows.report import PrintPdf, WrittenReport, write_page

PAPER = (255, 255, 255)


def report_on_course(
    speaker: str,
    folder: Path,
    out: Path,
    settings: Settings,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
    *,
    file_names: bool = True,
) -> WrittenReport:
    """Write a page on a speaker's clinical measures over time, their first session and their last.

    Raises:
        InputError: The library or a session cannot be read, or there is no such speaker.
        MismatchError: Sessions of different heads.
        OutputError: The file cannot be written.
        TooLittleError: They have fewer than two sessions.
    """
    check_output_file(out)
    course = measure_course(speaker, folder, None, settings, on_progress, file_names=file_names)
    write_course(course, (0, len(course.visits) - 1), out, settings, print_pdf, on_progress)
    record_speaker_use(folder, course.person, "report", "clinical measures")
    return WrittenReport(f"the clinical measures of {speaker} over time")


def report_on_files(
    sessions: Sequence[MeasuredSession],
    out: Path,
    settings: Settings,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
) -> None:
    """Write a page on recordings that are measured already, the first and the last compared.

    Raises:
        OutputError: The file cannot be written.
        TooLittleError: There are fewer than two.
    """
    course = course_of_files(sessions, settings.trust)
    write_course(course, (0, len(sessions) - 1), out, settings, print_pdf, on_progress)


def write_course(
    course: ClinicalCourse,
    compared: tuple[int, int],
    out: Path,
    settings: Settings,
    print_pdf: PrintPdf,
    on_progress: OnProgress,
) -> None:
    """Write the page of a course that is measured.

    Args:
        course: The course.
        compared: Places of the earlier and of the later session that are compared, from 0.
        out: The file, `.html` or `.pdf`.
        settings: Coverage of the intervals.
        print_pdf: Prints a page.
        on_progress: Called for every task that is drawn; may raise Cancelled.

    Raises:
        OutputError: The file cannot be written.
        TooLittleError: It has fewer than two sessions.
    """
    check_output_file(out)
    page = _page(course, *compared, settings.clinical, on_progress)
    write_page(page, out, print_pdf)


def _page(
    course: ClinicalCourse,
    before: int,
    after: int,
    settings: ClinicalSettings,
    on_progress: OnProgress,
) -> str:
    """The page of a course, two of its sessions compared, as HTML."""
    if len(course.visits) < 2:
        raise TooLittleError(NEEDS_TWO, "Enrol another recording of this person.")
    changes = compare_visits(course, before, after, settings)
    pair = [course.measured[place] for place in (before, after)]
    tasks = common_tasks(pair)[:MOST_TASKS]
    try:
        faces = faces_of_visits(course, before, after, tasks, PAPER, on_progress)
    except FacedynError:  # a head that is not at hand: the traces stand alone
        faces = ()
    provenance = Provenance(PROGRAM, datetime.now().astimezone(), course.person, course.consent)
    return course_page(
        course.person, course.visits, (before, after), changes, tasks, faces, settings,
        provenance,
    )  # fmt: skip
