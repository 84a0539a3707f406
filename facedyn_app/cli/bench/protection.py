"""`facedyn bench protection`: what a library's protection costs in time."""

from __future__ import annotations

from typing import Annotated

import typer

from facedyn_app.cli.library_protection import Database
from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.folders import temporary_folder
from facedyn_app.formatting import number, table


def protection(
    n_sessions: Annotated[
        int, typer.Option("--sessions", min=1, max=100_000, help="Sessions in each library.")
    ] = 10_000,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1.0, max=3600.0, help="How long a session is, s.")
    ] = 12.0,
    database: Annotated[
        Database | None,
        typer.Option("--database", show_default="sqlcipher where it is installed"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write and read sessions of simulated speakers with protection and without, in turns."""
    with answering(as_json) as answer, temporary_folder("protection") as folder:
        from facedyn_app.bench.protection import measure_protection

        kind = None if database is None else database.value
        found = measure_protection(folder, n_sessions, seconds, kind, answer.on_progress)
        rows = [
            (
                one.what,
                number(one.plain_s, 1),
                number(one.protected_s, 1),
                f"{100 * (one.ratio - 1):+.1f} %",
                f"{100 * (one.low - 1):+.1f} to {100 * (one.high - 1):+.1f} %",
            )
            for one in found
        ]
        head = (f"{n_sessions} sessions", "plain/s", "protected/s", "cost", "90 % interval")
        facts = {"n_sessions": n_sessions, "seconds": seconds, "costs": found}
        answer.outcome = Outcome(facts, table(head, rows, right=(1, 2, 3)))
