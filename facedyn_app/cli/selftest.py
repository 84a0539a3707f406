"""`facedyn selftest`: every stage on a small scale, and what became of it."""

from __future__ import annotations

from facedyn_app.cli.options import AsJson, verb_app
from facedyn_app.cli.output import DONE, FAULT, Outcome, answering
from facedyn_app.formatting import number, table

app = verb_app()


@app.command()
def selftest(as_json: AsJson = False) -> None:
    """Try every stage on a small scale, in less than a minute, and say what was done."""
    with answering(as_json) as answer:
        from facedyn_app.workflows.selftest import test_all_stages

        found = test_all_stages(answer.on_progress)
        facts = {"ok": found.ok, "seconds": found.seconds, "steps": found.steps}
        rows = [
            ("ok" if one.ok else "FAILED", one.step, number(one.seconds, 1), one.what)
            for one in found.steps
        ]
        n_failed = sum(not one.ok for one in found.steps)
        verdict = f"{n_failed} of {len(rows)} steps failed" if n_failed else "all steps are ok"
        heading = table(("", "step", "s", "what"), rows, right=(2,))
        text = f"{heading}\n{verdict}, {number(found.seconds, 1)} s"
        answer.outcome = Outcome(facts, text, DONE if found.ok else FAULT)
