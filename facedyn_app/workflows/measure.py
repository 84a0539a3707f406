"""Clinical measures of recordings: measured, compared by date, written as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from facedyn_app.dynamics.clinical.change import Change, comparison_doubts, measure_change
from facedyn_app.dynamics.clinical.scale import IPD_RANGE_MM
from facedyn_app.dynamics.clinical.session import measure_session
from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.path_checks import check_input_file, check_output_file, naming
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import NAMELESS, Session, without_file_name
from facedyn_app.reports.clinical_columns import Table
from facedyn_app.reports.clinical_files import write_clinical_table
from facedyn_app.reports.clinical_rows import (
    MeasuredSession,
    RowKind,
    blink_table,
    change_table,
    recording_table,
    task_table,
)
from facedyn_app.reports.code_book import code_book_path
from facedyn_app.settings import ClinicalSettings
from facedyn_app.workflows.audit import record_use
from facedyn_app.workflows.heads import head_to_draw
from facedyn_app.workflows.recordings import is_video, names_apart, read_one_kept


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """How recordings are measured and written.

    Attributes:
        ipd_mm: The person's inter-pupillary distance, mm; None takes the adult mean.
        rows: What a row of the table is.
        separator: Between the cells of CSV.
        decimal: Decimal sign of CSV.
        file_names: Whether recordings are called as their files; else by number.
    """

    ipd_mm: float | None = None
    rows: RowKind = RowKind.RECORDING
    separator: str = ","
    decimal: str = "."
    file_names: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class MeasureResult:
    """What was measured.

    Attributes:
        sessions: The recordings, by date where all have one, else as given.
        changes: From each to the next: names of both, and the change.
        files: The files written.
        notes: Sentences on what was assumed.
    """

    sessions: tuple[MeasuredSession, ...]
    changes: tuple[tuple[str, str, Change], ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def measure_recordings(
    paths: Sequence[Path],
    mirrored: Sequence[Path],
    out: Path | None,
    options: MeasureOptions,
    settings: ClinicalSettings,
    on_progress: OnProgress,
) -> MeasureResult:
    """Measure recordings, and write a table where one is wanted.

    Args:
        paths: Session files, or other programs' measurements.
        mirrored: Session files of the same recordings fitted mirrored.
        out: The table; None for none.
        options: How.
        settings: What counts as what.
        on_progress: Called for every recording; may raise Cancelled.

    Raises:
        InputError: A file cannot be read, or is a video.
        MismatchError: A mirrored fit belongs to none of the recordings.
        OutputError: The table cannot be written.
        TooLittleError: A change is asked for, and there is one recording alone.
    """
    _check(paths, mirrored, out, options)
    mirrors = [_read(path) for path in mirrored]
    names, found = names_apart(paths), []
    for number, path in enumerate(paths):
        on_progress(Progress("measuring", number, len(paths)))
        session = _read(path)
        if not options.file_names:
            session = without_file_name(session)
        with naming(path):
            mirror = _take_mirror(session, mirrors)
            name = names[number] if options.file_names else f"{NAMELESS} {number + 1}"
            found.append(
                measure_recording(name, session, options, settings, on_progress, mirrored=mirror)
            )
    if mirrors:
        raise MismatchError(
            "A mirrored fit belongs to none of the recordings.",
            "It must be of the same video, fitted alike but for --mirrored.",
        )
    sessions, notes = _by_date(found)
    notes = (*notes, *comparison_doubts([one.session for one in sessions]))
    changes = _changes(sessions, settings)
    files = () if out is None else _write(sessions, changes, out, options)
    for path in paths:
        record_use(path, "measure", "clinical measures")
    return MeasureResult(sessions, changes, files, notes)


def measure_recording(
    name: str,
    session: Session,
    options: MeasureOptions,
    settings: ClinicalSettings,
    on_progress: OnProgress,
    *,
    mirrored: Session | None = None,
) -> MeasuredSession:
    """Measure one recording that is at hand, with the events that are marked in it.

    Tasks that were only proposed are none.

    Args:
        name: What it is called.
        session: The recording.
        options: How.
        settings: What counts as what.
        on_progress: Told of the reading of its head; may raise Cancelled.
        mirrored: The fit of its mirror image.

    Raises:
        InputError: Its head cannot be read.
    """
    measures = measure_session(
        session,
        _head_of(session, on_progress),
        settings,
        events=session.events,
        ipd_mm=options.ipd_mm,
        mirrored=mirrored,
    )
    return MeasuredSession(name, session, measures)


def write_measured(
    sessions: Sequence[MeasuredSession],
    changes: Sequence[tuple[str, str, Change]],
    out: Path,
    options: MeasureOptions,
    on_progress: OnProgress,
) -> tuple[Path, ...]:
    """Write the table of recordings that are measured already, with its code book.

    Args:
        sessions: What was measured.
        changes: Names of two of them, and the change; for rows of that kind.
        out: The file; its ending says the format.
        options: What a row is, and the signs of CSV.
        on_progress: Called once; may raise Cancelled.

    Returns:
        The files written.

    Raises:
        OutputError: It cannot be written.
        TooLittleError: There is nothing for a row.
    """
    on_progress(Progress("writing", 0))
    for file in (out, code_book_path(out)):
        check_output_file(file)
    return _write(sessions, changes, out, options)


def _head_of(session: Session, on_progress: OnProgress) -> HeadModel | None:
    """The head of a session of this program; None for another program's measurement."""
    return None if session.info.other_program else head_to_draw(session, on_progress)


