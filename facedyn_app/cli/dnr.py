"""`facedyn dnr`: the drift-to-noise ratio of the speakers' sessions."""

from __future__ import annotations

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName, verb_app
from facedyn_app.cli.output import Outcome, answering

app = verb_app()


@app.command()
def dnr(
    library: LibraryFolder,
    speaker: SpeakerName = None,
    as_json: AsJson = False,
) -> None:
    """Does the head shape drift? The drift-to-noise ratio (DNR) of the speakers' sessions."""
    with answering(as_json) as answer:
        from facedyn_app.cli.drift_text import drift_facts, drift_text
        from facedyn_app.settings import Settings
        from facedyn_app.workflows.drift import measure_speakers

        trust = Settings().trust
        found = measure_speakers(library, speaker, answer.on_progress)
        facts = {
            "library": library,
            "speakers": [drift_facts(one.report, trust, one.simulated, one.moves) for one in found],
        }
        text = drift_text([one.report for one in found], trust)
        simulated = [one.report.speaker for one in found if one.simulated]
        if simulated:
            text += "\nsimulated speakers: " + ", ".join(simulated)
        answer.outcome = Outcome(facts, text)
