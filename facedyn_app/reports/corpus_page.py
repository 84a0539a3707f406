"""The report of a library: who is in it, how good are the measurements, whose shape drifts?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedyn_app.dynamics.drift import drift_label, drift_note, interval_words
from facedyn_app.dynamics.session_qc import CAUTION, DO_NOT_USE, GOOD
from facedyn_app.formatting import counted, number
from facedyn_app.records import DriftReport, NoDrift, Quality
from facedyn_app.reports.page import (
    BLUE,
    GREY,
    INCHES,
    Provenance,
    new_figure,
    png_of,
    render_page,
    threshold_rows,
)
from facedyn_app.settings import TrustSettings

VERDICTS = (GOOD, CAUTION, DO_NOT_USE)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A speaker of the library.

    Attributes:
        name: The speaker.
        consent: Who gave it, when, for what.
        simulated: Whether a session of theirs is simulated.
        qualities: How good the measurement of each session is that can be read.
        drift: The drift of their shape, or why there is none.
        unread: A sentence for each session that cannot be read.
        versions: The program, head and settings that made each of the others, in words.
    """

    name: str
    consent: str
    simulated: bool
    qualities: tuple[Quality, ...]
    drift: DriftReport | NoDrift
    unread: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


def corpus_page(
    folder: str, members: Sequence[Member], trust: TrustSettings, provenance: Provenance
) -> str:
    """The report as HTML, its figures within.

    Args:
        folder: What the library is called.
        members: The speakers.
        trust: Where things drift, and what can be used.
        provenance: Which program writes it, and when.
    """
    simulated = " (simulated)" if any(member.simulated for member in members) else ""
    qualities = [quality for member in members for quality in member.qualities]
    drifts = [member.drift for member in members if isinstance(member.drift, DriftReport)]
    ratios = [float(one.dnr_corrected) for one in drifts if one.dnr_corrected is not None]
    notes = [f"{member.name}: {note}" for member in members if (note := drift_note(member.drift))]
    versions = Counter(words for member in members for words in member.versions)
    return render_page(
        "corpus",
        title=f"Library {folder}{simulated}",
        counts=_count_rows(members, qualities, trust, provenance),
        quality_figure=_quality_figure(qualities),
        drift_figure=_drift_figure(ratios, trust) if ratios else None,
        verdicts=list(VERDICTS),
        speakers=[_speaker_row(member, trust) for member in members],
        notes=notes + [sentence for member in members for sentence in member.unread],
        versions=[(counted(n, "session"), words) for words, n in versions.most_common()],
        thresholds=threshold_rows(trust),
    )


def _count_rows(
    members: Sequence[Member],
    qualities: Sequence[Quality],
    trust: TrustSettings,
    provenance: Provenance,
) -> list[tuple[str, str]]:
    words = Counter(quality.verdict for quality in qualities)
    labels = Counter(drift_label(member.drift, trust) for member in members)
    minutes = sum(quality.seconds_valid for quality in qualities) / 60.0
    without = sum(not member.consent for member in members)
    return [
        ("Speakers", str(len(members))),
        ("Sessions", f"{len(qualities)}, {minutes:.1f} minutes with a face that is followed"),
        ("Measurements", ", ".join(f"{words[word]} {word}" for word in VERDICTS)),
        ("Shapes", ", ".join(f"{n} {label}" for label, n in sorted(labels.items()))),
        ("Consent", f"recorded for {len(members) - without} of {len(members)}"),
        provenance.written,
    ]


def _speaker_row(member: Member, trust: TrustSettings) -> tuple[str, ...]:
    drift = member.drift if isinstance(member.drift, DriftReport) else None
    words = Counter(quality.verdict for quality in member.qualities)
    return (
        member.name + (" (simulated)" if member.simulated else ""),
        str(len(member.qualities)),
        f"{sum(quality.seconds_valid for quality in member.qualities) / 60.0:.1f}",
        *(str(words[word]) for word in VERDICTS),
        drift_label(member.drift, trust),
        number(None if drift is None else drift.dnr_corrected, 2),
        interval_words(None if drift is None else drift.dnr_corrected_interval),
        member.consent.splitlines()[-1] if member.consent else "none",
    )


def _quality_figure(qualities: Sequence[Quality]) -> bytes:
    shares = [100 * q.n_valid / q.n_frames for q in qualities if q.n_frames]
    with new_figure((INCHES, 2.6)) as figure:
        followed, error, height = figure.subplots(1, 3)
        followed.hist(shares, bins=np.linspace(0, 100, 21), color=BLUE)
        followed.set_xlabel("frames followed, %", fontsize=8)
        followed.set_ylabel("sessions", fontsize=8)
        for axes, values, words in (
            (error, [q.error_percent_face for q in qualities], "landmark error,\n% of face height"),
            (height, [q.face_px for q in qualities], "face height, px"),
        ):
            known = [value for value in values if np.isfinite(value)]
            axes.hist(known, bins=_edges(known, 20), color=BLUE)
            axes.locator_params(axis="y", integer=True)
            axes.set_xlabel(words, fontsize=8)
        return png_of(figure)


def _edges(values: Sequence[float], n: int) -> list[float]:
    """Edges of n bins, also where all values are nearly the same."""
    if not len(values):
        return [0.0, 1.0]
    low, high = min(values), max(values)
    top = max(high, low + max(1e-3, 1e-3 * abs(low)))
    return [float(edge) for edge in np.linspace(low, top, n + 1)]


def _drift_figure(ratios: Sequence[float], trust: TrustSettings) -> bytes:
    with new_figure((INCHES, 2.4)) as figure:
        axes = figure.add_subplot()
        axes.hist(ratios, bins=_edges(ratios, 30), color=BLUE)
        axes.axvline(trust.max_dnr, color=GREY, ls="--", lw=1)
        axes.set_xlabel("corrected drift-to-noise ratio (DNR); dashed: threshold")
        axes.set_ylabel("speakers")
        return png_of(figure)
