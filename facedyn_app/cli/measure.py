"""`facedyn measure`: blinks, excursions in mm, left against right, as text or a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facedyn_app.cli.options import AsJson, FileNames, verb_app
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.cli.window import Window
from facedyn_app.reports.clinical_files import ClinicalFormat
from facedyn_app.reports.clinical_rows import RowKind

if TYPE_CHECKING:
    from facedyn_app.dynamics.clinical.asymmetry import Asymmetry, Interval
    from facedyn_app.reports.clinical_rows import MeasuredSession
    from facedyn_app.workflows.measure import MeasureResult

SEPARATORS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "\\t": "\t"}

app = verb_app()


@app.command()
def measure(
    context: typer.Context,
    sessions: Annotated[list[Path], typer.Argument(metavar="SESSION…", help="Session files.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUT", show_default="(none)",
            help="A table, OUT.csv, OUT.xlsx or OUT.parquet, with its code book.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="OUT.html|OUT.pdf", show_default="(none)",
            help="A page to print: change from the first recording to the last, traces of the "
            "tasks, the faces side by side.",
        ),
    ] = None,
    rows: Annotated[RowKind, typer.Option("--rows", help="What a row of the table is.")] = (
        RowKind.RECORDING
    ),
    mirror: Annotated[
        list[Path] | None,
        typer.Option(
            "--mirror", metavar="SESSION", show_default="(none)",
            help="The same recording fitted with --mirrored: the program's own left-right "
            "difference is taken from it. May be given for each.",
        ),
    ] = None,
    ipd: Annotated[
        float | None,
        typer.Option(
            "--ipd", metavar="MM", show_default="the adult mean, 63.4",
            help="The person's inter-pupillary distance, mm.",
        ),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(
            "--separator", metavar="SIGN", show_default=", or ; beside a decimal comma",
            help="Between the cells of CSV: , ; or tab.",
        ),
    ] = None,
    decimal: Annotated[str, typer.Option("--decimal", help="Decimal sign of CSV: . or ,")] = ".",
    file_names: FileNames = True,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure blinks, excursions and asymmetry of recordings, and change between them."""
    _check_output(out)
    if page is not None and page.suffix.lower() not in (".html", ".pdf"):
        raise typer.BadParameter(f"'{page.name}' must end in .html or .pdf")
    window: Window = context.obj
    signs = _signs(separator, decimal)
    with answering(as_json) as answer:
        from facedyn_app.cli.measure_text import measures_text
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.measure import MeasureOptions, measure_recordings

        options = MeasureOptions(ipd, rows, *signs, file_names)
        settings = Settings()
        found = measure_recordings(
            sessions, mirror or [], out, options, settings.clinical, answer.on_progress
        )
        if page is not None:
            from facedyn_app.workflows.clinical_report import report_on_files

            report_on_files(found.sessions, page, settings, window.print_pdf, answer.on_progress)
            found = replace(found, files=(*found.files, page))
        answer.outcome = Outcome(_facts(found), measures_text(found))


def _check_output(out: Path | None) -> None:
    endings = [f".{one}" for one in ClinicalFormat]
    if out is not None and out.suffix.lower() not in endings:
        raise typer.BadParameter(f"'{out.name}' must end in {', '.join(endings)}")


def _signs(separator: str | None, decimal: str) -> tuple[str, str]:
    """The separator and the decimal sign.

    Raises:
        typer.BadParameter: One is not known, or they are the same.
    """
    if decimal not in (".", ","):
        raise typer.BadParameter("--decimal must be . or ,")
    if separator is None:
        return (";" if decimal == "," else ","), decimal
    if separator not in SEPARATORS:
        raise typer.BadParameter("--separator must be , ; or tab")
    if separator == decimal:
        raise typer.BadParameter("--separator and --decimal must differ")
    return SEPARATORS[separator], decimal


def _facts(found: MeasureResult) -> dict[str, Any]:
    return {
        "recordings": [_recording_facts(one) for one in found.sessions],
        "changes": [
            {"from": before, "to": after, **asdict(change)}
            for before, after, change in found.changes
        ],
        "files": found.files,
        "notes": found.notes,
    }


def _recording_facts(one: MeasuredSession) -> dict[str, Any]:
    measures = one.measures
    summary = measures.blink_summary
    blinks = [
        {
            "kind": blink.kind,
            "complete": blink.complete,
            "delay": blink.delay,
            "left": None if blink.left is None else asdict(blink.left),
            "right": None if blink.right is None else asdict(blink.right),
        }
        for blink in measures.blinks
    ]
    return {
        "recording": one.name,
        "simulated": one.session.simulated,
        "scale": None if measures.scale is None else asdict(measures.scale),
        "seconds": measures.seconds,
        "frame_rate": measures.fps,
        "rest_marked": measures.rest_marked,
        "blink_summary": None if summary is None else asdict(summary),
        "blinks": blinks,
        "sides": _each(measures.sides),
        "midline": _each(measures.midline),
        "asymmetry_index": measures.asymmetry_index,
        "tasks": [
            {
                **asdict(task.event),
                "reason": task.reason,
                "sides": {name: asdict(value) for name, value in task.sides.items()},
                "midline": {name: asdict(value) for name, value in task.midline.items()},
                "synkinesis": None if task.synkinesis is None else asdict(task.synkinesis),
            }
            for task in measures.tasks
        ],
        "reasons": measures.reasons,
        "notes": measures.notes,
    }


def _each(
    found: Mapping[str, Mapping[str, Asymmetry]] | Mapping[str, Mapping[str, Interval]],
) -> dict[str, dict[str, Any]]:
    return {
        statistic: {name: asdict(value) for name, value in values.items()}
        for statistic, values in found.items()
    }