def _check(
    paths: Sequence[Path], mirrored: Sequence[Path], out: Path | None, options: MeasureOptions
) -> None:
    for path in (*paths, *mirrored):
        check_input_file(path, "session file")
        if is_video(path):
            raise InputError(
                f"'{path}' is a video: its face must be fitted first.",
                f"facedyn fit {path.name} -o {path.stem}.npz",
            )
    low, high = IPD_RANGE_MM
    if options.ipd_mm is not None and not low <= options.ipd_mm <= high:
        raise InputError(
            f"An inter-pupillary distance of {options.ipd_mm:g} mm is no person's.",
            f"It lies between {low:g} and {high:g} mm.",
        )
    if options.rows is RowKind.CHANGE and len(paths) < 2:
        raise TooLittleError("A change needs two recordings or more.", "Name them in one command.")
    if out is not None:
        for file in (out, code_book_path(out)):
            check_output_file(file, inputs=[*paths, *mirrored])


def _read(path: Path) -> Session:
    return read_one_kept(path, None, None)


def _take_mirror(session: Session, mirrors: list[Session]) -> Session | None:
    """The fit of a recording's mirror image, taken off the list."""
    for number, one in enumerate(mirrors):
        if one.is_mirror_image_of(session):
            if len(one.motion.seconds) != len(session.motion.seconds):
                raise MismatchError(
                    "The mirrored fit has another number of frames than the recording.",
                    "Fit both with the same frame rate.",
                )
            return mirrors.pop(number)
    return None


def _by_date(
    found: Sequence[MeasuredSession],
) -> tuple[tuple[MeasuredSession, ...], tuple[str, ...]]:
    dated = [(date, one) for one in found if (date := one.session.info.recorded_at) is not None]
    if len(dated) < len(found):
        text = "Not all recordings have a date: they stand as they were named."
        return tuple(found), (text,) if len(found) > 1 else ()
    # a time without a zone is in the zone here
    return tuple(one for _, one in sorted(dated, key=lambda pair: pair[0].timestamp())), ()


def _changes(
    sessions: Sequence[MeasuredSession], settings: ClinicalSettings
) -> tuple[tuple[str, str, Change], ...]:
    every = [one.measures for one in sessions]
    return tuple(
        (first.name, second.name, change)
        for first, second in pairwise(sessions)
        for change in measure_change(first.measures, second.measures, every, settings)
    )


def _write(
    sessions: Sequence[MeasuredSession],
    changes: Sequence[tuple[str, str, Change]],
    out: Path,
    options: MeasureOptions,
) -> tuple[Path, ...]:
    table = _table(sessions, changes, options.rows)
    if not table.rows:
        raise TooLittleError(
            f"There is nothing for a row a {options.rows}: the recordings have none.",
            "Choose other rows, or mark the tasks first.",
        )
    return write_clinical_table(table, out, options.separator, options.decimal)


def _table(
    sessions: Sequence[MeasuredSession], changes: Sequence[tuple[str, str, Change]], rows: RowKind
) -> Table:
    if rows is RowKind.CHANGE:
        return change_table(changes)
    make = {
        RowKind.RECORDING: recording_table,
        RowKind.TASK: task_table,
        RowKind.BLINK: blink_table,
    }
    return make[rows](sessions)
