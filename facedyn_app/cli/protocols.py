"""`facedyn protocols`: the protocols of tasks, and one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.protocols import Task

app = verb_app()


@app.callback(invoke_without_command=True)
def protocols(context: typer.Context, as_json: AsJson = False) -> None:
    """List the protocols of tasks, those that come along and your own; show one."""
    if context.invoked_subcommand is not None:
        return
    with answering(as_json) as answer:
        from facedyn_app.workflows.protocols import list_protocols, own_folder

        known, wrong = list_protocols()
        rows = [
            (one.protocol.id, one.protocol.title, str(len(one.protocol.tasks)),
             number(one.protocol.seconds, 0), str(one.path))
            for one in known
        ]  # fmt: skip
        facts = {
            "protocols": [
                {
                    "id": one.protocol.id,
                    "title": one.protocol.title,
                    "n_tasks": len(one.protocol.tasks),
                    "seconds": one.protocol.seconds,
                    "path": one.path,
                }
                for one in known
            ],
            "unusable": wrong,
            "own_folder": own_folder(),
        }
        lines = [table(("protocol", "title", "tasks", "length/s", "file"), rows, right=(2, 3))]
        lines += [*wrong, f"Your own, as JSON, go into {own_folder()}"]
        answer.outcome = Outcome(facts, "\n".join(lines))


@app.command("show")
def show(
    protocol: Annotated[
        str, typer.Argument(metavar="PROTOCOL|FILE.json", help="Its id, or a file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show a protocol: its tasks, what is said, how long and how often."""
    with answering(as_json) as answer:
        from facedyn_app.protocols import protocol_to_json
        from facedyn_app.workflows.protocols import find_protocol

        found = find_protocol(protocol).protocol
        head = ("task", "length/s", "times", "what is said", "what is measured")
        text = table(head, [_cells(task) for task in found.tasks], right=(1, 2))
        answer.outcome = Outcome(protocol_to_json(found), f"{found.title}: {found.text}\n{text}")


def _cells(task: Task) -> list[str]:
    words = ", ".join(task.measures)
    return [task.id, number(task.seconds, 1), str(task.repeats), task.text, words]
