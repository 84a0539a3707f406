"""`facedyn export`: what was measured on a recording, as files that other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.export_folders import bids_outcome, tracks_outcome
from facedyn_app.cli.options import AsJson, FileNames, OtherHead, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.progress import OnProgress
from facedyn_app.reports.kinds import ExportLayout, FilmFormat, MeshFormat, MeshKind, TableFormat
from facedyn_app.workflows.options import MeshOptions

if TYPE_CHECKING:
    from facedyn_app.records import Session

_ENDINGS = {
    ExportLayout.LIVELINK: ".csv",
    ExportLayout.FLAME: ".npz",
    ExportLayout.GLB: ".glb",
}

app = verb_app()


@app.command()
def export(
    session: Annotated[
        Path,
        typer.Argument(
            metavar="SESSION",
            help="A session file; the folder of a library for --layout bids and tracks.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="A file, or a new folder.")
    ],
    mesh: Annotated[
        MeshKind | None,
        typer.Option(
            "--mesh",
            help="Motion without the person's face, the whole head before the camera, or the "
            "person's shape at rest.",
            show_default="a table, OUT.csv, OUT.parquet or OUT.npz",
        ),
    ] = None,
    frame: Annotated[
        int | None, typer.Option("--frame", metavar="N", min=1, help="One frame, from 1.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", metavar="S", min=0.0, help="The frame at a time, s."),
    ] = None,
    sequence: Annotated[
        bool, typer.Option("--sequence", help="Every frame, as numbered files in a new folder.")
    ] = False,
    form: Annotated[
        MeshFormat | None,
        typer.Option("--format", show_default="by the file's ending; obj for a sequence"),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(
            "--video",
            metavar="VIDEO",
            help="The recording that the session was made from: it is written once more, to "
            "OUT.mp4, with what was measured drawn into it.",
        ),
    ] = None,
    layout: Annotated[
        ExportLayout | None,
        typer.Option(
            "--layout",
            help="The motion for other programs: Live Link Face's table (OUT.csv), FLAME "
            "parameters under VHAP's names (OUT.npz), or one animated mesh (OUT.glb). With bids a "
            "whole library in the Brain Imaging Data Structure, with tracks its motion as a store "
            "to train from (a new folder; tracks of a folder of speakers' folders, too).",
            show_default="facedyn's own table",
        ),
    ] = None,
    head: OtherHead = None,
    file_names: FileNames = True,
    as_json: AsJson = False,
) -> None:
    """Write a session as a table, a row a frame; meshes of it, in metres; or an annotated film."""
    chosen = _Chosen(mesh, frame, seconds, sequence, form, video)
    if layout is not None:
        if chosen.any_given:
            raise typer.BadParameter("--layout goes with none of the options for meshes and films")
        _check_layout(layout, out, head)
        with answering(as_json) as answer:
            answer.outcome = _laid_out(session, out, layout, head, answer.on_progress)
    elif mesh is not None:
        file, options = chosen.meshes(mesh, out, head)
        with answering(as_json) as answer:
            answer.outcome = _meshes(session, file, options, answer.on_progress)
    elif chosen.n_frames_named or form is not None:
        raise typer.BadParameter("say with --mesh which mesh is wanted")
    elif video is not None:
        _check_ending(out, [f".{one}" for one in FilmFormat])
        with answering(as_json) as answer:
            answer.outcome = _film(session, video, out, head, answer.on_progress)
    elif head is not None:
        raise typer.BadParameter("a table needs no --head")
    else:
        endings = [f".{one}" for one in TableFormat]
        _check_ending(out, endings, ", or --mesh or --video must be given")
        with answering(as_json) as answer:
            answer.outcome = _table(session, out, answer.on_progress, file_names=file_names)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The options for meshes and films, as far as they are given."""

    mesh: MeshKind | None
    frame: int | None
    seconds: float | None
    sequence: bool
    form: MeshFormat | None
    video: Path | None

    @property
    def n_frames_named(self) -> int:
        """How many of the options that name frames are given."""
        return sum((self.frame is not None, self.seconds is not None, self.sequence))

    @property
    def any_given(self) -> bool:
        """Whether any of all is."""
        return any((self.mesh, self.video, self.form, self.n_frames_named))

    def meshes(self, mesh: MeshKind, out: Path, head: str | None) -> tuple[Path, MeshOptions]:
        """The file or folder of meshes, and which they are.

        Raises:
            typer.BadParameter: The options do not go together.
        """
        if self.video is not None:
            raise typer.BadParameter("give --mesh or --video, not both")
        if mesh is MeshKind.NEUTRAL and self.n_frames_named:
            raise typer.BadParameter("the neutral mesh is one for the whole session: name no frame")
        if mesh is not MeshKind.NEUTRAL and self.n_frames_named != 1:
            raise typer.BadParameter("give one of --frame, --seconds and --sequence")
        file, form = out, self.form or MeshFormat.OBJ
        if not self.sequence:
            file, form = _with_ending(out, self.form)
        return file, MeshOptions(mesh, form, self.frame, self.seconds, head)


