"""Exports of a recording and of a library: tables, scores, films, meshes, reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.gui.recording import Recording
from facedyn_app.gui.workflows.library import existing_library
from facedyn_app.headmodel.channel_sets import drawing_head_of
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.library.session_meta import meta_of_info
from facedyn_app.progress import OnProgress
from facedyn_app.reports.film import write_film
from facedyn_app.reports.kinds import MeshFormat, MeshKind, TableFormat
from facedyn_app.reports.meshes import SessionMeshes, write_one, write_sequence
from facedyn_app.reports.tables import write_scores, write_table
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.heads import ready_head


@dataclass(frozen=True, slots=True)
class MeshOrder:
    """Which meshes of a recording are wanted.

    Attributes:
        kind: What they show.
        form: Their format.
        frame: One frame, from 0; None for all of them.
        path: The file, or the new folder for all frames.
    """

    kind: MeshKind
    form: MeshFormat
    frame: int | None
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class ReportOrder:
    """A report that is wanted.

    Attributes:
        recording: On this one; None for a report on speakers.
        speaker: On this one; None for all of the library.
        path: The file, `.pdf` or `.html`.
    """

    recording: Recording | None
    speaker: str | None
    path: Path


def export_table(recording: Recording, path: Path, on_progress: OnProgress) -> str:
    """Write a recording as a table; return a sentence on what was written."""
    form, meta = TableFormat(path.suffix[1:].lower()), meta_of_info(recording.session.info)
    write_table(recording.session, path, form, meta, on_progress)
    return f"Written: {path}"


def export_scores(recordings: Sequence[Recording], path: Path, _on_progress: OnProgress) -> str:
    """Write every score of recordings; return a sentence on what was written."""
    answers = [
        (str(one.video or one.title), one.identification)
        for one in recordings
        if one.identification is not None
    ]
    write_scores(answers, path)
    return f"Written: {path}"


def export_film(recording: Recording, path: Path, on_progress: OnProgress) -> str:
    """Write a recording's film; return a sentence on what was written."""
    if recording.video is None:
        raise InputError("The video of this session is not at hand.", "Open the video itself.")
    head = ready_head(drawing_head_of(recording.session), on_progress)
    write_film(recording.session, head, recording.video, path, on_progress)
    return f"Written: {path}"


def export_meshes(recording: Recording, order: MeshOrder, on_progress: OnProgress) -> str:
    """Write meshes of a recording; return a sentence on what was written."""
    session = recording.session
    meshes = SessionMeshes(session, load_head(drawing_head_of(session)), order.kind)
    if order.frame is not None or order.kind is MeshKind.NEUTRAL:
        write_one(meshes, order.frame or 0, order.path)
        return f"Written: {order.path}"
    done = write_sequence(meshes, order.path, order.form, on_progress)
    skipped = f"; {len(done.skipped)} frames without a trusted fit left out"
    return f"Written: {len(done.files)} meshes in {order.path}{skipped if done.skipped else ''}"


def write_report(
    order: ReportOrder,
    folder: Path,
    trust: TrustSettings,
    print_pdf: Callable[[str, Path], None],
    on_progress: OnProgress,
) -> str:
    """Write a report; return a sentence on what was written.

    Args:
        order: What on, and where to.
        folder: The library.
        trust: Where "good" ends and where a shape drifts.
        print_pdf: Prints a page of HTML into a PDF file.
        on_progress: Called several times a second; may raise Cancelled.
    """
    from facedyn_app.workflows.report import write_page

    write_page(_page(order, folder, trust, on_progress), order.path, print_pdf)
    return f"Written: {order.path}"


def _page(order: ReportOrder, folder: Path, trust: TrustSettings, on_progress: OnProgress) -> str:
    from facedyn_app.workflows.report import report_on_library, report_on_session, report_on_speaker

    library = existing_library(folder)
    with library or nullcontext():
        if order.recording is not None:
            shown = order.recording
            return report_on_session(shown.title, shown.session, trust, library)
        if library is None:
            raise InputError(f"There is no library in '{folder}' any more.", "Open another one.")
        if order.speaker is not None:
            return report_on_speaker(library, order.speaker, trust, on_progress)
        return report_on_library(library, trust, on_progress)
