"""Export of a session: tables, films, meshes, and its motion for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.headmodel.channel_sets import ARKIT, drawing_head_of
from facedyn_app.library.session_file import load_session
from facedyn_app.library.session_meta import meta_of_info
from facedyn_app.path_checks import check_input_file, check_output_file, check_output_folder, naming
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import NAMELESS, Identification, Session, without_file_name
from facedyn_app.reports.code_book import Column, code_book_path, write_code_book
from facedyn_app.reports.event_table import EVENT_COLUMNS, beside, write_event_table
from facedyn_app.reports.flame_parameters import write_flame_parameters
from facedyn_app.reports.kinds import ExportLayout, MeshKind, TableFormat
from facedyn_app.reports.live_link import write_live_link
from facedyn_app.reports.session_columns import SHAPE_COLUMNS, session_columns
from facedyn_app.reports.tables import SHAPE_ENDING, write_scores, write_shape, write_table
from facedyn_app.workflows.audit import export_words, record_use
from facedyn_app.workflows.heads import read_head, read_ready_head
from facedyn_app.workflows.options import MeshOptions
from facedyn_app.workflows.records import Recording


@dataclass(frozen=True, slots=True, eq=False)
class ExportedTable:
    """A table that was written.

    Attributes:
        session: Its session.
        n_columns: Its columns.
        code_book: What stands in the columns of all files.
        shape: The table of the head's shape beside it; None where there is none.
        events: The table of the events beside it; None where nothing is marked.
    """

    session: Session
    n_columns: int
    code_book: Path
    shape: Path | None = None
    events: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ExportedMotion:
    """A film, or a file for another program.

    Attributes:
        session: What was exported.
        n_frames: Frames written.
        notes: Sentences on what is not in the file.
    """

    session: Session
    n_frames: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ExportedMeshes:
    """Meshes that were written.

    Attributes:
        session: What was exported.
        head_id: The head that shows it.
        n_vertices: Of each mesh.
        frame: The one frame, from 0; None for the neutral mesh and for a sequence.
        files: Names of a sequence's files; empty for one mesh.
        skipped: Frames of a sequence without a trusted fit, from 1.
    """

    session: Session
    head_id: str
    n_vertices: int
    frame: int | None = None
    files: tuple[str, ...] = ()
    skipped: tuple[int, ...] = ()


def export_table(
    source: Path | Session, out: Path, on_progress: OnProgress, *, file_names: bool = True
) -> ExportedTable:
    """Write a session as a table, beside it its shape, its events if there are any, a code book.

    Args:
        source: The session, or its file.
        out: The table; its ending says its format.
        on_progress: Called for every block of frames; may raise Cancelled.
        file_names: Whether the table says the name of the recording's file; nothing else does.

    Raises:
        InputError: The session cannot be read.
        OutputError: A file cannot be written.
    """
    session = _checked(source, out)
    if not file_names:
        session = without_file_name(session)
    book = code_book_path(out)
    shape = out.with_name(out.stem + SHAPE_ENDING) if len(session.shape) else None
    events = beside(out) if session.events else None
    for path in (book, shape, events):
        if path is not None:
            check_output_file(path, inputs=[source] if isinstance(source, Path) else [])
    form = TableFormat(out.suffix[1:].lower())
    write_table(session, out, form, meta_of_info(session.info, session.events), on_progress)
    frames = [one.column for one in session_columns(session)]
    described: dict[str, Sequence[Column]] = {out.name: frames}
    if shape is not None:
        write_shape(session, shape)
        described[shape.name] = SHAPE_COLUMNS
    if events is not None:
        write_event_table(session.events, events)
        described[events.name] = EVENT_COLUMNS
    write_code_book(described, book)
    _record(source, out)
    return ExportedTable(session, len(frames), book, shape, events)


def export_film(
    source: Path | Session,
    video: Path,
    out: Path,
    head: str | None,
    on_progress: OnProgress,
) -> ExportedMotion:
    """Write a recording with the outlines of the fitted head.

    Args:
        source: The session, or its file.
        video: The recording that it was made from.
        out: The film.
        head: Id or file of the head; None for the one that the session names.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The session, its head or the recording cannot be read.
        MismatchError: The session was made from another recording, or with another head.
        OutputError: The film cannot be written.
    """
    from facedyn_app.reports.film import write_film  # slow to import, as all that draws

    session = _checked(source, out, video)
    with _naming(source):
        placed = read_ready_head(head or drawing_head_of(session), on_progress)
        written = ExportedMotion(session, write_film(session, placed, video, out, on_progress))
    _record(source, out)
    return written


def export_motion(
    source: Path | Session, out: Path, layout: ExportLayout, head: str | None
) -> ExportedMotion:
    """Write a session's motion for another program.

    Args:
        source: The session, or its file.
        out: The file.
        layout: In which form; not BIDS, which is a whole library's (`export_bids`).
        head: Id or file of the head; None for the one that draws the session.

    Raises:
        InputError: The session or its head cannot be read.
        MismatchError: The session has not the channels that the form asks for.
        OutputError: The file cannot be written.
        TooLittleError: No frame has a trusted fit.
    """
    session = _checked(source, out)
    with _naming(source):
        if layout is ExportLayout.LIVELINK:
            written = _live_link(session, out, head)
        elif layout is ExportLayout.FLAME:
            written = _flame_parameters(session, out)
        else:
            from facedyn_app.reports.animation import write_animation  # slow to import

            drawn = read_head(head or drawing_head_of(session))
            written = ExportedMotion(session, write_animation(session, drawn, out))
    _record(source, out)
    return written


def export_scores(
    recordings: Sequence[Recording],
    out: Path,
    _on_progress: OnProgress = ignore,
    *,
    file_names: bool = True,
) -> None:
    """Write every score of the recordings that have been compared, as a CSV table.

    Args:
        recordings: The recordings.
        out: The table.
        file_names: Whether it says names of recordings' files; else they are numbered.

    Raises:
        OutputError: The file cannot be written.
    """
    answers: list[tuple[str, Identification]] = []
    for one in recordings:
        if one.identification is not None:
            numbered = f"{NAMELESS} {len(answers) + 1}"
            name = str(one.video or one.title) if file_names else numbered
            answers.append((name, one.identification))
    write_scores(answers, out)


def _live_link(session: Session, out: Path, head: str | None) -> ExportedMotion:
    # ARKit's own blendshapes need no head to say what they are
    own = None if session.head_id == ARKIT else read_head(head or drawing_head_of(session))
    table = write_live_link(session, own, out)
    return ExportedMotion(session, table.n_frames, _unmeasured(table.unmeasured))


def _flame_parameters(session: Session, out: Path) -> ExportedMotion:
    notes = _unmeasured(write_flame_parameters(session, out))
    if any(name.startswith("eyelid") for name in session.motion.names):
        notes = (*notes, "FLAME has no lids: those of the session are left out.")
    return ExportedMotion(session, len(session.motion.seconds), notes)


def _unmeasured(names: Sequence[str]) -> tuple[str, ...]:
    return (f"Not measured, 0 throughout: {', '.join(names)}.",) if names else ()


def export_meshes(
    source: Path | Session, out: Path, options: MeshOptions, on_progress: OnProgress
) -> ExportedMeshes:
    """Write meshes of a session.

    Args:
        source: The session, or its file.
        out: The mesh file, or the new folder for a sequence.
        options: Which meshes.
        on_progress: Called for each mesh of a sequence; may raise Cancelled.

    Raises:
        InputError: The session or its head cannot be read, or there is no mesh of the frame.
        MismatchError: The session was fitted with another head.
        OutputError: The file or folder cannot be written.
        TooLittleError: No frame has a trusted fit.
    """
    from facedyn_app.reports.meshes import SessionMeshes, write_one, write_sequence

    session = _checked(source, out if options.one_file else None)
    if not options.one_file:
        check_output_folder(out)
    with _naming(source):
        head = read_head(options.head or drawing_head_of(session))
        meshes = SessionMeshes(session, head, options.kind)
        written = ExportedMeshes(session, meshes.head.head_id, len(meshes.head.v_template))
        if not options.one_file:
            made = write_sequence(meshes, out, options.form, on_progress)
            _record(source, out)
            return replace(written, files=made.files, skipped=made.skipped)
        frame = _frame(session, options)
        write_one(meshes, frame, out)
    _record(source, out)
    return written if options.kind is MeshKind.NEUTRAL else replace(written, frame=frame)


def _frame(session: Session, options: MeshOptions) -> int:
    """The frame from 0; of no account for the neutral mesh."""
    from facedyn_app.reports.meshes import frame_at

    if options.seconds is not None:
        return frame_at(session, options.seconds)
    return 0 if options.frame is None else options.frame - 1


def _checked(source: Path | Session, out: Path | None, video: Path | None = None) -> Session:
    """The session, once it is known that it and the video can be read, and the file written."""
    inputs = [(source, "session file")] if isinstance(source, Path) else []
    if video is not None:
        inputs.append((video, "video"))
    for path, what in inputs:
        check_input_file(path, what)
    if out is not None:
        check_output_file(out, inputs=[path for path, _ in inputs])
    return load_session(source) if isinstance(source, Path) else source


def _record(source: Path | Session, out: Path) -> None:
    """Say in the audit what was written, where the session's file is a library's."""
    if isinstance(source, Path):
        record_use(source, "export", export_words(out))


def _naming(source: Path | Session) -> AbstractContextManager[None]:
    """Errors of the block name the session's file, where it has been read from one."""
    return naming(source) if isinstance(source, Path) else nullcontext()
