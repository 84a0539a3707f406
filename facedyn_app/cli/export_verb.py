"""The verb `export` and its options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, OtherHead
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress
from facedyn_app.reports.kinds import ExportLayout, FilmFormat, MeshFormat, MeshKind, TableFormat

_ENDINGS = {
    ExportLayout.LIVELINK: ".csv",
    ExportLayout.FLAME: ".npz",
    ExportLayout.GLB: ".glb",
}


def export(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A session file.")],
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
            "parameters under VHAP's names (OUT.npz), or one animated mesh (OUT.glb).",
            show_default="facedyn's own table",
        ),
    ] = None,
    head: OtherHead = None,
    as_json: AsJson = False,
) -> None:
    """Write a session as a table, a row a frame; meshes of it, in metres; or an annotated film."""
    n_chosen = sum((frame is not None, seconds is not None, sequence))
    if layout is not None:
        given = (mesh, video, form, frame, seconds, sequence or None)
        run_verb(_other_layout(session, out, layout, head, given), as_json=as_json)
        return
    if mesh is None:
        chosen_mesh = n_chosen or form is not None
        run_verb(_without_mesh(session, video, out, head, bool(chosen_mesh)), as_json=as_json)
        return
    if video is not None:
        raise typer.BadParameter("give --mesh or --video, not both")
    if mesh is MeshKind.NEUTRAL and n_chosen:
        raise typer.BadParameter("the neutral mesh is one for the whole session: name no frame")
    if mesh is not MeshKind.NEUTRAL and n_chosen != 1:
        raise typer.BadParameter("give one of --frame, --seconds and --sequence")
    file, chosen = (out, form or MeshFormat.OBJ) if sequence else _with_ending(out, form)

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.export import MeshChoice, export_meshes

        return export_meshes(
            session, file, MeshChoice(mesh, chosen, frame, seconds, head), on_progress
        )

    run_verb(work, as_json=as_json)


def _other_layout(
    session: Path,
    out: Path,
    layout: ExportLayout,
    head: str | None,
    others: Sequence[object | None],
) -> Callable[[OnProgress], Outcome]:
    if any(other is not None for other in others):
        raise typer.BadParameter("--layout goes with none of the options for meshes and films")
    _check_ending(out, [_ENDINGS[layout]])

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.export_motion import export_motion

        return export_motion(session, out, layout, head)

    return work


def _without_mesh(
    session: Path, video: Path | None, out: Path, head: str | None, chosen_mesh: bool
) -> Callable[[OnProgress], Outcome]:
    if chosen_mesh:
        raise typer.BadParameter("say with --mesh which mesh is wanted")
    return _film(session, video, out, head) if video else _table(session, out, head)


def _table(session: Path, out: Path, head: str | None) -> Callable[[OnProgress], Outcome]:
    if head is not None:
        raise typer.BadParameter("a table needs no --head")
    _check_ending(out, [f".{form}" for form in TableFormat], ", or --mesh or --video must be given")

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.export import export_table

        return export_table(session, out, on_progress)

    return work


def _film(
    session: Path, video: Path, out: Path, head: str | None
) -> Callable[[OnProgress], Outcome]:
    _check_ending(out, [f".{form}" for form in FilmFormat])

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.export import export_film

        return export_film(session, video, out, head, on_progress)

    return work


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
