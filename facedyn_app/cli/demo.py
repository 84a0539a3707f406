"""`facedyn demo`: what the demo found, with and without the window."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson, DemoFolder, verb_app
from facedyn_app.cli.output import Outcome, ProgressLine, answering, errors_shown, show
from facedyn_app.cli.window import Window, check_display
from facedyn_app.formatting import indented, number, table
from facedyn_app.path_checks import check_output_file, check_output_folder

if TYPE_CHECKING:
    from facedyn_app.settings import TrustSettings
    from facedyn_app.workflows.demo import DemoProbe, DemoResult

app = verb_app()


@app.command()
def demo(
    context: typer.Context,
    library: DemoFolder,
    headless: Annotated[bool, typer.Option("--headless", help="Open no window.")] = False,
    screenshot: Annotated[
        Path | None,
        typer.Option(
            "--screenshot",
            metavar="PNG",
            help="Write a picture of the window when the demo is done, and close it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enrol and identify simulated speakers from the pixels of the videos that come along."""
    if headless and screenshot is not None:
        raise typer.BadParameter("a screenshot needs the window: leave out --headless")
    if not headless:
        _demo_window(context.obj, library, screenshot, as_json)
        return
    with answering(as_json) as answer:
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.demo import run_demo

        check_output_folder(library)
        settings = Settings()
        found = run_demo(library, settings, on_progress=answer.on_progress)
        answer.outcome = demo_outcome(found, settings.trust)


def _demo_window(window: Window, library: Path, screenshot: Path | None, as_json: bool) -> None:
    results: list[DemoResult] = []
    with errors_shown(as_json, ProgressLine(sys.stderr)):
        check_display()
        if screenshot is not None:
            check_output_file(screenshot, endings=(".png",))
        code = window.open([], library, demo=True, screenshot=screenshot, on_demo=results.append)
    if results:
        from facedyn_app.settings import Settings

        show(demo_outcome(results[-1], Settings().trust), as_json, [])
    raise typer.Exit(code)


def demo_outcome(result: DemoResult, trust: TrustSettings) -> Outcome:
    """The demo's answer."""
    from facedyn_app.cli.drift_text import drift_facts, drift_text

    facts = {
        "library": result.library_folder,
        "simulated": True,
        "n_probes": len(result.probes),
        "n_first": result.n_first,
        "probes": [_probe_facts(probe) for probe in result.probes],
        "drift": [drift_facts(report, trust, simulated=True) for report in result.drift],
    }
    heading = (
        f"Demo: {len(result.probes)} recordings of simulated speakers, enrolled from two others "
        f"each; {result.n_first} of {len(result.probes)} ranked first."
    )
    parts = [heading, "", "Who is it?", _ranking(result), *_doubts(result)]
    parts += ["", "Does the head shape drift?", indented(drift_text(result.drift, trust))]
    return Outcome(facts, "\n".join(parts))


def _probe_facts(probe: DemoProbe) -> dict[str, object]:
    from facedyn_app.cli.formatting import identification_facts, match_facts

    facts = identification_facts(probe.identification)
    del facts["matches"]
    return {
        "true": probe.speaker,
        "video": probe.video.name,
        "ranked": match_facts(
            probe.identification.matches, calibrated=probe.identification.calibrated
        ),
        **facts,
    }


def _ranking(result: DemoResult) -> str:
    from facedyn_app.records import NOT_IN_GALLERY

    rows = []
    for probe in result.probes:
        best = probe.identification.matches[0]
        rows.append(
            (
                probe.video.name,
                probe.speaker,
                best.name,
                "right" if probe.first else "wrong",
                "yes" if probe.identification.known else NOT_IN_GALLERY.lower(),
                number(best.probability, 3),
                number(best.score, 3),
                probe.identification.quality.verdict,
            )
        )
    head = ("video", "truly", "ranked first", "", "known", "probability", "score", "quality")
    calibrated_on = {probe.identification.calibrated_on for probe in result.probes}
    note = f"probabilities calibrated on: {'; '.join(sorted(calibrated_on))}"
    return indented(table(head, rows, right=(5, 6)) + "\n" + note)


def _doubts(result: DemoResult) -> list[str]:
    from facedyn_app.dynamics.session_qc import GOOD, quality_text

    return [
        f"  {probe.video.name}: {quality_text(probe.identification.quality)}"
        for probe in result.probes
        if probe.identification.quality.verdict != GOOD
    ]
