"""Exports of whole libraries as folders, for `facedyn export`."""

from __future__ import annotations

from pathlib import Path

from facedyn_app.cli.output import Outcome
from facedyn_app.formatting import counted
from facedyn_app.progress import OnProgress
from facedyn_app.reports.kinds import ExportLayout


def bids_outcome(folder: Path, out: Path, on_progress: OnProgress) -> Outcome:
    """Write a library as a dataset, and what is told of it."""
    from facedyn_app.workflows.export_bids import export_bids

    found = export_bids(folder, out, on_progress)
    facts = {
        "library": folder,
        "folder": out,
        "layout": str(ExportLayout.BIDS),
        "n_sessions": found.n_sessions,
        "n_left_out": found.n_left_out,
        "participants": [{"participant_id": one, "speaker": name} for one, name in found.people],
        "simulated": found.simulated,
    }
    note = ", simulated speakers among them" if found.simulated else ""
    people = counted(len(found.people), "person", "people")
    lines = [f"written: {out}, {counted(found.n_sessions, 'recording')} of {people}{note}"]
    lines += [f"{one} is '{name}'" for one, name in found.people]
    if found.n_left_out:
        lines.append(f"left out: {counted(found.n_left_out, 'recording')} of nobody")
    return Outcome(facts, "\n".join([*lines, "The names above are in no file: keep them apart."]))


def tracks_outcome(source: Path, out: Path, on_progress: OnProgress) -> Outcome:
    """Write a library, or a folder of sessions, as a training store, and what is told of it."""
    from facedyn_app.workflows.export_tracks import export_tracks

    found = export_tracks(source, out, on_progress)
    facts = {
        "source": source,
        "folder": out,
        "layout": str(ExportLayout.TRACKS),
        "n_sessions": found.n_sessions,
        "n_speakers": found.n_speakers,
        "n_bytes": found.n_bytes,
        "simulated": found.simulated,
    }
    note = ", simulated" if found.simulated else ""
    told = f"{counted(found.n_sessions, 'session')} of {counted(found.n_speakers, 'speaker')}{note}"
    return Outcome(facts, f"written: {out}, {told}, {found.n_bytes / 2**20:.0f} MiB")
