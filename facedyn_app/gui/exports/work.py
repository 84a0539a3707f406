"""The writing that the window starts, each as one function for a worker thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.gui.library_work import existing_library
from facedyn_app.gui.pdf import print_pdf
from facedyn_app.gui.recording import Recording
from facedyn_app.headmodel.channel_sets import drawing_head_of
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.progress import OnProgress
from facedyn_app.reports.film import write_film
from facedyn_app.reports.kinds import MeshFormat, MeshKind, TableFormat
from facedyn_app.reports.meshes import SessionMeshes, write_one, write_sequence
from facedyn_app.reports.scores import write_scores
from facedyn_app.reports.table import write_table
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


def export_table(recording: Recording, path: Path) -> Callable[[OnProgress], str]:
    """Work that writes a recording as a table; gives a sentence on what was written."""

    def work(on_progress: OnProgress) -> str:
        write_table(recording.session, path, TableFormat(path.suffix[1:].lower()), on_progress)
        return f"Written: {path}"

    return work


def export_scores(recordings: Sequence[Recording], path: Path) -> Callable[[OnProgress], str]:
    """Work that writes every score of recordings; gives a sentence on what was written."""

    def work(_report: OnProgress) -> str:
        answers = [
            (str(one.video or one.title), one.identification)
            for one in recordings
            if one.identification is not None
        ]
        write_scores(answers, path)
        return f"Written: {path}"

    return work


def export_film(recording: Recording, path: Path) -> Callable[[OnProgress], str]:
    """Work that writes a recording's film; gives a sentence on what was written."""

    def work(on_progress: OnProgress) -> str:
        if recording.video is None:
            raise InputError("The video of this session is not at hand.", "Open the video itself.")
        head = ready_head(drawing_head_of(recording.session), on_progress)
        write_film(recording.session, head, recording.video, path, on_progress)
        return f"Written: {path}"

    return work


def export_meshes(recording: Recording, order: MeshOrder) -> Callable[[OnProgress], str]:
    """Work that writes meshes of a recording; gives a sentence on what was written."""

    def work(on_progress: OnProgress) -> str:
        session = recording.session
        meshes = SessionMeshes(session, load_head(drawing_head_of(session)), order.kind)
        if order.frame is not None or order.kind is MeshKind.NEUTRAL:
            write_one(meshes, order.frame or 0, order.path)
            return f"Written: {order.path}"
        made = write_sequence(meshes, order.path, order.form, on_progress)
        skipped = f"; {len(made.skipped)} frames without a trusted fit left out"
        return f"Written: {len(made.files)} meshes in {order.path}{skipped if made.skipped else ''}"

    return work


def make_report(
    order: ReportOrder, folder: Path, trust: TrustSettings
) -> Callable[[OnProgress], str]:
    """Work that writes a report; gives a sentence on what was written.

    Args:
        order: What on, and where to.
        folder: The library.
        trust: Where "good" ends and where a shape drifts.
    """

    def work(on_progress: OnProgress) -> str:
        from facedyn_app.workflows.report import write_page  # the window starts without matplotlib

        write_page(_page(order, folder, trust, on_progress), order.path, print_pdf)
        return f"Written: {order.path}"

    return work


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