def _check_ending(out: Path, endings: Sequence[str], otherwise: str = "") -> None:
    if out.suffix.lower() not in endings:
        raise typer.BadParameter(f"'{out.name}' must end in {', '.join(endings)}{otherwise}")


def _with_ending(out: Path, form: MeshFormat | None) -> tuple[Path, MeshFormat]:
    """The file with its ending, and the format that this is.

    Raises:
        typer.BadParameter: Ending and format do not go together, or there is neither.
    """
    endings = {f".{one}": one for one in MeshFormat}
    if form is not None and not out.suffix:
        return out.with_suffix(f".{form}"), form
    named = endings.get(out.suffix.lower())
    if named is None:
        raise typer.BadParameter(f"'{out.name}' must end in {', '.join(endings)}")
    if form not in (None, named):
        raise typer.BadParameter(f"'{out.name}' is no {form} file")
    return out, named


def _table(path: Path, out: Path, on_progress: OnProgress, *, file_names: bool) -> Outcome:
    from facedyn_app.workflows.export import export_table

    found = export_table(path, out, on_progress, file_names=file_names)
    n_frames = len(found.session.motion.seconds)
    facts = {
        "session": path,
        "file": out,
        "n_frames": n_frames,
        "n_columns": found.n_columns,
        "simulated": found.session.simulated,
    }
    text = f"written: {out}, {n_frames} frames, {found.n_columns} columns{_note(found.session)}"
    facts["code_book"] = found.code_book
    text += f"\nwritten: {found.code_book}, what the columns hold"
    if found.shape is not None:
        facts["shape"] = found.shape
        text += f"\nwritten: {found.shape}, {len(found.session.shape)} shape coefficients"
    if found.events is not None:
        facts["events"] = found.events
        text += f"\nwritten: {found.events}, {len(found.session.events)} events"
    return Outcome(facts, text)


def _film(path: Path, video: Path, out: Path, head: str | None, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.export import export_film

    found = export_film(path, video, out, head, on_progress)
    facts = {
        "session": path,
        "video": video,
        "file": out,
        "n_frames": found.n_frames,
        "simulated": found.session.simulated,
    }
    return Outcome(facts, f"written: {out}, {found.n_frames} frames{_note(found.session)}")


def _check_layout(layout: ExportLayout, out: Path, head: str | None) -> None:
    if layout in _ENDINGS:
        _check_ending(out, [_ENDINGS[layout]])
    elif head is not None:
        raise typer.BadParameter(f"--layout {layout} needs no --head")


def _laid_out(
    path: Path, out: Path, layout: ExportLayout, head: str | None, on_progress: OnProgress
) -> Outcome:
    if layout is ExportLayout.BIDS:
        return bids_outcome(path, out, on_progress)
    if layout is ExportLayout.TRACKS:
        return tracks_outcome(path, out, on_progress)
    return _motion(path, out, layout, head)


def _motion(path: Path, out: Path, layout: ExportLayout, head: str | None) -> Outcome:
    from facedyn_app.workflows.export import export_motion

    found = export_motion(path, out, layout, head)
    facts = {
        "session": path,
        "file": out,
        "layout": str(layout),
        "n_frames": found.n_frames,
        "notes": found.notes,
        "simulated": found.session.simulated,
    }
    written = f"written: {out}, {found.n_frames} frames in the layout {layout}"
    return Outcome(facts, "\n".join([written + _note(found.session), *found.notes]))


def _meshes(path: Path, out: Path, options: MeshOptions, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.export import export_meshes

    found = export_meshes(path, out, options, on_progress)
    session = found.session
    facts = {
        "session": path,
        "head_id": session.head_id,
        "mesh": options.kind,
        "n_vertices": found.n_vertices,
        "unit": "m",
        "simulated": session.simulated,
    }
    if not options.one_file:
        facts |= {"folder": out, "files": found.files, "skipped": found.skipped}
        told = f"{len(found.files)} {options.kind} meshes in {out}, head {found.head_id}"
        lines = [f"written: {told}{_note(session)}"]
        if found.skipped:
            lines.append(f"left out: {len(found.skipped)} frames without a trusted fit")
        return Outcome(facts, "\n".join(lines))
    what = "neutral mesh"
    if found.frame is not None:
        number, seconds = found.frame + 1, float(session.motion.seconds[found.frame])
        what = f"{options.kind} mesh of frame {number}, {seconds:.3f} s"
        facts |= {"frame": number, "seconds": seconds}
    text = f"written: {out}, {what}, head {session.head_id}{_note(session)}"
    return Outcome({**facts, "file": out}, text)


def _note(session: Session) -> str:
    return ", simulated" if session.simulated else ""
