"""`facedyn dnr`: the drift-to-noise ratio of the speakers' sessions."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.options import AsJson, LibraryFolder, SpeakerName, verb_app
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress

app = verb_app()


@app.command()
def dnr(
    library: LibraryFolder,
    speaker: SpeakerName = None,
    as_json: AsJson = False,
) -> None:
    """Does the head shape drift? The drift-to-noise ratio (DNR) of the speakers' sessions."""
    run_verb(_dnr, library, speaker, as_json=as_json)


def _dnr(folder: Path, speaker: str | None, on_progress: OnProgress) -> Outcome:
    from facedyn_app.cli.formatting import drift_facts, drift_text
    from facedyn_app.settings import Settings
    from facedyn_app.workflows.drift import measure_speakers

    trust = Settings().trust
    found = measure_speakers(folder, speaker, on_progress)
    facts = {
        "library": folder,
        "speakers": [drift_facts(one.report, trust, one.simulated, one.moves) for one in found],
    }
    text = drift_text([one.report for one in found], trust)
    simulated = [one.report.speaker for one in found if one.simulated]
    if simulated:
        text += "\nsimulated speakers: " + ", ".join(simulated)
    return Outcome(facts, text)
