"""`facedyn heads`: the heads that come with the program, and those of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, HeadChoice, numbers, verb_app
from facedyn_app.cli.output import Outcome, run_verb, table
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.options import Pose

if TYPE_CHECKING:
    from facedyn_app.workflows.head_pictures import WrittenPicture
    from facedyn_app.workflows.heads import HeadEntry

Turn = Annotated[str, typer.Option(metavar="X,Y,Z", help="Rotation vector, rad.")]
Coefficients = Annotated[str, typer.Option(metavar="A,B,...", help="Leading coefficients.")]


app = verb_app()


@app.callback(invoke_without_command=True)
def heads(context: typer.Context, as_json: AsJson = False) -> None:
    """List the head models, show one, write one as a mesh."""
    if context.invoked_subcommand is None:
        run_verb(_heads, as_json=as_json)


def _heads(_on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.heads import head_entries

    facts = [_facts(entry) for entry in head_entries()]
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
    return Outcome({"heads": facts}, table(head, rows, right=(3, 4, 5)))


def _facts(entry: HeadEntry) -> dict[str, object]:
    facts: dict[str, object] = {
        "head_id": entry.head_id,
        "family": entry.family,
        "version": entry.version,
        "n_vertices": entry.n_vertices,
        "n_shape": entry.n_shape,
        "n_expression": entry.n_expression,
        "landmarks_placed": entry.landmarks_placed,
        "licence": entry.licence,
        "sha256": entry.sha256,
        "built_in": entry.head is not None,
        "path": entry.path,
        "file_there": entry.file_there,
    }
    if entry.head is not None:
        facts |= {
            "n_faces": len(entry.head.faces),
            "expression_names": entry.head.expression_names,
            "joint_names": entry.head.joint_names,
            "activations": entry.head.activations,
            "origin": entry.head.meta.get("origin"),
        }
    return facts


def _place(facts: dict[str, object]) -> str:
    if facts["built_in"]:
        return "built in"
    return str(facts["path"]) if facts["file_there"] else f"{facts['path']} (the file is gone)"


@app.command()
def show(
    head: HeadChoice,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="The picture.")],
    as_json: AsJson = False,
) -> None:
    """Draw what a head can do: identities, jaw, every expression."""
    run_verb(_show, head, out, as_json=as_json)


def _show(head: str, out: Path, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.head_pictures import show_head

    return _picture(out, show_head(head, out, on_progress))


def _picture(out: Path, written: WrittenPicture) -> Outcome:
    size = {"width": written.width, "height": written.height}
    facts = {"head_id": written.head_id, "picture": out, **size}
    told = f"{written.width} x {written.height} px, head {written.head_id}"
    return Outcome(facts, f"written: {out}, {told}")


@app.command()
def landmarks(
    head: HeadChoice,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="The picture.")],
    as_json: AsJson = False,
) -> None:
    """Draw where the landmarks sit on a head, coloured by their weight in the fit."""
    run_verb(_landmarks, head, out, as_json=as_json)


def _landmarks(head: str, out: Path, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.head_pictures import show_landmarks

    return _picture(out, show_landmarks(head, out, on_progress))


@app.command()
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
    run_verb(_measure, head, faces, looks, as_json=as_json)


def _measure(head: str, n_faces: int, n_looks: int, on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.head_pictures import measure_head

    found = measure_head(head, n_faces, n_looks, on_progress)
    facts = {
        "head_id": found.head_id,
        "n_faces": n_faces,
        "n_looks": n_looks,
        "landmark_mm": found.landmark_mm,
        "turn_deg": found.turn_deg,
        "file": found.file,
    }
    text = (
        f"head {found.head_id}: measured on {n_faces} made faces; a landmark errs by "
        f"{found.landmark_mm:.2f} mm along each axis (median). Fits of it use this from now on."
    )
    return Outcome(facts, text)


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
    run_verb(_mesh, head, pose, out, as_json=as_json)


def _mesh(head: str, pose: Pose, out: Path, _on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.head_pictures import write_head_mesh

    written = write_head_mesh(head, pose, out)
    n_vertices = written.n_vertices
    facts = {"head_id": written.head_id, "mesh": out, "n_vertices": n_vertices, "unit": "m"}
    return Outcome(facts, f"written: {out}, {n_vertices} vertices, head {written.head_id}")


@app.command()
def forget(
    head: Annotated[str, typer.Argument(metavar="ID", help="A remembered head.")],
    as_json: AsJson = False,
) -> None:
    """Take a head file off the list; the file itself stays where it is."""
    run_verb(_forget, head, as_json=as_json)


def _forget(head_id: str, _on_progress: OnProgress) -> Outcome:
    from facedyn_app.workflows.heads import forget_head

    forget_head(head_id)
    return Outcome({"forgotten": head_id}, f"forgotten: {head_id}; its file stays where it is")
