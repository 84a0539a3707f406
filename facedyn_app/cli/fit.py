"""`facedyn fit`: from a video to a session file."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from facedyn_app.analysis import Analysis
from facedyn_app.cli.answers import quality_text
from facedyn_app.cli.options import DEFAULT_HEAD
from facedyn_app.cli.places import check_output_file, naming
from facedyn_app.cli.recordings import Reading, check_recording, read_ready_head
from facedyn_app.cli.verb import Outcome
from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.fitting.focal import focal_text
from facedyn_app.library.session_file import save_session
from facedyn_app.pipeline import analyse_video
from facedyn_app.progress import OnProgress
from facedyn_app.records import Quality


def fit_video(video: Path, out: Path, reading: Reading, on_progress: OnProgress) -> Outcome:
    """Analyse a video and write its session file.

    Args:
        video: The video.
        out: The session file.
        reading: Head and how much of it, device, face.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The video or the head cannot be read, or the face or device is not there.
        OutputError: The file cannot be written; this is found out before the work.
        MismatchError: The head has fewer directions than are asked for.
        TooLittleError: Too few frames have a face.
    """
    began = time.perf_counter()
    check_recording(video, reading)
    check_output_file(out, inputs=(video,))
    head = read_ready_head(reading.head or DEFAULT_HEAD, on_progress)
    settings = reading.settings()
    started_up = time.perf_counter() - began
    with naming(video):
        analysis = analyse_video(
            video, head, settings, device=reading.device, face=reading.face, on_progress=on_progress
        )
    before = time.perf_counter()
    save_session(analysis.session, out)
    written = time.perf_counter() - before
    seconds = {
        "start_up": started_up,
        **analysis.timing,
        "write": written,
        "total": analysis.timing["total"] + written,
    }
    return _outcome(analysis, out, seconds, assess_quality(analysis.session, settings.trust))


def _outcome(analysis: Analysis, out: Path, seconds: dict[str, float], quality: Quality) -> Outcome:
    session = analysis.session
    fit_fps = quality.n_frames / seconds["fit"]
    total_fps = quality.n_frames / seconds["total"]
    facts = {
        "video": analysis.info.path,
        "face": analysis.face,
        "session": out,
        "head_id": session.head_id,
        "n_shape": len(session.shape),
        "n_expression": len(session.expression_names),
        "n_frames": quality.n_frames,
        "n_valid": quality.n_valid,
        "error_percent_face": quality.error_percent_face,
        "fit_fps": fit_fps,
        "total_fps": total_fps,
        "seconds_per_stage": seconds,
        "focal_px": analysis.fit.focal_px,
        "focal_log_sd": analysis.fit.focal_log_sd,
        "converged": analysis.fit.converged,
        "n_iterations": analysis.fit.n_iterations,
        "quality": asdict(quality),
        "simulated": session.simulated,
    }
    made = ", simulated" if session.simulated else ""
    lines = [
        f"{analysis.info.path.name}{made}: {quality.n_valid} of {quality.n_frames} frames fitted "
        f"with head {session.head_id}",
        quality_text(quality),
        f"focal length: {focal_text(analysis.fit.focal_px, analysis.fit.focal_log_sd)}",
        f"speed: {total_fps:.0f} frames/s in all, {fit_fps:.0f} frames/s for the fit alone",
        f"written: {out}",
    ]
    return Outcome(facts, "\n".join(lines))
