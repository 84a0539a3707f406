"""`facedyn audit`: who did what when in a library, and whether that is as it was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, LibraryFolder, verb_app
from facedyn_app.cli.output import DONE, UNUSABLE, Outcome, answering
from facedyn_app.formatting import counted, table

if TYPE_CHECKING:
    from facedyn_app.library.audit import AuditCheck

app = verb_app()

TIME = "%Y-%m-%d %H:%M:%S"
CANNOT_TELL = (
    "A chain cannot show by itself that its end was cut off or that all of it was written anew: "
    "note the head elsewhere, and check with '--head' that it is still there."
)


@app.callback()
def audit() -> None:
    """List who did what in a library, or check that nobody has changed that list."""


@app.command("list")
def list_(library: LibraryFolder, as_json: AsJson = False) -> None:
    """List who did what when."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.audit import audit_lines

        lines = audit_lines(library)
        head = ("line", "when", "who", "what", "of what")
        facts = [{**asdict(one), "at": one.at.isoformat()} for one in lines]
        rows = [
            (str(one.number), f"{one.at.astimezone():{TIME}}", one.who, one.action, one.what)
            for one in lines
        ]
        answer.outcome = Outcome(
            {"library": library, "lines": facts}, table(head, rows, right=(0,))
        )


@app.command()
def verify(
    library: LibraryFolder,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="A head that was noted: it must be there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that no line was changed, taken away, put in or moved; print the head."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.audit import verify_audit

        found = verify_audit(library, head)
        facts = {
            "library": library,
            "sound": found.sound,
            "n_lines": found.n_lines,
            "head": found.head,
            "n_since_head": found.n_since,
            "faults": found.faults,
        }
        answer.outcome = Outcome(
            facts, _text(found, head), exit_code=DONE if found.sound else UNUSABLE
        )


def _text(found: AuditCheck, head: str | None) -> str:
    n, how = found.n_lines, "as written" if found.sound else "not as written"
    lines = [f"{counted(n, 'line')}: {how}"]
    lines += [f"  {fault.what}" for fault in found.faults]
    lines.append(f"head: {found.head}")
    if found.n_since is not None:
        lines.append(f"the head that was noted is there, with {found.n_since} since")
    return "\n".join([*lines, *([CANNOT_TELL] if head is None else [])])
