"""The report of one speaker over months: is the shape the same, how far does the face move?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from facedyn_app.dynamics.drift import drift_label, interval_words
from facedyn_app.dynamics.motion_range import LEFT, RIGHT, MotionRange, channel_pairs
from facedyn_app.dynamics.recording_conditions import drift_notes
from facedyn_app.formatting import number
from facedyn_app.records import DriftReport, NoDrift, Quality, SessionDrift
from facedyn_app.reports.page import (
    BLUE,
    GREY,
    INCHES,
    ORANGE,
    Provenance,
    new_figure,
    png_of,
    render_page,
    threshold_rows,
)
from facedyn_app.settings import TrustSettings

SHOWN_PAIRS = 4
"""Pairs of channels in the tables and figures: those that move most."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """One session of the speaker.

    Attributes:
        name: What it is called.
        date_words: When it was recorded, or added where that is not known, which they say.
        simulated: Whether it is simulated.
        versions: The program, head and settings that made it, in words.
        quality: How good the measurement is.
        ranges: How far the face moves.
    """

    name: str
    date_words: str
    simulated: bool
    versions: str
    quality: Quality
    ranges: MotionRange


def speaker_page(
    visits: Sequence[Visit],
    drift: DriftReport | NoDrift,
    trust: TrustSettings,
    provenance: Provenance,
) -> str:
    """The report as HTML, its figures within.

    Args:
        visits: The sessions, by date; at least one.
        drift: The drift of their shape, or why there is none.
        trust: Where things drift, and what can be used.
        provenance: Whose report it is, their consent.
    """
    simulated = " (simulated)" if any(visit.simulated for visit in visits) else ""
    pairs = _liveliest_pairs(visits)
    return render_page(
        "speaker",
        title=f"Speaker {provenance.speaker}{simulated}",
        shape=_drift_line(drift, trust),
        notes=drift_notes(drift, trust),
        visits=[_visit_row(visit, _of_session(drift, visit.name)) for visit in visits],
        drift_figure=_drift_figure(visits, drift, trust),
        pairs=pairs,
        ranges=[_range_row(visit, pairs) for visit in visits],
        ranges_figure=_ranges_figure(visits, pairs),
        origins=[
            ("Speaker", provenance.speaker),
            ("Consent", provenance.consent or "none recorded"),
            provenance.written,
            *((f"{visit.name}, made with", visit.versions) for visit in visits),
        ],
        thresholds=threshold_rows(trust),
    )


def _drift_line(drift: DriftReport | NoDrift, trust: TrustSettings) -> str:
    """Whether a shape drifts, in a line of plain text."""
    words = drift_label(drift, trust)
    if isinstance(drift, NoDrift) or drift.dnr_corrected is None:
        return f"{words}."
    span = interval_words(drift.dnr_corrected_interval)
    return (
        f"{words}; corrected DNR {drift.dnr_corrected:.2f}, 90 % interval {span}, "
        f"threshold {trust.max_dnr:g}."
    )


def _of_session(drift: DriftReport | NoDrift, name: str) -> SessionDrift | None:
    sessions = drift.sessions if isinstance(drift, DriftReport) else ()
    return next((session for session in sessions if session.name == name), None)


def _visit_row(visit: Visit, own: SessionDrift | None) -> tuple[str, ...]:
    quality = visit.quality
    share = 100 * quality.n_valid / quality.n_frames if quality.n_frames else math.nan
    return (
        visit.date_words,
        visit.name + (" (simulated)" if visit.simulated else ""),
        quality.verdict,
        number(share, 0),
        number(quality.error_percent_face, 2),
        number(quality.face_px, 0),
        number(None if own is None else own.dnr, 2),
        interval_words(None if own is None else own.dnr_interval),
    )


def _range_row(visit: Visit, pairs: Sequence[str]) -> tuple[str, ...]:
    jaw = number(visit.ranges.jaw_deg, 1)
    return (visit.date_words, jaw, *(_both_sides(visit, pair) for pair in pairs))


def _both_sides(visit: Visit, pair: str) -> str:
    left, right = (number(_span(visit, pair + side), 2) for side in (LEFT, RIGHT))
    return f"{left} / {right} ({number(visit.ranges.asymmetry(pair), 2, '+')})"


def _span(visit: Visit, name: str) -> float:
    return float(visit.ranges.expression[visit.ranges.names.index(name)])


def _liveliest_pairs(visits: Sequence[Visit]) -> list[str]:
    """The pairs of channels of the sessions' common head that move most."""
    common = set.intersection(*(set(visit.ranges.names) for visit in visits))
    pairs = [
        pair
        for pair in channel_pairs(visits[0].ranges.names)
        if {pair + LEFT, pair + RIGHT} <= common
    ]
    spans = {
        pair: np.nanmean([_span(visit, pair + side) for visit in visits for side in (LEFT, RIGHT)])
        if any(visit.quality.n_valid for visit in visits)
        else 0.0
        for pair in pairs
    }
    return sorted(pairs, key=lambda pair: -spans[pair])[:SHOWN_PAIRS]


def _drift_figure(
    visits: Sequence[Visit], drift: DriftReport | NoDrift, trust: TrustSettings
) -> bytes | None:
    if isinstance(drift, NoDrift) or drift.dnr is None:
        return None
    with new_figure((INCHES, 2.6)) as figure:
        axes = figure.add_subplot()
        for k, visit in enumerate(visits):
            own = _of_session(drift, visit.name)
            if own is None or own.dnr is None:
                continue
            low, high = own.dnr_interval or (own.dnr, own.dnr)
            sides = [[max(0.0, own.dnr - low)], [max(0.0, high - own.dnr)]]
            axes.errorbar(k, own.dnr, yerr=sides, fmt="o", color=BLUE, capsize=3)
        axes.axhline(trust.max_dnr, color=GREY, ls="--", lw=1)
        axes.set_ylabel("DNR of the session;\ndashed: threshold", fontsize=9)
        axes.set_ylim(bottom=0)
        _by_date(axes, visits)
        return png_of(figure)


def _ranges_figure(visits: Sequence[Visit], pairs: Sequence[str]) -> bytes:
    with new_figure((INCHES, 4.2 if pairs else 2.4)) as figure:
        jaw = figure.add_subplot(2 if pairs else 1, 1, 1)
        jaw.plot([visit.ranges.jaw_deg for visit in visits], "o-", color=ORANGE)
        jaw.set_ylabel("jaw opening,\ndegrees", fontsize=9)
        jaw.set_ylim(bottom=0)
        _by_date(jaw, visits)
        if pairs:
            jaw.tick_params(labelbottom=False)
            face = figure.add_subplot(2, 1, 2)
            for k, pair in enumerate(pairs):
                for side, style in ((LEFT, "o-"), (RIGHT, "s--")):
                    spans = [_span(visit, pair + side) for visit in visits]
                    face.plot(spans, style, color=f"C{k}", ms=4, label=f"{pair} {side.lower()}")
            face.set_ylabel("channels, 0 to 1", fontsize=9)
            face.set_ylim(bottom=0)
            figure.legend(loc="outside lower center", fontsize=7, ncols=4)
            _by_date(face, visits)
        return png_of(figure)


def _by_date(axes: Axes, visits: Sequence[Visit]) -> None:
    axes.set_xticks(range(len(visits)), [visit.date_words for visit in visits], fontsize=8)
    if len(visits) > 6:
        axes.tick_params(axis="x", rotation=60)
    axes.set_xlim(-0.5, len(visits) - 0.5)
