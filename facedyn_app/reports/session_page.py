"""The report of one session: can it be used, what became of its frames, how did the face move?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from facedyn_app.dynamics.motion_range import liveliest
from facedyn_app.dynamics.session_qc import SessionQc, assess_quality, measure_session_qc
from facedyn_app.fitting.focal import focal_text
from facedyn_app.records import Quality, Session
from facedyn_app.reports.drawing import BLUE, ORANGE, drawing, png_of
from facedyn_app.reports.page import (
    NOTE,
    bullets,
    facts_table,
    heading,
    page,
    paragraph,
    picture,
)
from facedyn_app.settings import TrustSettings

UNKNOWN = "not known"
INCHES = 7.0
"""Width of a figure."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a report says of where its numbers come from.

    Attributes:
        program: The program that writes the report.
        now: When it is written.
        speaker: Whose session it is; empty where nobody is named.
        consent: Who gave it, when, for what; empty where none is recorded.
    """

    program: str
    now: datetime
    speaker: str = ""
    consent: str = ""

    @property
    def written(self) -> tuple[str, str]:
        """By which program the report was written and when, as a row of facts."""
        return "Report", f"{self.program}, {self.now:%Y-%m-%d %H:%M}"


def session_page(name: str, session: Session, trust: TrustSettings, provenance: Provenance) -> str:
    """The report as HTML, its figures within.

    Args:
        name: What the session is called.
        session: The session.
        trust: Where "good" ends and "do not use" begins.
        provenance: Where all this comes from.
    """
    quality, control = assess_quality(session, trust), measure_session_qc(session)
    made = " (simulated)" if session.simulated else ""
    parts = [
        paragraph(f"Measurement: {quality.verdict}."),
        bullets(quality.reasons),
        facts_table([*control_facts(quality, control), *_about(session, provenance)]),
        picture(_course(control), "The measurement, second by second."),
        picture(_motion(session), _motion_words(session)),
        heading("Settings and versions"),
        paragraph("What the numbers were made with, as the session keeps it.", NOTE),
        facts_table(side_by_side(settings_rows(session.meta.get("settings")))),
        *judged_by(trust),
    ]
    return page(f"Session {name}{made}", parts)


def control_facts(quality: Quality, control: SessionQc) -> list[tuple[str, str]]:
    """What became of a session's frames, in words."""
    invalid = ", ".join(f"{n} {reason}" for reason, n in control.invalid.items())
    share = _percent(quality.n_valid, quality.n_frames)
    gaps = "; ".join(f"{length:.1f} s at {at:.1f} s" for at, length in control.gaps[:5])
    more = f" and {len(control.gaps) - 5} more" if len(control.gaps) > 5 else ""
    repeated = UNKNOWN
    if control.n_repeated is not None:
        repeated = f"{control.n_repeated} ({_percent(control.n_repeated, control.n_frames)})"
    jitter = control.jitter
    return [
        ("Frames followed", f"{quality.n_valid} of {quality.n_frames} ({share})"),
        ("Left out", invalid or "none"),
        ("Landmark error", _number(quality.error_percent_face, ".2f", "% of face height")),
        ("Face height", _number(quality.face_px, ".0f", "px")),
        (
            "Trembling from frame to frame",
            f"head {_number(jitter.rotation_deg, '.2f', 'degrees')}, "
            f"{_number(jitter.translation_mm, '.2f', 'mm')}; "
            f"jaw {_number(jitter.jaw_deg, '.2f', 'degrees')}; "
            f"channels {_number(jitter.expression, '.3f', '')}".rstrip(),
        ),
        (
            "Length",
            f"{control.seconds:.1f} s; from frame to frame {_number(control.step_ms, '.1f', 'ms')}",
        ),
        ("Frames missing by their time stamps", str(control.n_dropped)),
        ("Pauses in the time stamps", f"{gaps}{more}" or "none"),
        ("Pictures that came twice", repeated),
    ]


def judged_by(trust: TrustSettings) -> list[str]:
    """The thresholds that words such as "good" and "drifts" depend on, as parts of a page."""
    rows = settings_rows({"trust": asdict(trust)})
    return [heading("Judged by"), facts_table(side_by_side(rows))]


