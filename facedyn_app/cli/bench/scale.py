"""`facedyn bench scale`, `all`: how costs grow with the task, and the page of all benchmarks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.bench import Quick
from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.bench.growth import Growth

NAMES = ("workers", "memory", "landmarks", "coefficients", "gallery", "sessions")
_HEADS = ("task", "against", "cost", "sizes", "medians", "exponent", "growth")


def scale(
    tasks: Annotated[
        str,
        typer.Option(
            metavar="TASK,…", show_default="all", help="Some of " + ", ".join(NAMES) + "."
        ),
    ] = "",
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure how costs grow with workers, length, landmarks, coefficients, gallery, library."""
    chosen = tasks.split(",") if tasks else NAMES
    if not set(chosen) <= set(NAMES):
        raise typer.BadParameter(f"choose from {', '.join(NAMES)}", param_hint="--tasks")
    with answering(as_json) as answer:
        from facedyn_app.bench.scale import QUICK, Sizes, measure_scale

        sizes = QUICK if quick else Sizes()
        found = list(measure_scale(sizes, chosen, answer.on_progress))
        rows = [_row(one) for one in found]
        facts = {"growth": [{**asdict(one), "words": one.words} for one in found]}
        note = "simulated landmarks, speakers and libraries; a median of each size"
        answer.outcome = Outcome(facts, f"{table(_HEADS, rows, right=(5,))}\n{note}")


def _row(growth: Growth) -> list[str]:
    return [
        growth.task,
        growth.size_name,
        growth.cost_name,
        " ".join(f"{one:.6g}" for one in growth.sizes),
        " ".join(f"{one:.3g}" for one in growth.costs),
        number(growth.exponent, 2),
        growth.words,
    ]


def everything(
    page: Annotated[
        Path, typer.Option("-o", "--output", metavar="PAGE", help="The HTML page to write.")
    ],
    quick: Quick = False,
    as_json: AsJson = False,
) -> None:
    """Measure speeds and growth, and write them as a page with the machine's name."""
    with answering(as_json) as answer:
        from facedyn_app.assets import DEFAULT_HEAD
        from facedyn_app.bench.page import benchmark_page, machine_facts, measure_all
        from facedyn_app.files import atomic_text
        from facedyn_app.path_checks import check_output_file
        from facedyn_app.workflows.heads import ready_head

        check_output_file(page, endings=(".html", ".htm"))
        machine, head = machine_facts(), ready_head(DEFAULT_HEAD)
        rates, growths = measure_all(head, quick=quick, on_progress=answer.on_progress)
        with atomic_text(page) as file:
            file.write(benchmark_page(machine, rates, growths))
        facts = {
            "page": page,
            "machine": dict(machine),
            "rates": [asdict(one) for one in rates],
            "growth": [{**asdict(one), "words": one.words} for one in growths],
        }
        answer.outcome = Outcome(facts, f"written: {page}")
