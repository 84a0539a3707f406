"""The report of one session: can it be used, what became of its frames, how did the face move?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from facedyn_app.dynamics.motion_range import liveliest
from facedyn_app.dynamics.session_qc import SessionQc, assess_quality, measure_session_qc
from facedyn_app.events import Event
from facedyn_app.fitting.focal import focal_text
from facedyn_app.records import Quality, Session
from facedyn_app.reports.page import (
    BLUE,
    INCHES,
    ORANGE,
    UNKNOWN,
    Provenance,
    new_figure,
    png_of,
    render_page,
    settings_rows,
    threshold_rows,
)
from facedyn_app.settings import TrustSettings

MOST_ROWS = 200
"""Events that are listed."""


def session_page(
    name: str,
    session: Session,
    trust: TrustSettings,
    provenance: Provenance,
    clinical: Mapping[str, object] | None = None,
) -> str:
    """The report as HTML, its figures within.

    Args:
        name: What the session is called.
        session: The session.
        trust: Where "good" ends and "do not use" begins.
        provenance: Where all this comes from.
        clinical: The section on clinical measures (`clinical_parts`); None for none.
    """
    quality, control = assess_quality(session, trust), measure_session_qc(session)
    simulated = " (simulated)" if session.simulated else ""
    return render_page(
        "session",
        title=f"Session {name}{simulated}",
        quality=quality,
        frames=_frame_rows(quality, control),
        about=_about_rows(session, provenance),
        course=_course_figure(control),
        motion=_motion_figure(session),
        liveliest=[session.motion.names[k] for k in liveliest(session)],
        events=event_rows(session.events),
        clinical=clinical,
        settings=settings_rows(session.info.settings),
        thresholds=threshold_rows(trust),
    )


def event_rows(events: Sequence[Event]) -> list[tuple[str, str]]:
    """When and what the user has marked, in words; the rest of very many as a number."""
    rows = [(_when(event), event.words) for event in events[:MOST_ROWS]]
    left = len(events) - len(rows)
    return [*rows, *([("further", f"{left} more")] if left else [])]


def _when(event: Event) -> str:
    moment = event.start == event.end
    return f"{event.start:.2f} s" if moment else f"{event.start:.2f} to {event.end:.2f} s"


def _frame_rows(quality: Quality, control: SessionQc) -> list[tuple[str, str]]:
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


def _about_rows(session: Session, provenance: Provenance) -> list[tuple[str, str]]:
    info = session.info
    sized = info.width is not None and info.height is not None
    size = f"{info.width} x {info.height} px" if sized else UNKNOWN
    focal = UNKNOWN
    if info.focal_px is not None:
        focal = focal_text(info.focal_px, info.focal_log_sd)
    return [
        *([("Speaker", provenance.speaker)] if provenance.speaker else []),
        ("Consent", provenance.consent or "none recorded with this session"),
        ("Recording", UNKNOWN if info.source is None else info.source.name),
        ("SHA-256 of the recording", info.source_sha256 or UNKNOWN),
        ("Recorded", UNKNOWN if info.recorded_at is None else info.recorded_at.isoformat()),
        ("Picture", size),
        ("Focal length", focal),
        ("Head", session.head_id),
        ("SHA-256 of the head", info.head_sha256 or UNKNOWN),
        ("Measured by", info.program or UNKNOWN),
        provenance.written,
    ]


def _course_figure(control: SessionQc) -> bytes:
    each = control.each_second
    rows = [
        ("frames\nfollowed, %", each.valid_percent),
        ("landmark error,\n% of face height", each.error_percent_face),
        ("face height,\npx", each.face_px),
        ("brightness,\n% of white", each.brightness_percent),
    ]
    known = [(label, values) for label, values in rows if np.isfinite(values).any()]
    with new_figure((INCHES, 1.15 * len(known) + 0.4)) as figure:
        for k, (label, values) in enumerate(known):
            axes = figure.add_subplot(len(known), 1, k + 1)
            axes.plot(each.seconds, values, ".-", color=BLUE, lw=1, ms=3)
            axes.set_ylabel(label, fontsize=8)
            axes.set_ylim(0, 1.1 * float(np.nanmax(values)) or 1.0)
            axes.tick_params(labelbottom=k == len(known) - 1)
        axes.set_xlabel("time, s")
        return png_of(figure)


def _motion_figure(session: Session) -> bytes:
    degrees = np.degrees(session.motion.rotation)
    with new_figure((INCHES, 5.4)) as figure:
        head, jaw, face = figure.subplots(3, 1, sharex=True)
        for name, values in zip(("pitch", "yaw", "roll"), degrees.T, strict=True):
            head.plot(session.motion.seconds, values, lw=0.8, label=name)
        head.set_ylabel("head turn,\ndegrees", fontsize=8)
        jaw.plot(session.motion.seconds, np.degrees(session.motion.jaw[:, 0]), lw=0.8, color=ORANGE)
        jaw.set_ylabel("jaw opening,\ndegrees", fontsize=8)
        for k in liveliest(session):
            name = session.motion.names[k]
            # matplotlib leaves out of the legend what begins with "_"
            label = name.lstrip("_") or name.replace("_", "-")
            face.plot(session.motion.seconds, session.motion.expression[:, k], lw=0.8, label=label)
        face.set_ylabel("channels that\nmove most", fontsize=8)
        face.set_xlabel("time, s")
        for axes in (head, face) if session.motion.names else (head,):
            # above the axes, where it covers nothing
            axes.legend(fontsize=7, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0))
        return png_of(figure)


def _number(value: float, form: str, unit: str) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:{form}} {unit}".rstrip()


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else UNKNOWN