def settings_rows(settings: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Settings by their parts, one a row."""
    rows = []
    for part, values in (settings or {}).items():
        items = values.items() if isinstance(values, dict) else [("", values)]
        rows += [(f"{part}.{key}".rstrip("."), json.dumps(value)) for key, value in items]
    return rows or [("settings", UNKNOWN)]


def side_by_side(rows: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Two rows in one, so that a long table takes half of a sheet."""
    half = (len(rows) + 1) // 2
    padded = [*rows, ("", "")]
    return [left + right for left, right in zip(padded[:half], padded[half:], strict=False)]


def _about(session: Session, provenance: Provenance) -> list[tuple[str, str]]:
    meta = session.meta
    source = meta.get("source") or {}
    size = f"{meta['width']} x {meta['height']} px" if {"width", "height"} <= set(meta) else UNKNOWN
    focal = UNKNOWN
    if "focal_px" in meta:
        focal = focal_text(meta["focal_px"], meta.get("focal_log_sd"))
    return [
        *([("Speaker", provenance.speaker)] if provenance.speaker else []),
        ("Consent", provenance.consent or "none recorded with this session"),
        ("Recording", str(source.get("name", UNKNOWN))),
        ("SHA-256 of the recording", str(source.get("sha256") or UNKNOWN)),
        ("Recorded", str(meta.get("recorded_at", UNKNOWN))),
        ("Picture", size),
        ("Focal length", focal),
        ("Head", session.head_id),
        ("SHA-256 of the head", str(meta.get("head_sha256") or UNKNOWN)),
        ("Measured by", str(meta.get("program", UNKNOWN))),
        provenance.written,
    ]


def _course(control: SessionQc) -> bytes:
    each = control.each_second
    rows = [
        ("frames\nfollowed, %", each.valid_percent),
        ("landmark error,\n% of face height", each.error_percent_face),
        ("face height,\npx", each.face_px),
        ("brightness,\n% of white", each.brightness_percent),
    ]
    known = [(label, values) for label, values in rows if np.isfinite(values).any()]
    with drawing((INCHES, 1.15 * len(known) + 0.4)) as figure:
        for k, (label, values) in enumerate(known):
            axes = figure.add_subplot(len(known), 1, k + 1)
            axes.plot(each.seconds, values, ".-", color=BLUE, lw=1, ms=3)
            axes.set_ylabel(label, fontsize=8)
            axes.set_ylim(0, 1.1 * float(np.nanmax(values)) or 1.0)
            axes.tick_params(labelbottom=k == len(known) - 1)
        axes.set_xlabel("time, s")
        return png_of(figure)


def _motion(session: Session) -> bytes:
    degrees = np.degrees(session.rotation)
    with drawing((INCHES, 5.4)) as figure:
        head, jaw, face = figure.subplots(3, 1, sharex=True)
        for name, values in zip(("pitch", "yaw", "roll"), degrees.T, strict=True):
            head.plot(session.seconds, values, lw=0.8, label=name)
        head.set_ylabel("head turn,\ndegrees", fontsize=8)
        jaw.plot(session.seconds, np.degrees(session.jaw[:, 0]), lw=0.8, color=ORANGE)
        jaw.set_ylabel("jaw opening,\ndegrees", fontsize=8)
        for k in liveliest(session):
            name = session.expression_names[k]
            # matplotlib leaves out of the legend what begins with "_"
            label = name.lstrip("_") or name.replace("_", "-")
            face.plot(session.seconds, session.expression[:, k], lw=0.8, label=label)
        face.set_ylabel("channels that\nmove most", fontsize=8)
        face.set_xlabel("time, s")
        for axes in (head, face) if session.expression_names else (head,):
            axes.legend(fontsize=7, ncols=4, loc="upper right")
        return png_of(figure)


def _motion_words(session: Session) -> str:
    names = ", ".join(session.expression_names[k] for k in liveliest(session))
    return f"How the head turned, the jaw opened and the face moved ({names})."


def _number(value: float, form: str, unit: str) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:{form}} {unit}".rstrip()


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else UNKNOWN
