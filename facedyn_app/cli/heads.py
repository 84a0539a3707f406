"""`facedyn heads`: the heads that come with the program, and those of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, HeadChoice, numbers, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import table
from facedyn_app.workflows.options import Pose

if TYPE_CHECKING:
    from facedyn_app.headmodel.model import HeadModel
    from facedyn_app.workflows.head_pictures import WrittenPicture
    from facedyn_app.workflows.heads import RememberedHead

Picture = Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="The picture.")]
Turn = Annotated[str, typer.Option(metavar="X,Y,Z", help="Rotation vector, rad.")]
Coefficients = Annotated[str, typer.Option(metavar="A,B,...", help="Leading coefficients.")]


app = verb_app()


@app.callback(invoke_without_command=True)
def heads(context: typer.Context, as_json: AsJson = False) -> None:
    """List the head models, show one, write one as a mesh."""
    if context.invoked_subcommand is not None:
        return
    with answering(as_json) as answer:
        from facedyn_app.workflows.heads import list_all_heads

        built_in, remembered = list_all_heads()
        facts = [_built_in_facts(one) for one in built_in]
        facts += [_remembered_facts(one) for one in remembered]
        columns = ("head_id", "family", "version", "n_vertices", "n_shape", "n_expression")
        rows = [
            [
                *(str(one[name]) for name in columns),
                "placed" if one["landmarks_placed"] else "not yet",
                str(one["licence"]),
                _place(one),
            ]
            for one in facts
        ]
        head = (
            *("head", "family", "version", "vertices", "shapes", "expressions"),
            *("landmarks", "licence", "file"),
        )
        answer.outcome = Outcome({"heads": facts}, table(head, rows, right=(3, 4, 5)))


def _built_in_facts(head: HeadModel) -> dict[str, object]:
    return {
        "head_id": head.head_id,
        "family": head.meta.get("family"),
        "version": head.head_id.rsplit("-", 1)[-1],
        "n_vertices": len(head.v_template),
        "n_shape": head.n_shape,
        "n_expression": head.n_expression,
        "landmarks_placed": head.landmarks is not None,
        "licence": head.meta.get("licence"),
        "sha256": head.sha256,
        "built_in": True,
        "path": None,
        "file_there": True,
        "n_faces": len(head.faces),
        "expression_names": head.expression_names,
        "joint_names": head.joint_names,
        "activations": head.activations,
        "origin": head.meta.get("origin"),
    }


def _remembered_facts(head: RememberedHead) -> dict[str, object]:
    known = head.known
    return {
        "head_id": known.head_id,
        "family": known.family,
        "version": known.version,
        "n_vertices": known.n_vertices,
        "n_shape": known.n_shape,
        "n_expression": known.n_expression,
        "landmarks_placed": head.landmarks_placed,
        "licence": known.licence,
        "sha256": known.sha256,
        "built_in": False,
        "path": known.path,
        "file_there": head.file_there,
    }


def _place(facts: dict[str, object]) -> str:
    if facts["built_in"]:
        return "built in"
    return str(facts["path"]) if facts["file_there"] else f"{facts['path']} (the file is gone)"


@app.command()
def show(
    head: HeadChoice,
    out: Picture,
    as_json: AsJson = False,
) -> None:
    """Draw what a head can do: identities, jaw, every expression."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.head_pictures import show_head

        answer.outcome = _picture(out, show_head(head, out, answer.on_progress))


def _picture(out: Path, written: WrittenPicture) -> Outcome:
    size = {"width": written.width, "height": written.height}
    facts = {"head_id": written.head_id, "picture": out, **size}
    told = f"{written.width} x {written.height} px, head {written.head_id}"
    return Outcome(facts, f"written: {out}, {told}")


@app.command()
def landmarks(
    head: HeadChoice,
    out: Picture,
    as_json: AsJson = False,
) -> None:
    """Draw where the landmarks sit on a head, coloured by their weight in the fit."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.head_pictures import show_landmarks

        answer.outcome = _picture(out, show_landmarks(head, out, answer.on_progress))


@app.command()
def measure(
    head: HeadChoice,
    faces: Annotated[int, typer.Option(min=100, metavar="N", help="Simulated faces.")] = 300,
    looks: Annotated[int, typer.Option(min=2, metavar="N", help="Pictures of each.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Measure once how the landmarker sees a head of yours: fits are more accurate from then on.

    Takes some minutes. The head is painted, drawn with many faces and expressions and shown to the
    landmarker; what it makes of them is kept in your cache folder.
    """
    with answering(as_json) as answer:
        from facedyn_app.workflows.head_pictures import measure_head

        found = measure_head(head, faces, looks, answer.on_progress)
        facts = {
            "head_id": found.head_id,
            "n_faces": faces,
            "n_looks": looks,
            "landmark_mm": found.landmark_mm,
            "turn_deg": found.turn_deg,
            "file": found.file,
        }
        text = (
            f"head {found.head_id}: measured on {faces} simulated faces; a landmark errs by "
            f"{found.landmark_mm:.2f} mm along each axis (median). Fits of it use this from now on."
        )
        answer.outcome = Outcome(facts, text)


@app.command()
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
    turns = {"root": numbers(rotation, 3), "neck": numbers(neck, 3), "jaw": numbers(jaw, 3)}
    pose = Pose(numbers(shape), numbers(expression), turns)
    with answering(as_json) as answer:
        from facedyn_app.workflows.head_pictures import write_head_mesh

        written = write_head_mesh(head, pose, out)
        n_vertices = written.n_vertices
        facts = {"head_id": written.head_id, "mesh": out, "n_vertices": n_vertices, "unit": "m"}
        answer.outcome = Outcome(
            facts, f"written: {out}, {n_vertices} vertices, head {written.head_id}"
        )


@app.command()
def forget(
    head: Annotated[str, typer.Argument(metavar="ID", help="A remembered head.")],
    as_json: AsJson = False,
) -> None:
    """Take a head file off the list; the file itself stays where it is."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.heads import forget_head

        forget_head(head)
        answer.outcome = Outcome(
            {"forgotten": head}, f"forgotten: {head}; its file stays where it is"
        )
