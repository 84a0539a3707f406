"""The verb `heads`, which lists the heads, and those under it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, HeadChoice, numbers
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress

Turn = Annotated[str, typer.Option(metavar="X,Y,Z", help="Rotation vector, rad.")]
Coefficients = Annotated[str, typer.Option(metavar="A,B,...", help="Leading coefficients.")]


def make_heads_app() -> typer.Typer:
    """The verb `heads` and those under it."""
    app = typer.Typer(rich_markup_mode=None)
    app.callback(invoke_without_command=True)(heads)
    app.command("show")(show)
    app.command("landmarks")(landmarks)
    app.command("measure")(measure)
    app.command("mesh")(mesh)
    app.command("forget")(forget)
    return app


def heads(context: typer.Context, as_json: AsJson = False) -> None:
    """List the head models, show one, write one as a mesh."""
    if context.invoked_subcommand is not None:
        return

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.heads import list_all_heads

        return list_all_heads()

    run_verb(work, as_json=as_json)


def show(
    head: HeadChoice,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="The picture.")],
    as_json: AsJson = False,
) -> None:
    """Draw what a head can do: identities, jaw, every expression."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.head_files import show_head

        return show_head(head, out, on_progress)

    run_verb(work, as_json=as_json)


def landmarks(
    head: HeadChoice,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="The picture.")],
    as_json: AsJson = False,
) -> None:
    """Draw where the landmarks sit on a head, coloured by their weight in the fit."""

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.head_files import show_landmarks

        return show_landmarks(head, out, on_progress)

    run_verb(work, as_json=as_json)


def measure(
    head: HeadChoice,
    faces: Annotated[int, typer.Option(min=100, metavar="N", help="Made faces.")] = 300,
    looks: Annotated[int, typer.Option(min=2, metavar="N", help="Pictures of each.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Measure once how the landmarker sees a head of yours: fits are more accurate from then on.

    Takes some minutes. The head is painted, drawn with many faces and expressions and shown to the
    landmarker; what it makes of them is kept in your cache folder.
    """

    def work(on_progress: OnProgress) -> Outcome:
        from facedyn_app.cli.head_files import measure_head

        return measure_head(head, faces, looks, on_progress)

    run_verb(work, as_json=as_json)


def mesh(
    head: HeadChoice,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="MESH", help="An .obj, .ply or .glb file.")
    ],
    shape: Coefficients = "",
    expression: Coefficients = "",
    rotation: Turn = "",
    neck: Turn = "",
    jaw: Turn = "",
    as_json: AsJson = False,
) -> None:
    """Write a posed head as a mesh: metres, vertices in the head file's order."""
    leading = numbers(shape), numbers(expression)
    turns = {"root": numbers(rotation, 3), "neck": numbers(neck, 3), "jaw": numbers(jaw, 3)}

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.head_files import Pose, write_head_mesh

        return write_head_mesh(head, Pose(*leading, turns), out)

    run_verb(work, as_json=as_json)


def forget(
    head: Annotated[str, typer.Argument(metavar="ID", help="A remembered head.")],
    as_json: AsJson = False,
) -> None:
    """Take a head file off the list; the file itself stays where it is."""

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.heads import forget_head

        return forget_head(head)

    run_verb(work, as_json=as_json)
