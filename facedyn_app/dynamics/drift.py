"""Drift-to-noise ratio: the stability of the estimated head shape from session to session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from facedyn_app.dynamics.drift_chunks import SessionChunks, posterior_units, usable_chunks
from facedyn_app.dynamics.drift_correction import (
    corrected_ratio,
    session_intervals,
    squared_distances,
)
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.records import DriftReport, FloatArray, NoDrift, SessionDrift, ShapeCertainty
from facedyn_app.settings import TrustSettings

NEEDS_TWO_SESSIONS = (
    "Needs two sessions for a drift-to-noise ratio: only the noise and the drift between the two "
    "halves of the one session are given."
)

STABLE, MAY_DRIFT, DRIFTS, UNKNOWN = "stable", "may drift", "drifts", "unknown"


def measure_drift(
    speaker: str,
    sessions: Sequence[tuple[str, FloatArray]],
    rng: np.random.Generator,
    n_bootstrap: int = 500,
    certainties: Sequence[ShapeCertainty | None] = (),
) -> DriftReport:
    """The drift-to-noise ratio (DNR) of one speaker.

    With session means m_i, within-session covariances C_i (unbiased) and n_i effective chunks:
    noise `N = sqrt(mean_i tr C_i)`, drift `D = mean_(i<j) |m_i - m_j|`, `DNR = D / N`. The
    corrected drift takes from the mean of `|m_i - m_j|^2` what the means wander by themselves,
    `w_i + w_j` with `w_i = tr C_i / n_i + tr U`, down to 0 at the least; it is divided by the noise
    of sessions so long that all of their wandering shows, which makes short and long ones agree.
    Where every session knows how sure its shape is, all of this is in posterior units, and U
    is what a whole recording leaves open (drift_chunks.py): an expression that is held is no
    drift, nor is a direction that nobody can see. Otherwise units are standard deviations and U
    is 0. A session's own DNR is the distance of m_i from the mean of the other sessions' means,
    over N. The ratio is that of arXiv 2510.11223, which does not print its formula: pairs, trace
    and corrections are this project's own.

    Args:
        speaker: The speaker's name.
        sessions: Name and (C, S) chunk shapes, standard deviations, of each session; rows with
            NaN are left out. Sessions with fewer than two chunks have no covariance: they are
            left out of the report and named in its note.
        rng: Source of the bootstrap's random numbers.
        n_bootstrap: Resamplings for the intervals.
        certainties: Of each session's shape, None where it does not say; empty where none does.

    Raises:
        MismatchError: The sessions differ in the number of shape coefficients.
        TooLittleError: No session has two chunks of shape.
    """
    _check_widths(speaker, sessions)
    usable, left_out = usable_chunks(sessions, posterior_units(certainties))
    if not usable and not any(shapes.shape[1] for _, shapes in sessions):
        raise TooLittleError(
            f"No shape was measured in the sessions of '{speaker}', so that no drift can be told.",
            "Shape comes from videos that facedyn fits, and from trackers that estimate it.",
        )
    if not usable:
        raise TooLittleError(
            f"No session of '{speaker}' has two seconds or more of estimated head shape.",
            "Use longer recordings in which the face is seen.",
        )
    noise = float(np.sqrt(np.mean([chunks.variance for chunks in usable])))
    drift, corrected = _drifts(usable)
    ratio = None if corrected is None else corrected_ratio(usable, corrected)
    return DriftReport(
        speaker=speaker,
        sessions=_session_drifts(usable, noise, rng, n_bootstrap),
        noise=noise,
        drift=drift,
        dnr=_over(drift, noise),
        drift_corrected=corrected,
        dnr_corrected=ratio[0] if ratio else None,
        dnr_corrected_interval=ratio[1] if ratio else None,
        note=_note(usable, left_out, noise),
    )


def drift_label(report: DriftReport | NoDrift, trust: TrustSettings) -> str:
    """STABLE, MAY_DRIFT, DRIFTS, or UNKNOWN where there is no corrected DNR.

    It drifts where all of the corrected DNR's interval lies above the threshold, and may drift
    where the ratio itself does.
    """
    if isinstance(report, NoDrift):
        return UNKNOWN
    if report.dnr_corrected is None or report.dnr_corrected_interval is None:
        return UNKNOWN
    if report.dnr_corrected_interval[0] > trust.max_dnr:
        return DRIFTS
    return MAY_DRIFT if report.dnr_corrected > trust.max_dnr else STABLE


def drift_note(report: DriftReport | NoDrift) -> str:
    """What limits a drift, or why there is none; may be empty."""
    return report.reason if isinstance(report, NoDrift) else report.note


def interval_words(interval: tuple[float, float] | None) -> str:
    """An interval for a table; a dash where there is none."""
    return "-" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"


def _check_widths(speaker: str, sessions: Sequence[tuple[str, FloatArray]]) -> None:
    for name, shapes in sessions[1:]:
        first_name, first = sessions[0]
        if shapes.shape[1] != first.shape[1]:
            raise MismatchError(
                f"The sessions '{first_name}' and '{name}' of '{speaker}' have head shapes of "
                f"{first.shape[1]} and {shapes.shape[1]} coefficients.",
                "Fit both recordings with the same head.",
            )


def _drifts(usable: Sequence[SessionChunks]) -> tuple[float | None, float | None]:
    """Mean distance between session means, plain and corrected; None with one session."""
    if len(usable) < 2:
        return None, None
    pairs = list(combinations(usable, 2))
    squared = [float(((a.mean - b.mean) ** 2).sum()) for a, b in pairs]
    # the mean first: pairs cut at 0 one by one would leave a drift where there is none
    left = float(np.mean(squared)) - float(np.mean([a.wander + b.wander for a, b in pairs]))
    return float(np.mean(np.sqrt(squared))), float(np.sqrt(max(0.0, left)))


def _over(drift: float | None, noise: float) -> float | None:
    return None if drift is None or noise <= 0.0 else drift / noise


def _note(usable: Sequence[SessionChunks], left_out: Sequence[str], noise: float) -> str:
    sentences = [
        f"Session '{name}' has fewer than two seconds of shape and is left out."
        for name in left_out
    ]
    if len(usable) < 2:
        sentences.append(NEEDS_TWO_SESSIONS)
    elif noise <= 0.0:
        sentences.append("The shape does not vary within the sessions, so that there is no ratio.")
    return " ".join(sentences)


def _session_drifts(
    usable: Sequence[SessionChunks], noise: float, rng: np.random.Generator, n_bootstrap: int
) -> tuple[SessionDrift, ...]:
    distances = [None] * len(usable) if len(usable) < 2 else _distances(usable)
    intervals = session_intervals(usable, rng, n_bootstrap)
    return tuple(
        SessionDrift(
            name=chunks.name,
            n_chunks=len(chunks.shapes),
            n_effective=chunks.n_effective,
            noise=float(np.sqrt(chunks.variance)),
            distance=distance,
            dnr=_over(distance, noise),
            dnr_interval=interval,
            split_half_drift=_split_half(chunks.shapes),
        )
        for chunks, distance, interval in zip(usable, distances, intervals, strict=True)
    )


def _split_half(shapes: FloatArray) -> float:
    """Distance of the halves' means; the middle chunk of an odd number belongs to neither."""
    half = len(shapes) // 2
    return float(np.linalg.norm(shapes[:half].mean(axis=0) - shapes[-half:].mean(axis=0)))


