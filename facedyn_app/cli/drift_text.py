"""Shape drift of speakers: facts for scripts, text for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from facedyn_app.dynamics.drift import (
    UNKNOWN,
    DriftComponents,
    drift_label,
    drift_note,
    interval_words,
)
from facedyn_app.dynamics.recording_conditions import exclusions, likely_causes
from facedyn_app.formatting import NONE, number, table
from facedyn_app.records import DriftReport, FloatArray, NoDrift, SessionDrift
from facedyn_app.settings import TrustSettings


def drift_facts(
    report: DriftReport | NoDrift,
    trust: TrustSettings,
    simulated: bool,
    moves: DriftComponents | None = None,
) -> dict[str, object]:
    """A drift report for scripts, with what lies behind it where that is known."""
    if isinstance(report, NoDrift):
        return _no_drift_facts(report, simulated)
    return {
        "speaker": report.speaker,
        "verdict": drift_label(report, trust),
        "dnr": report.dnr,
        "dnr_corrected": report.dnr_corrected,
        "dnr_corrected_interval": report.dnr_corrected_interval,
        "noise": report.noise,
        "drift": report.drift,
        "drift_corrected": report.drift_corrected,
        "note": report.note,
        "simulated": simulated,
        "sessions": [asdict(session) for session in report.sessions],
        "distances": None if moves is None else moves.distances,
        "components": None if moves is None else _components(moves),
        "conditions": [asdict(one) for one in report.conditions],
        "likely_causes": likely_causes(report.conditions, trust),
    }


def _no_drift_facts(missing: NoDrift, simulated: bool) -> dict[str, object]:
    ratios = ("dnr", "dnr_corrected", "dnr_corrected_interval")
    return {
        "speaker": missing.speaker,
        "verdict": UNKNOWN,
        **dict.fromkeys((*ratios, "noise", "drift", "drift_corrected")),
        "note": missing.reason,
        "simulated": simulated,
        "sessions": [],
        "distances": None,
        "components": None,
        "conditions": [],
        "likely_causes": [],
    }


def _components(moves: DriftComponents) -> dict[str, FloatArray]:
    """Drift, noise, DNR and ICC of each shape component, in their order."""
    return {name: getattr(moves, name) for name in ("drift", "noise", "dnr", "icc")}


def drift_text(reports: Sequence[DriftReport | NoDrift], trust: TrustSettings) -> str:
    """A line a speaker, and under it a line a session."""
    rows = [row for report in reports for row in _drift_rows(report, trust)]
    head = (
        "speaker",
        "shape",
        "DNR",
        "corrected",
        "90 % interval",
        "drift/sd",
        "noise/sd",
        "halves/sd",
    )
    lines = [
        table(head, rows, right=(2, 3, 4, 5, 6, 7)),
        "drift: between sessions; noise: within; halves: between a session's two halves; "
        "sd: standard deviations of shape, of its posterior where all sessions keep one",
        "90 % interval: of a speaker's corrected DNR, of a session's DNR",
    ]
    for note in dict.fromkeys(filter(None, map(drift_note, reports))):
        names = ", ".join(report.speaker for report in reports if drift_note(report) == note)
        lines.append(f"{names}: {note}")
    lines += [
        f"{report.speaker}: {cause}"
        for report in reports
        if isinstance(report, DriftReport)
        for cause in (*likely_causes(report.conditions, trust), *exclusions(report.conditions))
    ]
    return "\n".join(lines)


def _drift_rows(report: DriftReport | NoDrift, trust: TrustSettings) -> list[tuple[str, ...]]:
    """The row of a speaker, and those of their sessions."""
    if isinstance(report, NoDrift):
        return [(report.speaker, UNKNOWN, *5 * (NONE,), "")]
    speaker = (
        report.speaker,
        _drift_in_words(report, trust),
        number(report.dnr),
        number(report.dnr_corrected),
        interval_words(report.dnr_corrected_interval),
        number(report.drift),
        number(report.noise),
        "",
    )
    return [speaker, *(_session_row(session) for session in report.sessions)]


def _drift_in_words(report: DriftReport, trust: TrustSettings) -> str:
    if len(report.sessions) == 1:
        return "needs two sessions"
    return drift_label(report, trust)


def _session_row(session: SessionDrift) -> tuple[str, ...]:
    return (
        f"  {session.name}",
        "",
        number(session.dnr),
        "",
        interval_words(session.dnr_interval),
        number(session.distance),
        number(session.noise),
        number(session.split_half_drift),
    )
