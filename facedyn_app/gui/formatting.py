"""Formatting of names, numbers, times and drifts for people."""

from __future__ import annotations

from html import escape

from facedyn_app.dynamics.drift import drift_label, interval_words
from facedyn_app.dynamics.recording_conditions import drift_notes
from facedyn_app.formatting import left_out_text, shown, shown_name
from facedyn_app.library.recognizers import RecognizerEntry
from facedyn_app.records import DriftReport
from facedyn_app.settings import TrustSettings


def duration_text(seconds: float) -> str:
    """A duration for people: "0:38", "1:02:05"."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def simulated_label(name: str, *, simulated: bool) -> str:
    """A name with the word "simulated" where it belongs."""
    return f"{name} (simulated)" if simulated else name


def markup_name(name: str) -> str:
    """A name from outside as a part of HTML: escaped, on one line, cut where it is too long."""
    return escape(shown_name(name), quote=False)


def tip_text(text: str) -> str:
    """A text from outside as a tip that Qt does not take for HTML."""
    seen = shown(text, keep="\n")
    if "<" not in seen and "&lt;" not in seen:
        return seen
    return f"<p>{escape(seen, quote=False)}</p>".replace("\n", "<br>")


def percent(share: float) -> str:
    """A share of 0..1 in percent."""
    return f"{100 * share:.0f} %"


def drift_text(report: DriftReport, trust: TrustSettings) -> str:
    """Whether a speaker's shape drifts, first in a word, as HTML."""
    label = drift_label(report, trust)
    text = f"Shape of {markup_name(report.speaker)}: <b>{label}</b>"
    if report.dnr_corrected is not None:
        span = interval_words(report.dnr_corrected_interval)
        text += f" · corrected DNR {report.dnr_corrected:.2f} ({span})"
        text += f", threshold {trust.max_dnr:.2f}"
    return "<br>".join([text, *map(escape, drift_notes(report, trust))])


def clock(seconds: float) -> str:
    """A time for people: "00:12.4", with hours when there are any."""
    tenths = round(max(0.0, seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    lead = f"{hours}:" if hours else ""
    return f"{lead}{minutes:02d}:{rest // 10:02d}.{rest % 10}"


def recognizer_text(name: str) -> str:
    """What a recognizer is called."""
    return name or "Comes with facedyn"


def accuracy_text(entry: RecognizerEntry) -> str:
    """How good a recognizer is and how that was measured, or why it cannot be used."""
    if entry.fault:
        return entry.fault
    kind = "simulated speakers" if entry.simulated else "speakers"
    learnt = f"Learnt from {entry.n_speakers} {kind}; reads the head {entry.head_id}."
    if entry.left_out:
        learnt += f" Channels left out: {left_out_text(entry.left_out)}."
    if entry.top1 is None:
        return f"{learnt} Nothing is known of its accuracy: no session was kept for testing."
    share = percent(entry.top1)
    if entry.top1_interval is not None:
        low, high = entry.top1_interval
        share += f" (90 % interval {100 * low:.0f} to {100 * high:.0f} %)"
    chance = "" if entry.chance is None else f", by chance {100 * entry.chance:.1f} %"
    return f"{learnt} Right in {share} of windows of {entry.n_tested} test sessions{chance}."
