"""The verb `export` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, OtherHead
from facedyn_app.cli.verb import Outcome, run_verb
from facedyn_app.progress import Report
from facedyn_app.reports.kinds import MeshFormat, MeshKind


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
            show_default="a table, OUT.csv",
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
    head: OtherHead = None,
    as_json: AsJson = False,
) -> None:
    """Write a session as a table, a row a frame; or meshes of it, in metres."""
    n_chosen = sum((frame is not None, seconds is not None, sequence))
    if mesh is None:
        if n_chosen or form is not None or head is not None:
            raise typer.BadParameter("say with --mesh which mesh is wanted")
        if out.suffix.lower() != ".csv":
            raise typer.BadParameter(f"'{out.name}' must end in .csv, or --mesh must be given")

        def table(report: Report) -> Outcome:
            from facedyn_app.cli.export import export_table

            return export_table(session, out, report)

        run_verb(table, as_json=as_json)
        return
    if mesh is MeshKind.NEUTRAL and n_chosen:
        raise typer.BadParameter("the neutral mesh is one for the whole session: name no frame")
    if mesh is not MeshKind.NEUTRAL and n_chosen != 1:
        raise typer.BadParameter("give one of --frame, --seconds and --sequence")
    file, chosen = (out, form or MeshFormat.OBJ) if sequence else _with_ending(out, form)

    def work(report: Report) -> Outcome:
        from facedyn_app.cli.export import MeshChoice, export_meshes

        return export_meshes(session, file, MeshChoice(mesh, chosen, frame, seconds, head), report)

    run_verb(work, as_json=as_json)


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
