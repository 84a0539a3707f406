"""`facedyn demo`: what the demo found, with and without the window."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.formatting import (
    drift_facts,
    drift_text,
    identification_facts,
    match_facts,
    quality_text,
)
from facedyn_app.cli.output import Outcome, indented, number, table
from facedyn_app.dynamics.session_qc import GOOD
from facedyn_app.progress import OnProgress
from facedyn_app.records import NOT_IN_GALLERY
from facedyn_app.settings import Settings, TrustSettings
from facedyn_app.workflows.demo import DemoProbe, DemoResult, run_demo
from facedyn_app.workflows.path_checks import check_output_folder


def headless_demo(folder: Path, on_progress: OnProgress) -> Outcome:
    """Run the demo without a window.

    Args:
        folder: The demo's library.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: A part of the installation is missing.
        OutputError: The library cannot be written.
    """
    check_output_folder(folder)
    settings = Settings()
    return demo_outcome(run_demo(folder, settings, on_progress=on_progress), settings.trust)


def demo_outcome(result: DemoResult, trust: TrustSettings) -> Outcome:
    """The demo's answer."""
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
    return [
        f"  {probe.video.name}: {quality_text(probe.identification.quality)}"
        for probe in result.probes
        if probe.identification.quality.verdict != GOOD
    ]