def _distances(usable: Sequence[SessionChunks]) -> list[float | None]:
    means = np.stack([chunks.mean for chunks in usable])[:, None]
    return [float(value) for value in np.sqrt(squared_distances(means))[:, 0]]


@dataclass(frozen=True, slots=True, eq=False)
class DriftComponents:
    """Differences of shape between the I sessions of a speaker that have two chunks or more.

    Attributes:
        names: The sessions, in the order given.
        means: (I, S) mean shape of each, standard deviations.
        distances: (I, I) how far the means lie apart, in the units of the drift (`drift.py`).
        drift: (S,) mean difference of a component between two sessions, standard deviations; NaN
            with one session.
        noise: (S,) root of its mean within-session variance, standard deviations.
        dnr: (S,) `drift / noise`; NaN with one session or where there is no noise.
        icc: (S,) share of its variance that lies between the sessions, 0..1; NaN with one session
            or where it does not vary at all.
    """

    names: tuple[str, ...]
    means: FloatArray
    distances: FloatArray
    drift: FloatArray
    noise: FloatArray
    dnr: FloatArray
    icc: FloatArray


def measure_components(
    sessions: Sequence[tuple[str, FloatArray]], certainties: Sequence[ShapeCertainty | None] = ()
) -> DriftComponents:
    """The drift of a speaker by sessions and by shape components.

    With means m_i, variances v_i (unbiased) and n_i effective chunks of one component:
    drift `mean_(i<j) |m_i - m_j|`, noise `sqrt(mean_i v_i)`, and the intraclass correlation
    `B / (B + mean_i v_i)` with the variance between sessions
    `B = max(0, var_i m_i - mean_i v_i / n_i)`, what the means wander by themselves taken off
    (one-way random effects, Shrout and Fleiss 1979, with autocorrelated chunks counted as fewer).

    Args:
        sessions: Name and (C, S) chunk shapes, standard deviations, of each session; one of them
            at least can be used (`drift.measure_drift` says so where none can).
        certainties: Of each session's shape, as for `measure_drift`.
    """
    usable, _ = usable_chunks(sessions)
    units = posterior_units(certainties)
    means = np.stack([chunks.mean for chunks in usable])
    variances = np.stack([chunks.shapes.var(axis=0, ddof=1) for chunks in usable])
    within = variances.mean(axis=0)
    in_units = means if units is None else units.of(means)
    distances = np.linalg.norm(in_units[:, None] - in_units[None], axis=2)
    drift = between = np.full(means.shape[1], np.nan)
    if len(usable) > 1:
        pairs = [np.abs(means[i] - means[j]) for i, j in combinations(range(len(means)), 2)]
        drift = np.mean(pairs, axis=0)
        counts = np.array([[chunks.n_effective] for chunks in usable])
        wander = (variances / counts).mean(axis=0)
        between = np.maximum(0.0, means.var(axis=0, ddof=1) - wander)
    noise = np.sqrt(within)
    return DriftComponents(
        names=tuple(chunks.name for chunks in usable),
        means=means,
        distances=distances,
        drift=drift,
        noise=noise,
        dnr=_ratio(drift, noise),
        icc=_ratio(between, between + within),
    )


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """`part / whole`, NaN where there is no whole."""
    ratio = np.full_like(whole, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0.0)
    return ratio
